"""The Secret that a confidential application reads its credentials from.

The Secret is the truth about the secret's value, the store holds only its SHA-256: so the Secret is written first,
and a crash at any point leaves either nothing or a Secret that the next attempt takes over as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_urlsafe

from ostiary_operator.reconcile.acceptance import Accepted
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Condition, Notice, Truth
from ostiary_operator.reconcile.secret_port import (
    APPLIED_ANNOTATION,
    LABEL,
    HeldSecret,
    SecretChanged,
    SecretForbidden,
    SecretPort,
    WantedSecret,
)
from ostiary_operator.reconcile.secret_shape import SecretShape
from ostiary_state.applications.credentials import digest_of_secret
from ostiary_state.applications.identity import secret_name_of
from ostiary_state.applications.secret_hashes import KEY as HASH_KEY
from ostiary_state.applications.secret_hashes import SecretHash, UnusableHash
from ostiary_state.applications.spec import OAuthApplicationSpec

_STRONG = 43  # characters of base64url that hold 256 bits


def new_secret() -> str:
    """A client secret: 256 random bits, base64url."""
    return token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Credential:
    """What became of an application's Secret. Where it is not ready, whatever authenticated it before still does."""

    condition: Condition
    digest: bytes | None = None  # of the client secret in it, or of its hash
    name: str | None = None
    notices: tuple[Notice, ...] = ()
    hash: str = field(default="", repr=False)  # another product's, where the Secret holds one instead of the secret

    @property
    def ready(self) -> bool:
        """True where the application has what it authenticates with, or needs nothing."""
        return self.condition.status is Truth.TRUE


@dataclass(frozen=True, slots=True)
class _Generated:
    """One that the operator makes, but for its client secret."""

    declared: DeclaredApplication
    name: str
    client_id: str
    origin: str
    shape: SecretShape

    def secret(self, client_secret: str | None) -> WantedSecret:
        shape = self.shape
        data = shape.data(shape.values(self.client_id, self.origin, client_secret))
        return WantedSecret(
            self.declared.namespace,
            self.name,
            application=self.declared.name,
            owner=self.declared.uid,
            data=data,
            labels=shape.spec.labels,
            annotations=shape.spec.annotations,
            type=shape.spec.type,
            applied=shape.applied(data),
        )


@dataclass(frozen=True, slots=True)
class ClientSecrets:
    """Settles the Secret of one application at a time."""

    secrets: SecretPort
    new_secret: Callable[[], str]

    async def settle(self, declared: DeclaredApplication, accepted: Accepted, *, known: bool) -> Credential:
        """Find, make or restore it. `known`: the store has the application, so its Secret probably exists.

        Raises SecretChanged (read again) or ClusterUnavailable.
        """
        spec = accepted.spec
        name = secret_name_of(spec, name=declared.name)
        if name is None:
            return Credential(_condition(Truth.TRUE, Reason.NOT_NEEDED, _why_none(spec)))
        try:
            shape = SecretShape.of(spec)
            if shape.spec.mode == "Require":
                return _required(await self.secrets.get(declared.namespace, name), name, shape.secret_key)
            return await self._generated(
                _Generated(declared, name, accepted.client_id, accepted.origin, shape), known=known
            )
        except SecretForbidden as forbidden:
            return Credential(_condition(Truth.FALSE, Reason.FORBIDDEN, str(forbidden)), name=name)

    async def put(self, declared: DeclaredApplication, accepted: Accepted, secret: str) -> None:
        """Write another client secret into a Secret that `settle` found. Raises what `settle` raises."""
        shape = SecretShape.of(accepted.spec)
        name = secret_name_of(accepted.spec, name=declared.name) or ""
        held = await self.secrets.get(declared.namespace, name)
        if held is None or not _is_ours(held, declared):
            raise SecretChanged(name)
        wanted = _Generated(declared, name, accepted.client_id, accepted.origin, shape)
        await self.secrets.replace(held, wanted.secret(secret))

    async def release(self, declared: DeclaredApplication, name: str) -> None:
        """Let a generated Secret outlive its application's object. Raises SecretForbidden, SecretChanged."""
        held = await self.secrets.get(declared.namespace, name)
        if held is not None and _is_ours(held, declared) and held.owner == declared.uid:
            applied = held.applied
            as_it_is = WantedSecret(
                held.namespace,
                held.name,
                application=declared.name,
                owner=None,
                data=held.data,
                labels={label: value for label, value in held.labels.items() if label in applied.labels},
                annotations={each: value for each, value in held.annotations.items() if each in applied.annotations},
                type=held.type,
                applied=applied,
            )
            await self.secrets.replace(held, as_it_is)

    async def _generated(self, wanted: _Generated, *, known: bool) -> Credential:
        declared, name = wanted.declared, wanted.name
        held = await self.secrets.get(declared.namespace, name) if known else None
        if held is None:
            secret = self.new_secret() if wanted.shape.has_client_secret else None
            try:
                await self.secrets.create(wanted.secret(secret))
            except SecretChanged:
                if known or (held := await self.secrets.get(declared.namespace, name)) is None:
                    raise
            else:
                said = "has a new client secret" if secret is not None else "has what the application needs"
                return _generated(name, secret, Notice("SecretCreated", f"Secret {name} {said}"))
        if not _is_ours(held, declared):
            message = (
                f"Secret {name} exists and was not made for this application: "
                "delete it, or set spec.secret.name to another, or spec.secret.mode to Require"
            )
            return Credential(_condition(Truth.FALSE, Reason.NOT_OURS, message), name=name)
        if held.type != wanted.shape.spec.type:
            message = (
                f"Secret {name} is of type {held.type}, which nobody can change: "
                "set spec.secret.name to another, too, or delete it for a new secret"
            )
            return Credential(_condition(Truth.FALSE, Reason.OTHER_TYPE, message), name=name)
        if held.immutable:
            message = f"Secret {name} is immutable, so nothing in it can be replaced: delete it, and it is made again"
            return Credential(_condition(Truth.FALSE, Reason.NOT_USABLE, message), name=name)
        return await self._kept(wanted, held)

    async def _kept(self, wanted: _Generated, held: HeldSecret) -> Credential:
        """A client secret moves with its key: it is looked for where it was put last."""
        notices, secret = [], None
        if wanted.shape.has_client_secret:
            value = held.data.get(held.applied.secret_key, b"")
            if not _is_strong(value):
                value = self.new_secret().encode()
                message = f"Secret {held.name} had no strong {held.applied.secret_key}: it has a new one"
                notices.append(Notice("SecretRestored", message))
            secret = value.decode("ascii")
        changed = wanted.secret(secret)
        if _differs(held, changed):
            await self.secrets.replace(held, changed)
            if not notices and APPLIED_ANNOTATION in held.annotations:  # else an older release made it
                followed = held.applied != changed.applied
                said = "follows its manifest" if followed else "is as generated again"
                notices.append(Notice("SecretUpdated" if followed else "SecretRestored", f"Secret {held.name} {said}"))
        return _generated(held.name, secret, *notices)


def _differs(held: HeldSecret, wanted: WantedSecret) -> bool:
    return (
        held.owner != wanted.owner
        or held.applied != wanted.applied
        or APPLIED_ANNOTATION not in held.annotations
        or any(held.data.get(key) != value for key, value in wanted.data.items())
        or any(held.labels.get(name) != value for name, value in wanted.labels.items())
        or any(held.annotations.get(name) != value for name, value in wanted.annotations.items())
    )


def _why_none(spec: OAuthApplicationSpec) -> str:
    if spec.registered_by is not None:
        return "its client alone knows how it authenticates"
    if spec.client_authentication is not None:
        return "it authenticates by tokens of its workload"
    return "it signs with a key of its own" if spec.authenticates_by_key else "a Public application has no secret"


def _is_ours(held: HeldSecret, declared: DeclaredApplication) -> bool:
    """Both marks are needed; who owns it is not: objects restored from a backup have new uids."""
    return held.labelled and held.application == declared.name


def _is_strong(secret: bytes) -> bool:
    """Long enough for 256 random bits."""
    return len(secret) >= _STRONG and _is_printable(secret)


def _is_printable(secret: bytes) -> bool:
    """VSCHAR, all that a client_secret may be made of (RFC 6749 appendix A.2)."""
    return all(0x20 <= byte <= 0x7E for byte in secret)


def _required(held: HeldSecret | None, name: str, key: str) -> Credential:
    if held is not None and held.labelled and not held.data.get(key) and held.data.get(HASH_KEY):
        return _hashed(held)
    if held is None:
        message = f"waiting for Secret {name} with the label {LABEL}=true and the key {key}"
    elif not held.labelled:
        message = f"Secret {name} lacks the label {LABEL}=true"
    elif not held.data.get(key):
        message = f"Secret {name} lacks the key {key}"
    elif not _is_printable(held.data[key]):
        message = f"{key} of Secret {name} has a character that none may have, such as a line break"
        return Credential(_condition(Truth.FALSE, Reason.NOT_USABLE, message), name=name)
    else:
        found = _condition(Truth.TRUE, Reason.FOUND, f"Secret {name}")
        return Credential(found, digest_of_secret(held.data[key]), name)
    return Credential(_condition(Truth.FALSE, Reason.WAITING_FOR_SECRET, message), name=name)


def _hashed(held: HeldSecret) -> Credential:
    """A secret that came from elsewhere, of which nobody knows more than its hash."""
    try:
        text = SecretHash.parse(held.data[HASH_KEY].decode("ascii").strip()).text
    except ValueError as error:
        why = error if isinstance(error, UnusableHash) else "it is not ASCII"
        condition = _condition(Truth.FALSE, Reason.NOT_USABLE, f"{HASH_KEY} of Secret {held.name}: {why}")
        return Credential(condition, name=held.name)
    found = _condition(Truth.TRUE, Reason.FOUND, f"Secret {held.name}, with a hash of the client secret")
    return Credential(found, digest_of_secret(text.encode()), held.name, hash=text)


def _generated(name: str, secret: str | None, *notices: Notice) -> Credential:
    digest = digest_of_secret(secret.encode()) if secret is not None else None
    return Credential(_condition(Truth.TRUE, Reason.GENERATED, f"Secret {name}"), digest, name, notices)


def _condition(status: Truth, reason: Reason, message: str) -> Condition:
    return Condition(Type.SECRET_READY, status, reason, message)
