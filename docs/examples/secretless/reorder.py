"""A job without a secret: it shows the token of its service account, which the kubelet replaces."""

import os
from pathlib import Path

import requests

ISSUER = os.environ.get("OAUTH_ISSUER", "https://login.example.com")
TOKEN = Path(os.environ.get("OAUTH_TOKEN", "/var/run/secrets/ostiary/token"))


def access_token() -> str:
    """An access token of the job itself. The file is read each time: what it held an hour ago has expired."""
    answer = requests.post(
        f"{ISSUER}/token",
        data={
            "grant_type": "client_credentials",
            "scope": "stock:read",
            "client_id": "team-a.reorder",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": TOKEN.read_text().strip(),
        },
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])
