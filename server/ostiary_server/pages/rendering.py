"""Templates to responses."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ostiary_server.pages.security import https_only, page_headers
from ostiary_server.pages.static import CHECK_SESSION, ICON, LEAVE_PAGE, SEND_FORM, STYLE
from ostiary_server.pages.texts import text
from ostiary_server.protocol.metadata_clients import describes_itself
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(
    text=text,
    style=STYLE.address,
    icon=ICON.address,
    send_form=SEND_FORM.address,
    leave_page=LEAVE_PAGE.address,
    check_session=CHECK_SESSION.address,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An application as pages show it."""

    name: str
    logo: str | None
    homepage: str | None
    policy: str | None
    terms: str | None
    described_at: str | None  # the host of the document by which it describes itself; None: a manifest declares it

    @classmethod
    def of(cls, application: Application) -> "Shown":
        return cls(
            name=application.display_name,
            logo=https_only(application.logo_url),
            homepage=https_only(application.homepage_url),
            policy=https_only(application.policy_url),
            terms=https_only(application.terms_url),
            described_at=urlsplit(application.client_id).netloc if describes_itself(application) else None,
        )


def rendered(template: str, **values: Any) -> str:
    """A template alone: whoever sends it brings the headers."""
    return _TEMPLATES.get_template(template).render(**values)


def page(
    template: str,
    issuer: Issuer,
    *,
    application: Shown | None = None,
    status: int = 200,
    form_leaves: bool = False,
    script: bool = False,
    frames: tuple[str, ...] = (),
    logos: Iterable[str] = (),
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page with its security headers; `application` is whose name and logo it shows, `logos` are further ones.

    `frames` are the origins that it may embed.
    """
    content = rendered(template, host=issuer.host, application=application, **values)
    if application and application.logo:
        logos = [application.logo, *logos]
    own = page_headers(issuer, logos=logos, form_leaves=form_leaves, script=script, frames=frames)
    return HTMLResponse(content, status, own | (headers or {}))
