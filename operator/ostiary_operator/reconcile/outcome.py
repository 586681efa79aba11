"""What a reconcile came to: everything that status and events say of it, and nothing secret."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_state.applications.credentials import ClientCredential


class Truth(StrEnum):
    """A condition's status."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; when it last changed is the status writer's to know."""

    type: Type
    status: Truth
    reason: Reason
    message: str = ""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where an application's endpoints are: what a relying application is configured with."""

    issuer: str
    authorization: str
    token: str
    userinfo: str
    jwks: str
    introspection: str
    revocation: str
    end_session: str
    discovery: str

    @classmethod
    def of(cls, origin: str) -> "Endpoints":
        """The endpoints of an issuer, all under its origin."""
        return cls(
            issuer=origin,
            authorization=f"{origin}/authorize",
            token=f"{origin}/token",
            userinfo=f"{origin}/userinfo",
            jwks=f"{origin}/jwks",
            introspection=f"{origin}/introspect",
            revocation=f"{origin}/revoke",
            end_session=f"{origin}/end-session",
            discovery=f"{origin}/.well-known/openid-configuration",
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """One Kubernetes Event in the making. Never holds a secret."""

    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Verifiable:
    """A client secret that is in a Secret and should authenticate."""

    secret_name: str
    secret_key: str
    client_id: str
    method: str  # client_secret_basic | client_secret_post
    origin: str
    credential: str  # its id
    revision: int  # of what is stored


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole of what is reported. `generation` is the one that was decided on, also when refused."""

    generation: int
    conditions: tuple[Condition, ...] = ()
    revision: int | None = None  # the store's revision that is served for this object; None: nothing is
    client_id: str | None = None  # of an application that is stored
    secret_name: str | None = None  # of a confidential application
    follows: str | None = None  # the Secret whose changes concern this object
    endpoints: Endpoints | None = None
    credentials: tuple[ClientCredential, ...] = ()  # of an application that is stored
    resolved_callback_urls: tuple[str, ...] = ()  # those that routes gave
    verifiable: Verifiable | None = None  # what a replica can be asked to authenticate
    drift: Condition | None = None  # what was found changed in the store; None: nothing
    notices: tuple[Notice, ...] = ()
    contested: bool = False  # refused because another holds a name: look again when anything is given up
    released: bool = False  # a name that others may wait for was given up
    clients: tuple[
        str, ...
    ] = ()  # names of the objects of clients that registered themselves by it: they change with it
    served_until: float | None = None  # policies no longer allow what is served: when it ends, or has ended
    gone: bool = False  # the object's deletion is complete: the finalizer may go

    def condition(self, type_: Type) -> Condition | None:
        """The condition of a type, if this outcome has one."""
        return next((each for each in self.conditions if each.type is type_), None)


def first_failing(conditions: Iterable[Condition]) -> Condition | None:
    """The condition that keeps an object from being ready, in the order in which a person would fix them."""
    held = {each.type: each for each in conditions}
    for type_ in (Type.ACCEPTED, Type.POLICY_ALLOWED, Type.SECRET_READY, Type.SYNCED):
        if (each := held.get(type_)) is not None and each.status is not Truth.TRUE:
            return each
    return None
