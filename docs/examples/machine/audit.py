"""A job without a secret: it signs with a key of its own, of which only the public half leaves it."""

import os
from pathlib import Path

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

CLIENT_ID = "team-a.audit"
TOKEN_ENDPOINT = os.environ.get("TOKEN_ENDPOINT", "https://login.example.com/token")
KEY = Path(os.environ.get("OAUTH_KEY", "/etc/oauth/key.pem"))


def access_token() -> str:
    """An access token of the job itself. Each request for one has an assertion of its own, which is good once."""
    key, method = ECKey.import_key(KEY.read_text()), PrivateKeyJWT(TOKEN_ENDPOINT, alg="ES256")
    with OAuth2Session(CLIENT_ID, key, scope="stock:read", token_endpoint_auth_method=method) as session:
        token = session.fetch_token(TOKEN_ENDPOINT, grant_type="client_credentials")
    return str(token["access_token"])
