"""The Secret that a confidential application reads its credentials from.

The Secret is the truth about the secret's value, the store holds only its SHA-256: so the Secret is written first,
and a crash at any point leaves either nothing or a Secret that the next attempt takes over as it is.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_urlsafe

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Condition, Endpoints, Notice, Truth
from ostiary_operator.reconcile.secret_port import (
    LABEL,
    HeldSecret,
    SecretChanged,
    SecretForbidden,
    SecretPort,
    WantedSecret,
)
from ostiary_state.applications.identity import secret_name_of
from ostiary_state.applications.spec import OAuthApplicationSpec

SECRET_KEY = "client-secret"
_STRONG = 43  # characters of base64url that hold 256 bits


def new_secret() -> str:
    """A client secret: 256 random bits, base64url."""
    return token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Credential:
    """What became of an application's Secret. Without digests, whatever authenticated it before still does."""

    condition: Condition
    digests: tuple[bytes, ...] = ()
    name: str | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def ready(self) -> bool:
        """True where the application has what it authenticates with, or needs nothing."""
        return self.condition.status is Truth.TRUE


@dataclass(frozen=True, slots=True)
class ClientSecrets:
    """Settles the Secret of one application at a time."""

    secrets: SecretPort
    new_secret: Callable[[], str]

    async def settle(
        self, declared: DeclaredApplication, spec: OAuthApplicationSpec, client_id: str, origin: str, *, known: bool
    ) -> Credential:
        """Find, make or restore it. `known`: the store has the application, so its Secret probably exists.

        Raises SecretChanged (read again) or ClusterUnavailable.
        """
        name = secret_name_of(spec, name=declared.name)
        if name is None:
            return Credential(_condition(Truth.TRUE, Reason.NOT_NEEDED, _why_none(spec)))
        try:
            if spec.secret is not None and spec.secret.mode == "Require":
                return _required(await self.secrets.get(declared.namespace, name), name)
            return await self._generated(declared, name, _contents(client_id, origin), known=known)
        except SecretForbidden as forbidden:
            return Credential(_condition(Truth.FALSE, Reason.FORBIDDEN, str(forbidden)), name=name)

    async def release(self, declared: DeclaredApplication, name: str) -> None:
        """Let a generated Secret outlive its application's object. Raises SecretForbidden, SecretChanged."""
        held = await self.secrets.get(declared.namespace, name)
        if held is not None and _is_ours(held, declared) and held.owner == declared.uid:
            await self.secrets.replace(held, _wanted(declared, name, held.data, owner=None))

    async def _generated(
        self, declared: DeclaredApplication, name: str, contents: Mapping[str, bytes], *, known: bool
    ) -> Credential:
        held = await self.secrets.get(declared.namespace, name) if known else None
        if held is None:
            secret = self.new_secret().encode()
            try:
                await self.secrets.create(_wanted(declared, name, {**contents, SECRET_KEY: secret}))
            except SecretChanged:
                if known or (held := await self.secrets.get(declared.namespace, name)) is None:
                    raise
            else:
                return _generated(name, secret, Notice("SecretCreated", f"Secret {name} has a new client secret"))
        if not _is_ours(held, declared):
            message = (
                f"Secret {name} exists and was not made for this application: "
                "delete it, or set spec.secret.name to another, or spec.secret.mode to Require"
            )
            return Credential(_condition(Truth.FALSE, Reason.NOT_OURS, message), name=name)
        return await self._kept(declared, held, contents)

    async def _kept(self, declared: DeclaredApplication, held: HeldSecret, contents: Mapping[str, bytes]) -> Credential:
        secret, notices = held.data.get(SECRET_KEY, b""), []
        if not _is_strong(secret):
            secret = self.new_secret().encode()
            notices.append(Notice("SecretRestored", f"Secret {held.name} had no strong {SECRET_KEY}: it has a new one"))
        data = {**contents, SECRET_KEY: secret}
        if held.owner != declared.uid or any(held.data.get(key) != value for key, value in data.items()):
            await self.secrets.replace(held, _wanted(declared, held.name, data))
            notices = notices or [Notice("SecretRestored", f"Secret {held.name} is as generated again")]
        return _generated(held.name, secret, *notices)


def _why_none(spec: OAuthApplicationSpec) -> str:
    if spec.registered_by is not None:
        return "its client alone knows how it authenticates"
    return "it signs with a key of its own" if spec.authenticates_by_key else "a Public application has no secret"


def _contents(client_id: str, origin: str) -> Mapping[str, bytes]:
    endpoints = Endpoints.of(origin)
    texts = {
        "client-id": client_id,
        "issuer": endpoints.issuer,
        "authorization-endpoint": endpoints.authorization,
        "token-endpoint": endpoints.token,
        "userinfo-endpoint": endpoints.userinfo,
        "jwks-uri": endpoints.jwks,
        "end-session-endpoint": endpoints.end_session,
    }
    return {key: text.encode() for key, text in texts.items()}


def _wanted(
    declared: DeclaredApplication, name: str, data: Mapping[str, bytes], *, owner: str | None = ""
) -> WantedSecret:
    uid = declared.uid if owner == "" else owner
    return WantedSecret(declared.namespace, name, application=declared.name, owner=uid, data=data)


def _is_ours(held: HeldSecret, declared: DeclaredApplication) -> bool:
    """Both marks are needed; who owns it is not: objects restored from a backup have new uids."""
    return held.labelled and held.application == declared.name


def _is_strong(secret: bytes) -> bool:
    """Long enough for 256 random bits."""
    return len(secret) >= _STRONG and _is_printable(secret)


def _is_printable(secret: bytes) -> bool:
    """VSCHAR, all that a client_secret may be made of (RFC 6749 appendix A.2)."""
    return all(0x20 <= byte <= 0x7E for byte in secret)


def _required(held: HeldSecret | None, name: str) -> Credential:
    if held is None:
        message = f"waiting for Secret {name} with the label {LABEL}=true and the key {SECRET_KEY}"
    elif not held.labelled:
        message = f"Secret {name} lacks the label {LABEL}=true"
    elif not held.data.get(SECRET_KEY):
        message = f"Secret {name} lacks the key {SECRET_KEY}"
    elif not _is_printable(held.data[SECRET_KEY]):
        message = f"{SECRET_KEY} of Secret {name} has a character that none may have, such as a line break"
        return Credential(_condition(Truth.FALSE, Reason.NOT_USABLE, message), name=name)
    else:
        found = _condition(Truth.TRUE, Reason.FOUND, f"Secret {name}")
        return Credential(found, (_digest(held.data[SECRET_KEY]),), name)
    return Credential(_condition(Truth.FALSE, Reason.WAITING_FOR_SECRET, message), name=name)


def _generated(name: str, secret: bytes, *notices: Notice) -> Credential:
    return Credential(_condition(Truth.TRUE, Reason.GENERATED, f"Secret {name}"), (_digest(secret),), name, notices)


def _condition(status: Truth, reason: Reason, message: str) -> Condition:
    return Condition(Type.SECRET_READY, status, reason, message)


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
