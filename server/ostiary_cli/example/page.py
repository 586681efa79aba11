"""Pages of the example: a template beside each module, and headers that let nothing in from elsewhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

HERE = Path(__file__).parent
_TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one application, whose users sign in at `issuer`."""

    issuer: str
    port: int  # of the example's own addresses

    def show(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The issuer is the one origin that scripts may call, and that a form's answer may lead to."""
        policy = (
            "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"connect-src {self.issuer}; form-action 'self' {self.issuer}"
        )
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        text = _TEMPLATES.get_template(template).render(context, issuer=self.issuer, port=self.port)
        return HTMLResponse(text, status, headers)
