"""How each end of a reconcile reads in status."""

from dataclasses import replace

from ostiary_operator.reconcile.acceptance import Accepted
from ostiary_operator.reconcile.callbacks import lacks_callbacks
from ostiary_operator.reconcile.client_secret import Credential
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import Declared, DeclaredApplication, may_have_secret
from ostiary_operator.reconcile.outcome import Condition, Endpoints, Notice, Outcome, Truth, Verifiable
from ostiary_operator.reconcile.refusal import PolicyRefusal, Refusal
from ostiary_operator.reconcile.secret_shape import SecretShape
from ostiary_state.applications.credentials import ClientCredential, current_of
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.intent import StoredApplication, StoredUser

_DISCOURAGED = {
    "implicit": "implicit puts access tokens into the address bar: use authorization_code with PKCE",
    "password": "password shows users' passwords to the application: use authorization_code",
}
_ACCEPTED = Condition(Type.ACCEPTED, Truth.TRUE, Reason.ACCEPTED)


def stored_application(
    declared: DeclaredApplication,
    accepted: Accepted,
    credential: Credential,
    credentials: tuple[ClientCredential, ...],
    revision: int,
    *,
    moved: bool,
    clients: tuple[str, ...],
) -> Outcome:
    """What it declares is stored, its secret perhaps being the one of before."""
    return Outcome(
        generation=declared.generation,
        conditions=(
            replace(_ACCEPTED, message=accepted.withheld),
            _stored_for_nobody(revision) if lacks_callbacks(accepted.spec) else _stored(revision),
            credential.condition,
            *_discouraged(accepted.spec),
        ),
        revision=revision,
        client_id=accepted.client_id,
        secret_name=credential.name,
        follows=credential.name,
        endpoints=Endpoints.of(accepted.origin),
        notices=credential.notices,
        credentials=credentials,
        verifiable=_verifiable(accepted, credential, credentials, revision),
        released=moved,
        clients=clients,
    )


def with_drift(outcome: Outcome, drift: Condition) -> Outcome:
    """Somebody changed the store: an Event says so, too."""
    notice = Notice("DriftCorrected" if drift.status is Truth.FALSE else "Drifted", drift.message, warning=True)
    return replace(outcome, drift=drift, notices=(*outcome.notices, notice))


def _verifiable(
    accepted: Accepted, credential: Credential, credentials: tuple[ClientCredential, ...], revision: int
) -> Verifiable | None:
    """Nothing where it is meant to be refused: disabled, or a template for others."""
    spec = accepted.spec
    current = current_of(credentials)
    if current is None or current.hash or not credential.ready or credential.name is None:
        return None
    if not spec.enabled or spec.dynamic_registration is not None or spec.client_id_metadata is not None:
        return None
    return Verifiable(
        secret_name=credential.name,
        secret_key=SecretShape.of(spec).secret_key,
        client_id=accepted.client_id,
        method=spec.token_endpoint_auth_method or "client_secret_basic",
        origin=accepted.origin,
        credential=current.id,
        revision=revision,
    )


def waiting_application(declared: DeclaredApplication, accepted: Accepted, credential: Credential) -> Outcome:
    """Good, but nothing can be stored before its secret is there."""
    message = "nothing is stored before the client secret is there"
    return _waiting(
        declared, accepted, credential, Condition(Type.SYNCED, Truth.FALSE, Reason.WAITING_FOR_SECRET, message)
    )


def waiting_for_callbacks(declared: DeclaredApplication, accepted: Accepted, credential: Credential) -> Outcome:
    """Good, but nobody could sign in before a route has a host. Its secret is made, so that its pods can start."""
    message = f"nothing is stored before a route of callbackURLsFrom has a host: see {Type.CALLBACKS_RESOLVED}"
    synced = Condition(Type.SYNCED, Truth.FALSE, Reason.WAITING_FOR_CALLBACKS, message)
    return replace(_waiting(declared, accepted, credential, synced), notices=credential.notices)


def _waiting(declared: DeclaredApplication, accepted: Accepted, credential: Credential, synced: Condition) -> Outcome:
    return Outcome(
        generation=declared.generation,
        conditions=(_ACCEPTED, synced, credential.condition, *_discouraged(accepted.spec)),
        client_id=accepted.client_id,
        secret_name=credential.name,
        follows=credential.name,
        endpoints=Endpoints.of(accepted.origin),
    )


def refused_application(declared: DeclaredApplication, refusal: Refusal, held: StoredApplication | None) -> Outcome:
    """The last good revision, if there is one, is what the rest of the status describes."""
    return _application_held(declared, _refusal(refusal, held), held, contested=refusal.contested)


def suspended_application(declared: DeclaredApplication, held: StoredApplication | None) -> Outcome:
    """Nothing was looked at, nothing written."""
    return _application_held(declared, (_suspended(held),), held)


def stored_user(
    declared: Declared, revision: int, password: Condition, *, follows: str | None, released: bool
) -> Outcome:
    """What it declares is stored, its password perhaps being the one of before."""
    conditions = (_ACCEPTED, _stored(revision), password)
    return Outcome(declared.generation, conditions, revision=revision, follows=follows, released=released)


def refused_user(declared: Declared, refusal: Refusal, held: StoredUser | None, *, released: bool = False) -> Outcome:
    """The last good revision, if there is one, stays."""
    return Outcome(
        generation=declared.generation,
        conditions=_refusal(refusal, held),
        revision=held.revision if held is not None else None,
        contested=refusal.contested,
        released=released,
    )


def stored_secret_name(held: StoredApplication, name: str) -> str | None:
    """As `secret_name_of`, of a row, whose spec another version of the rules may have accepted."""
    if not may_have_secret(held.spec):
        return None
    return str(held.spec.get("secret", {}).get("name") or f"{name}-oauth")


def gone(declared: Declared, *, released: bool, clients: tuple[str, ...] = ()) -> Outcome:
    """Its deletion is complete."""
    return Outcome(declared.generation, gone=True, released=released, clients=clients)


def _application_held(
    declared: DeclaredApplication,
    conditions: tuple[Condition, ...],
    held: StoredApplication | None,
    *,
    contested: bool = False,
) -> Outcome:
    if held is None:
        return Outcome(declared.generation, conditions, contested=contested)
    secret_name = stored_secret_name(held, declared.name)
    return Outcome(
        generation=declared.generation,
        conditions=conditions,
        revision=held.revision,
        client_id=held.client_id,
        secret_name=secret_name,
        follows=secret_name,
        endpoints=Endpoints.of(held.origin),
        credentials=held.credentials,
        contested=contested,
    )


def _stored_for_nobody(revision: int) -> Condition:
    text = f"revision {revision} has no callback, so nobody can sign in: see {Type.CALLBACKS_RESOLVED}"
    return Condition(Type.SYNCED, Truth.FALSE, Reason.WAITING_FOR_CALLBACKS, text)


def _stored(revision: int) -> Condition:
    return Condition(Type.SYNCED, Truth.TRUE, Reason.STORED, f"revision {revision}")


def _refusal(refusal: Refusal, held: StoredApplication | StoredUser | None) -> tuple[Condition, ...]:
    refused = Condition(Type.ACCEPTED, Truth.FALSE, refusal.reason, refusal.message)
    by_policy = isinstance(refusal, PolicyRefusal)
    return (
        *((_ACCEPTED, replace(refused, type=Type.POLICY_ALLOWED)) if by_policy else (refused,)),
        Condition(Type.SYNCED, Truth.FALSE, Reason.REFUSED, _still_served(held)),
    )


def _suspended(held: StoredApplication | None) -> Condition:
    return Condition(Type.SYNCED, Truth.UNKNOWN, Reason.SUSPENDED, f"spec.suspend is true; {_still_served(held)}")


def _still_served(held: StoredApplication | StoredUser | None) -> str:
    return "nothing is stored" if held is None else f"revision {held.revision} is served as before"


def _discouraged(spec: OAuthApplicationSpec) -> tuple[Condition, ...]:
    found = [text for mode, text in _DISCOURAGED.items() if mode in spec.grant_modes]
    if not found:
        return ()
    return (Condition(Type.DISCOURAGED_GRANT_MODE, Truth.TRUE, Reason.IN_USE, "; ".join(found)),)
