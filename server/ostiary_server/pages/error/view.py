"""The page of a `PageError`."""

import logging
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.pages.rendering import page
from ostiary_server.protocol.errors import PageError
from ostiary_state.runtime.issuer import Issuer

log = logging.getLogger(__name__)


def error_page(error: PageError, issuer: Issuer) -> Response:
    """Says what happened: in plain words to the person, in the RFC's to the developer."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    kind = "unavailable_" if error.status == 503 else ""
    return page(
        "error/error.html",
        issuer,
        status=error.status,
        headers=headers,
        title=f"error.{kind}title",
        explanation=f"error.{kind}text",
        code=error.code,
        description=error.description,
    )


def install(app: Starlette, issuer_of: Callable[[Request], Issuer]) -> None:
    """Answer every PageError with its page; `issuer_of` reads the Host, which is known good by then."""

    def handler(request: Request, error: Exception) -> Response:
        if not isinstance(error, PageError):  # pragma: no cover - starlette dispatches by type
            raise error
        log.info("%s %s: page %s: %s", request.method, request.url.path, error.code, error.detail or error.description)
        return error_page(error, issuer_of(request))

    app.add_exception_handler(PageError, handler)
