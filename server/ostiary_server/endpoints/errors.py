"""One writer for every error that leaves as JSON (RFC 6749 section 5.2, RFC 6750 section 3)."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ostiary_server.protocol.errors import (
    InsufficientScope,
    InvalidClient,
    InvalidToken,
    MisdirectedRequest,
    MissingToken,
    OAuthError,
)
from ostiary_state.errors import StoreUnavailable

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1
_JSON_NO_STORE: Final = (
    (b"content-type", b"application/json"),
    *((name.lower().encode(), value.encode()) for name, value in NO_STORE.items()),
)
RETRY_AFTER: Final = 2  # seconds: a database that restarts is back in a few of these

log = logging.getLogger(__name__)

_FORBIDDEN: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")  # RFC 6749 5.2: in an error_description


class Answer(Response):
    """A JSON body that no cache keeps, with headers that are encoded already: starlette encodes each one anew."""

    def __init__(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.body = body
        self.status_code = status
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), *_JSON_NO_STORE]
        for name, value in (headers or {}).items():
            self.headers[name] = value


def json_response(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A response that no cache keeps."""
    return Answer(orjson.dumps(body), status, headers)


def error_response(error: OAuthError | StoreUnavailable, request: Request) -> Response:
    """What goes wrong at an endpoint that answers in JSON."""
    if isinstance(error, OAuthError):
        return oauth_error_response(error, request)
    return store_unavailable_response(request, error)


def oauth_error_response(error: OAuthError, request: Request) -> Response:
    """The JSON form of an error, with WWW-Authenticate where the RFC asks for it."""
    log.info("%s %s: %s: %s", request.method, request.url.path, error.code, error.detail or error.description)
    headers: dict[str, str] = {}
    if isinstance(error, InvalidClient):
        # RFC 6749 5.2: a MUST when Authorization was used; RFC 9110 15.5.2 asks for it on every 401.
        headers["WWW-Authenticate"] = f'Basic realm="{request.url.hostname}", error="{error.code}"'
    elif isinstance(error, InvalidToken | InsufficientScope):
        headers["WWW-Authenticate"] = bearer_challenge(error, request.url.hostname)
    if error.retry_after is not None or error.status == 503:
        headers["Retry-After"] = str(error.retry_after or RETRY_AFTER)
    body = {"error": error.code, "error_description": _FORBIDDEN.sub("?", error.description)}
    return json_response(body, status=error.status, headers=headers)


def bearer_challenge(error: OAuthError, realm: str | None) -> str:
    """RFC 6750 section 3: never the scheme alone; without an error when the request had no token at all (3.1)."""
    if isinstance(error, MissingToken):
        return f'Bearer realm="{realm}"'
    description = _FORBIDDEN.sub("?", error.description)
    challenge = f'Bearer realm="{realm}", error="{error.code}", error_description="{description}"'
    return f'{challenge}, scope="openid"' if isinstance(error, InsufficientScope) else challenge


def store_unavailable_response(_: Request, error: Exception) -> Response:
    """503: what needs the database cannot be answered now, and is worth asking again (RFC 9110 15.6.4)."""
    log.warning("the database did not answer: %s", error)
    body = {"error": "temporarily_unavailable", "error_description": "The database does not answer. Try again."}
    return json_response(body, status=503, headers={"Retry-After": str(RETRY_AFTER)})


def internal_error_response(_: Request, __: Exception) -> Response:
    """500 for a fault of ours, which is raised on to be logged: nothing of it is told."""
    return json_response({"error": "server_error", "error_description": "The server failed. Try again."}, status=500)


def misdirected_response(_: Request, __: Exception) -> Response:
    """421: no issuer is served at this Host (RFC 9110 15.5.20)."""
    return PlainTextResponse("No authentication address is served here.\n", 421, NO_STORE)


def unmatched_response(_: Request, error: Exception) -> Response:
    """404 and 405, which caches keep where they are not told otherwise (RFC 9110 section 15.1)."""
    if not isinstance(error, HTTPException):  # pragma: no cover - starlette dispatches by type
        raise error
    return PlainTextResponse(f"{error.detail}.\n", error.status_code, NO_STORE | dict(error.headers or {}))


def install(app: Starlette) -> None:
    """Register the handlers on the application."""
    handlers: dict[type[Exception], Callable[[Request, Exception], Response]] = {
        OAuthError: _oauth_error,
        StoreUnavailable: store_unavailable_response,
        MisdirectedRequest: misdirected_response,
        HTTPException: unmatched_response,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _oauth_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, OAuthError):  # pragma: no cover - starlette dispatches by type
        raise error
    return oauth_error_response(error, request)
