"""Sign-in of an application on its user's device, by the browser that the person already uses (RFC 8252)."""

import secrets
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.requests_client import OAuth2Session

ISSUER = "https://login.example.com"
CLIENT_ID = "team-a.sketch"


class Refused(Exception):
    """The person said no, or the answer is not to our question."""


class Answer(BaseHTTPRequestHandler):
    """The one request that this application answers: the browser that comes back."""

    def do_GET(self) -> None:
        self.server.address = self.path  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You are signed in: go back to Sketch.")

    def log_message(self, *_: object) -> None:
        """Nothing: the address holds the code."""


def sign_in() -> dict[str, Any]:
    """The tokens of the person who signs in; raises Refused. Keep the refresh token in the system's key store."""
    with (
        HTTPServer(("127.0.0.1", 0), Answer) as server,
        OAuth2Session(
            CLIENT_ID,
            scope="openid profile offline_access",
            redirect_uri=f"http://127.0.0.1:{server.server_port}/callback",
            code_challenge_method="S256",
            token_endpoint_auth_method="none",  # noqa: S106 - there is no secret
        ) as session,
    ):
        verifier = secrets.token_urlsafe(48)
        address, state = session.create_authorization_url(f"{ISSUER}/authorize", code_verifier=verifier)
        webbrowser.open(address)
        server.handle_request()
        answer = {name: values[0] for name, values in parse_qs(urlsplit(server.address).query).items()}  # type: ignore[attr-defined]
        if answer.get("state") != state or answer.get("iss") != ISSUER or "code" not in answer:
            raise Refused(answer.get("error", "the answer is not to our question"))
        token: dict[str, Any] = session.fetch_token(f"{ISSUER}/token", code=answer["code"], code_verifier=verifier)
        return token
