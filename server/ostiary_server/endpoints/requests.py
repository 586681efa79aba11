"""From HTTP to a `ProtocolRequest`: the one place that reads headers, query and body."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from ostiary_server.endpoints.hosts import TrustedProxies, normalised_host
from ostiary_server.protocol.errors import InvalidRequest, MisdirectedRequest
from ostiary_server.protocol.ports import Directory
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_state.runtime.issuer import Issuer

FORM: Final = b"application/x-www-form-urlencoded"
JSON: Final = b"application/json"
LONGEST_BODY: Final = 64 * 1024  # bytes
LONGEST_QUERY: Final = 32 * 1024  # bytes
MOST_PARAMETERS: Final = 64
NO_PARAMETERS: Final = Parameters()


@dataclass(frozen=True, slots=True)
class Edge:
    """What reading a request takes: the issuers, the clock, and whose forwarded addresses count."""

    directory: Directory
    clock: Callable[[], float]
    trusted_proxies: TrustedProxies = field(default_factory=TrustedProxies)

    def issuer(self, request: Request) -> Issuer:
        """The issuer that the Host header names; raises MisdirectedRequest."""
        issuer = self.directory.issuer_of_host(normalised_host(request.scope["headers"]))
        if issuer is None:
            raise MisdirectedRequest
        return issuer


async def protocol_request(request: Request, edge: Edge) -> ProtocolRequest:
    """Parse a request once.

    Raises MisdirectedRequest for a Host that is not exactly one known issuer; InvalidRequest for a body that is too
    long, no form, not UTF-8, or holds too many parameters, and for two Authorization headers.
    """
    issuer, headers = edge.issuer(request), _headers(request)
    form = NO_PARAMETERS if request.scope["method"] in ("GET", "HEAD") else await _form(request, headers.content_type)
    return _parsed(request, edge, issuer, headers, form)


async def json_request(request: Request, edge: Edge) -> tuple[ProtocolRequest, Mapping[str, Any]]:
    """The same with a body of JSON, an object; an empty one where there is no body. Raises as `protocol_request`."""
    issuer, headers = edge.issuer(request), _headers(request)
    parsed = _parsed(request, edge, issuer, headers, NO_PARAMETERS)
    body = b"" if parsed.method in ("GET", "HEAD", "DELETE") else await _body(request)
    if not body:
        return parsed, {}
    if headers.content_type.split(b";", 1)[0].strip().lower() != JSON:
        raise InvalidRequest(f"The request body must be {JSON.decode()}.")
    try:
        members = orjson.loads(body)
    except ValueError as error:
        raise InvalidRequest("The request body is not valid JSON.") from error
    if not isinstance(members, dict):
        raise InvalidRequest("The request body must be a JSON object.")
    return parsed, members


class _Headers(NamedTuple):
    content_type: bytes
    authorization: str | None
    origin: str | None
    has_cookies: bool


def _headers(request: Request) -> _Headers:
    content_type = b""
    authorization = origin = None
    has_cookies = False
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            if authorization is not None:
                raise InvalidRequest("The request must not have more than one Authorization header.")
            authorization = value.decode("latin-1")
        elif name == b"content-type":
            content_type = value
        elif name == b"origin":
            origin = value.decode("latin-1")
        elif name == b"cookie":
            has_cookies = True
    return _Headers(content_type, authorization, origin, has_cookies)


def _parsed(request: Request, edge: Edge, issuer: Issuer, headers: _Headers, form: Parameters) -> ProtocolRequest:
    """Made once: to replace a field of it afterwards would cost each request more than its checks."""
    scope = request.scope
    client = scope.get("client")
    return ProtocolRequest(
        method=scope["method"],
        path=scope["path"],
        issuer=issuer,
        query=_parameters(scope["query_string"], LONGEST_QUERY),
        form=form,
        authorization=headers.authorization,
        origin=headers.origin,
        remote=edge.trusted_proxies.remote(client[0] if client else "", scope["headers"]),
        now=edge.clock(),
        cookies=request.cookies if headers.has_cookies else {},
    )


async def _form(request: Request, content_type: bytes) -> Parameters:
    body = await _body(request)
    if not body:
        return NO_PARAMETERS
    if content_type.split(b";", 1)[0].strip().lower() != FORM:
        raise InvalidRequest(f"The request body must be {FORM.decode()}.")
    return _parameters(body, LONGEST_BODY)


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    length = 0
    more = True
    while more:  # Starlette's own stream() costs some 10 us more
        message = await request.receive()
        if message["type"] != "http.request":
            raise InvalidRequest("The request body ended early.")
        chunk: bytes = message.get("body", b"")
        length += len(chunk)
        if length > LONGEST_BODY:
            raise InvalidRequest("The request body is too long.")
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _parameters(encoded: bytes, longest: int) -> Parameters:
    if not encoded:
        return NO_PARAMETERS
    if len(encoded) > longest:
        raise InvalidRequest("The request's parameters are too long.")
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except UnicodeDecodeError as error:
        raise InvalidRequest("The parameters must be percent-encoded UTF-8.") from error
    except ValueError as error:
        raise InvalidRequest("The request has too many parameters.") from error
    return Parameters(tuple(pairs))
