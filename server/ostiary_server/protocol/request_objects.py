"""Authorization requests as signed JWTs, by value and by reference (RFC 9101, OpenID Connect Core section 6).

What the object says is the whole request (RFC 9101 section 6.3): a parameter beside it that it does not hold is
ignored, since nobody signed it. Unsigned objects are refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urldefrag

import orjson

from ostiary_server.protocol.client_keys import (
    ALGORITHMS,
    LEEWAY,
    LONGEST,
    REGISTERED,
    ClientKeys,
    NotSigned,
    Unsigned,
)
from ostiary_server.protocol.errors import InvalidRequest, InvalidRequestObject, InvalidRequestURI, RequestNotSupported
from ostiary_server.protocol.ports import FetchFailed, Outbound
from ostiary_server.protocol.requests import Parameters
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer

TYPES: Final = frozenset({None, "JWT", "oauth-authz-req+jwt"})  # none that another kind of token has (RFC 8725 3.11)
CARRIERS: Final = ("request", "request_uri")


class RequestObjects:
    """Replaces the parameters of a request by those that its application signed."""

    def __init__(self, keys: ClientKeys, outbound: Outbound) -> None:
        self._keys = keys
        self._outbound = outbound

    async def parameters(self, sent: Parameters, application: Application, issuer: Issuer, now: float) -> Parameters:
        """The parameters that count.

        Those of an application that uses no request objects come back as they are, to be judged as such. Raises
        InvalidRequest, InvalidRequestObject, InvalidRequestURI and RequestNotSupported.
        """
        carriers = [name for name in CARRIERS if name in sent]
        if not carriers or not application.openid.uses_request_objects:
            return sent
        if len(carriers) > 1 or "registration" in sent:
            raise InvalidRequest("Only one of 'request', 'request_uri' and 'registration' may be sent.")
        value = sent.get(carriers[0]) or ""
        if carriers[0] == "request_uri":
            if not application.openid.request_urls:
                return sent
            value = await self._referred(value, application)
        claims = await self._verified(value, application)
        for problem in (_foreign(claims, application, issuer), _untimely(claims, now)):
            if problem is not None:
                raise InvalidRequestObject(problem)
        return _parameters(claims, sent, application)

    async def _referred(self, url: str, application: Application) -> str:
        # The fragment may hold the document's hash (OpenID Connect Core section 6.2), so it is no part of the address.
        address = urldefrag(url).url
        if address not in application.openid.request_urls:
            raise InvalidRequestURI("This request_uri is not one of the application's requestURLs.")
        try:
            body = await self._outbound.fetch(address, accept="application/oauth-authz-req+jwt, application/jwt")
            return body.decode("ascii").strip()
        except (FetchFailed, UnicodeDecodeError) as error:
            raise InvalidRequestURI("The request_uri could not be read.", detail=str(error)) from error

    async def _verified(self, value: str, application: Application) -> Mapping[str, Any]:
        if len(value) > LONGEST:
            raise InvalidRequestObject(f"The request object is longer than {LONGEST} characters.")
        only = application.openid.request_object_algorithm
        try:
            signed = await self._keys.verified(value, application.openid, ALGORITHMS if only is None else (only,))
        except Unsigned as error:
            # Core section 3.1.2.6. A client that could be served with it, signed, has this to learn.
            raise RequestNotSupported("Unsigned request objects are not supported.") from error
        except NotSigned as error:
            raise InvalidRequestObject(
                "The request object is not signed with a key and an algorithm of the application.", detail=str(error)
            ) from error
        if signed.header.get("typ") not in TYPES:
            raise InvalidRequestObject("The request object is a token of another type.")
        return signed.claims


def _foreign(claims: Mapping[str, Any], application: Application, issuer: Issuer) -> str | None:
    """RFC 9101 sections 4 and 6.3: from this client, for this issuer, and with no other object inside."""
    if any(name in claims for name in CARRIERS):
        return "The request object must not hold 'request' or 'request_uri'."
    if claims.get("client_id", application.client_id) != application.client_id:
        return "The client_id of the request object is not the one of the request."
    if claims.get("iss", application.client_id) != application.client_id:
        return "The iss of the request object is not the client_id."
    audience = claims.get("aud", issuer.origin)
    if issuer.origin not in ([audience] if isinstance(audience, str) else audience or ()):
        return "The aud of the request object is not this issuer."
    return None


def _untimely(claims: Mapping[str, Any], now: float) -> str | None:
    for name in ("exp", "nbf", "iat"):
        if name in claims and (isinstance(claims[name], bool) or not isinstance(claims[name], int | float)):
            return f"The {name} of the request object is not a number of seconds."
    if claims.get("exp", now) < now - LEEWAY:
        return "The request object has expired."
    if claims.get("nbf", now) > now + LEEWAY:
        return "The request object is not valid yet."
    return None


def _parameters(claims: Mapping[str, Any], sent: Parameters, application: Application) -> Parameters:
    """RFC 9101 section 5 and OpenID Connect Core 6.1: response_type beside the object must be the one within."""
    beside = sent.get("response_type")
    if beside is not None and {*beside.split(" ")} != {*str(claims.get("response_type", beside)).split(" ")}:
        raise InvalidRequestObject("The response_type of the request object is not the one of the request.")
    pairs = [("client_id", application.client_id)]
    for name, value in claims.items():
        if name in REGISTERED or name == "client_id":
            continue
        pairs.append((name, _text(name, value)))
    return replace(sent, pairs=tuple(pairs))


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | dict):
        shown = name if name.isascii() and name.isprintable() and len(name) < 41 else "?"
        raise InvalidRequestObject(f"The member '{shown}' of the request object has the wrong type.")
    return str(value) if isinstance(value, int) else orjson.dumps(value).decode()
