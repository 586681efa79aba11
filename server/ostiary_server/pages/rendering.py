"""Templates to responses."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ostiary_server.pages.security import https_only, page_headers
from ostiary_server.pages.static import ICON, SEND_FORM, STYLE
from ostiary_server.pages.texts import text
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(text=text, style=STYLE.address, icon=ICON.address, send_form=SEND_FORM.address)


@dataclass(frozen=True, slots=True)
class Shown:
    """An application as pages show it."""

    name: str
    logo: str | None
    homepage: str | None
    policy: str | None
    terms: str | None

    @classmethod
    def of(cls, application: Application) -> "Shown":
        return cls(
            name=application.display_name,
            logo=https_only(application.logo_url),
            homepage=https_only(application.homepage_url),
            policy=https_only(application.policy_url),
            terms=https_only(application.terms_url),
        )


def page(
    template: str,
    issuer: Issuer,
    *,
    application: Shown | None = None,
    status: int = 200,
    form_leaves: bool = False,
    script: bool = False,
    logos: Iterable[str] = (),
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page with its security headers; `application` is whose name and logo it shows, `logos` are further ones."""
    content = _TEMPLATES.get_template(template).render(host=issuer.host, application=application, **values)
    if application and application.logo:
        logos = [application.logo, *logos]
    own = page_headers(issuer, logos=logos, form_leaves=form_leaves, script=script)
    return HTMLResponse(content, status, own | (headers or {}))
