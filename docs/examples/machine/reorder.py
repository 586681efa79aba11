"""A job that calls the stock service on its own behalf."""

import os
from pathlib import Path

from authlib.integrations.requests_client import OAuth2Session

SECRET = Path(os.environ.get("OAUTH_SECRET", "/etc/oauth"))


def access_token() -> str:
    """An access token of the job itself. Keep it until it expires: one a run, not one a call."""
    client_id, secret = ((SECRET / key).read_text() for key in ("client-id", "client-secret"))
    with OAuth2Session(client_id, secret, scope="stock:read") as session:
        token = session.fetch_token((SECRET / "token-endpoint").read_text(), grant_type="client_credentials")
    return str(token["access_token"])
