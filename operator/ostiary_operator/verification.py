"""Asks a live replica whether the credential in a Secret authenticates, without a token being issued.

Introspection of a token that nobody has: who authenticates is told that it is not active, who does not is refused.
"""

import base64
from typing import Protocol
from urllib.parse import quote_plus, urlsplit

import aiohttp

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Truth, Verifiable
from ostiary_operator.reconcile.secret_port import ClusterUnavailable, HeldSecret, SecretForbidden
from ostiary_state.checks import CREDENTIAL_CHECK, NO_TOKEN

_PATIENCE = aiohttp.ClientTimeout(total=5.0)


class SecretReader(Protocol):
    """Where the credential is."""

    async def get(self, namespace: str, name: str) -> HeldSecret | None:
        """As `SecretPort` has it."""


class CredentialCheck:
    """At one address, behind which every issuer's replicas are."""

    def __init__(self, server: str, secrets: SecretReader) -> None:
        self._server, self._secrets = server.rstrip("/"), secrets
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    async def check(self, namespace: str, verifiable: Verifiable) -> Condition:
        """True: it authenticates; False: it is refused; Unknown: nobody could tell."""
        try:
            held = await self._secrets.get(namespace, verifiable.secret_name)
            secret = held.data.get(verifiable.secret_key, b"") if held is not None else b""
            if not secret:
                return _unknown(f"Secret {verifiable.secret_name} could not be read")
            status = await self._ask(verifiable, secret.decode("latin-1"))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _unknown(f"no replica answers at {self._server}: {type(error).__name__}")
        except (ClusterUnavailable, SecretForbidden, ApiRefused):
            return _unknown(f"Secret {verifiable.secret_name} could not be read")
        if status == 200:
            return verified(verifiable)
        if status == 401:
            text = f"a live replica refuses the client secret in Secret {verifiable.secret_name}; it is asked again"
            return Condition(Type.CREDENTIAL_VERIFIED, Truth.FALSE, Reason.REJECTED, text)
        return _unknown(f"a replica answers {status} at {self._server}")

    async def _ask(self, verifiable: Verifiable, secret: str) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        form = {"token": NO_TOKEN, "token_type_hint": CREDENTIAL_CHECK}
        headers = {"Host": urlsplit(verifiable.origin).netloc}
        if verifiable.method == "client_secret_post":
            form |= {"client_id": verifiable.client_id, "client_secret": secret}
        else:  # both are form-urlencoded first (RFC 6749 section 2.3.1)
            pair = f"{quote_plus(verifiable.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        async with self._session.post(
            f"{self._server}/introspect", data=form, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status


def verified(verifiable: Verifiable) -> Condition:
    """What is told of one that authenticates."""
    text = f"secret {verifiable.credential} authenticates at a live replica (revision {verifiable.revision})"
    return Condition(Type.CREDENTIAL_VERIFIED, Truth.TRUE, Reason.VERIFIED, text)


def _unknown(text: str) -> Condition:
    return Condition(Type.CREDENTIAL_VERIFIED, Truth.UNKNOWN, Reason.NOT_ASKED, text)
