"""PKCE at the token endpoint (RFC 7636 section 4.6): S256 alone, compared in constant time."""

import hashlib
import hmac
from typing import Any

from authlib.oauth2.rfc7636 import CodeChallenge

from ostiary_server.protocol.key_pair import encoded


def verifier_fits(verifier: str, challenge: str) -> bool:
    """True when the S256 transformation of `verifier` is `challenge`; a verifier that is not ASCII fits nothing."""
    if not verifier.isascii():
        return False
    transformed = encoded(hashlib.sha256(verifier.encode("ascii")).digest())
    return hmac.compare_digest(transformed, challenge.encode("utf-8", "surrogatepass"))


class S256CodeChallenge(CodeChallenge):
    """authlib's verification with `plain` taken out.

    By itself authlib takes a challenge without a method for `plain`, and its `required` does not bind confidential
    clients. That a code must have a challenge is for the authorization endpoint to enforce; here a challenge that the
    code has is always verified, and a verifier for a code without one is refused (RFC 9700 section 4.8.2), whatever
    the manifest's `pkce` says.
    """

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    CODE_CHALLENGE_METHODS = {"S256": verifier_fits}

    def __init__(self) -> None:
        super().__init__(required=False)

    def get_authorization_code_challenge_method(self, authorization_code: Any) -> str:  # noqa: ARG002 - authlib's
        """Only S256 challenges are ever stored."""
        return "S256"
