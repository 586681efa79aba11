"""The stock service's side: what a request with `Authorization: Bearer <token>` may do here."""

import os
from pathlib import Path
from typing import Any

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

SECRET = Path(os.environ.get("OAUTH_SECRET", "/etc/oauth"))
ISSUER = (SECRET / "issuer").read_text()
AUDIENCE = "https://stock.example.com"


def introspected(token: str) -> bool:
    """Ask Ostiary: a revoked token is refused at once, for a request over the network each time."""
    client = ((SECRET / "client-id").read_text(), (SECRET / "client-secret").read_text())
    answer = requests.post(f"{ISSUER}/introspect", data={"token": token}, auth=client, timeout=5)
    answer.raise_for_status()
    claims = answer.json()
    return bool(claims["active"]) and may_read(claims)


def verified(token: str) -> bool:
    """Verify the signature here: no request, but a token counts until it expires, whatever was revoked meanwhile."""
    keys = KeySet.import_key_set(requests.get(f"{ISSUER}/jwks", timeout=5).json())  # keep them for its max-age
    try:
        decoded = jwt.decode(token, keys, algorithms=["ES256"])
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
        ).validate(decoded.claims)
    except (JoseError, ValueError):
        return False
    return decoded.header.get("typ") == "at+jwt" and may_read(decoded.claims)  # an ID token is no access token


def may_read(claims: dict[str, Any]) -> bool:
    """The scope is what was granted, not what was asked."""
    return "stock:read" in claims.get("scope", "").split()
