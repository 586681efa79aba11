"""A user's password, from its Secret to an argon2id hash. Hashed again only when the password itself changed."""

from dataclasses import dataclass, field
from typing import Protocol

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredUser
from ostiary_operator.reconcile.outcome import Condition, Truth
from ostiary_operator.reconcile.secret_port import LABEL, HeldSecret, SecretForbidden, SecretPort
from ostiary_state.intent import StoredUser
from ostiary_state.users.spec import OAuthUserSpec, PasswordSecretRef


class PasswordHasher(Protocol):
    """argon2id, off the event loop."""

    async def hash(self, password: str) -> str:
        """A PHC string."""

    async def matches(self, password_hash: str, password: str) -> bool:
        """True if the hash is of this password."""


@dataclass(frozen=True, slots=True)
class Password:
    """What a user's row is to hold, and what status says of it."""

    condition: Condition
    hash: str | None = field(default=None, repr=False)
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Passwords:
    """Settles the password of one user at a time."""

    secrets: SecretPort
    hasher: PasswordHasher

    async def settle(self, declared: DeclaredUser, spec: OAuthUserSpec, held: StoredUser | None) -> Password:
        """While the Secret is missing or not usable, the last password stays: a slip must not lock people out."""
        reference = spec.password_secret_ref
        if reference is None:
            return Password(_condition(Truth.TRUE, Reason.NOT_NEEDED, "no password: spec.passwordSecretRef is absent"))
        before = (held.password_hash, held.password_version) if held is not None else (None, None)
        try:
            secret = await self.secrets.get(declared.namespace, reference.name)
            password = _read(secret, reference)
        except SecretForbidden as forbidden:
            return Password(_condition(Truth.FALSE, Reason.FORBIDDEN, str(forbidden)), *before)
        except _NotReady as missing:
            return Password(_condition(Truth.FALSE, missing.reason, str(missing)), *before)
        return await self._hashed(password, _version(secret, reference), reference, *before)

    async def _hashed(
        self, password: str, version: str, reference: PasswordSecretRef, before: str | None, seen: str | None
    ) -> Password:
        found = _condition(Truth.TRUE, Reason.FOUND, f"key {reference.key} of Secret {reference.name}")
        if before is not None and (seen == version or await self.hasher.matches(before, password)):
            return Password(found, before, version)
        return Password(found, await self.hasher.hash(password), version)


class _NotReady(Exception):
    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _read(secret: HeldSecret | None, reference: PasswordSecretRef) -> str:
    """The password without the line break that `echo` and editors leave behind: no one can type that."""
    if secret is None:
        text = f"waiting for Secret {reference.name} with the label {LABEL}=true and the key {reference.key}"
        raise _NotReady(Reason.WAITING_FOR_SECRET, text)
    if not secret.labelled:
        raise _NotReady(Reason.WAITING_FOR_SECRET, f"Secret {reference.name} lacks the label {LABEL}=true")
    if reference.key not in secret.data:
        raise _NotReady(Reason.WAITING_FOR_SECRET, f"Secret {reference.name} lacks the key {reference.key}")
    try:
        password = secret.data[reference.key].decode().rstrip("\r\n")
    except UnicodeDecodeError:
        text = f"key {reference.key} of Secret {reference.name} is not UTF-8"
        raise _NotReady(Reason.NOT_USABLE, text) from None
    if not password:
        raise _NotReady(Reason.NOT_USABLE, f"key {reference.key} of Secret {reference.name} is empty")
    return password


def _version(secret: HeldSecret | None, reference: PasswordSecretRef) -> str:
    return f"{secret.version if secret is not None else ''}/{reference.key}"


def _condition(status: Truth, reason: Reason, message: str) -> Condition:
    return Condition(Type.SECRET_READY, status, reason, message)
