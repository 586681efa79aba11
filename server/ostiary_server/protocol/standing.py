"""Whether a grant still stands: everything that may have happened since a person gave it."""

from collections.abc import Callable
from typing import Final

from ostiary_server.protocol.ports import RevocationSet
from ostiary_state.applications.application import Application
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.refresh_token import RefreshContext
from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.runtime.session import Session
from ostiary_state.users.user import User

LONGEST_ACCESS_TOKEN: Final = 24 * 3600.0  # seconds: the most that a manifest may ask for

Check = Callable[[Grant, User, Application, RevocationSet], bool]


def may_sign_in(user: User, application: Application) -> bool:
    """`allowedGroups`: empty admits every user."""
    return not application.allowed_groups or not application.allowed_groups.isdisjoint(user.groups)


def _revoked(grant: Grant, user: User, application: Application, revocations: RevocationSet) -> bool:
    return grant.revoked_at is not None or revocations.revoked(
        issued_at=grant.created_at,
        jti=None,
        grant_id=grant.id,
        session_id=grant.session_id,
        user_incarnation=user.incarnation,
        application_incarnation=application.incarnation,
    )


VOID: Final[tuple[tuple[str, Check], ...]] = (
    # Whose it is before what happened to it, so that the log names the stranger and not a coincidence.
    ("issued at another issuer", lambda grant, _, application, __: grant.issuer_id != application.issuer_id),
    ("issued to another client", lambda grant, _, application, __: grant.client_id != application.client_id),
    (
        "issued to an application that was deleted and made again",
        lambda grant, _, application, __: grant.application_incarnation != application.incarnation,
    ),
    (
        "given by a user who was deleted and made again",
        lambda grant, user, _, __: (grant.user_id, grant.user_incarnation) != (user.id, user.incarnation),
    ),
    ("revoked", _revoked),
    ("older than the application's last end", lambda grant, _, app, __: grant.created_at <= app.not_before),
    ("older than the user's last end", lambda grant, user, _, __: grant.created_at <= user.not_before),
    ("given by a user who is disabled", lambda _, user, __, ___: not user.enabled),
    ("given by a user whom allowedGroups no longer admits", lambda _, user, app, __: not may_sign_in(user, app)),
)


def why_void(grant: Grant, user: User | None, application: Application, revocations: RevocationSet) -> str | None:
    """Why nothing can be issued under `grant` any more, for the log; None: it stands."""
    if user is None:
        return "given by a user who is gone"
    return next((reason for reason, void in VOID if void(grant, user, application, revocations)), None)


def why_refresh_void(
    context: RefreshContext, application: Application, revocations: RevocationSet, now: float
) -> str | None:
    """Why a refresh token of this family cannot be used any more, whether it was used or not; None: it stands."""
    family = context.family
    if family.revoked_at is not None or family.expires_at <= now:
        return "the family was revoked or has reached its absolute end"
    if family.idle_expires_at <= now:
        return "the refresh token was not used for too long"
    if not context.session_live:
        return "the session that it belongs to has ended"
    return why_void(context.grant, context.user, application, revocations)


def last_token_ends(now: float) -> float:
    """When no access token that exists now, or is issued by a request on its way, can be accepted any more."""
    return now + LONGEST_ACCESS_TOKEN


def end_of(ended: Grant | Session, now: float) -> Revocation:
    """The revocation that ends every access token of a grant or session; kept until the last would have expired.

    Neither begins again, so tokens end whenever they were issued: a request that races this one may have read its
    clock later, or on another replica.
    """
    kind = RevocationKind.GRANT if isinstance(ended, Grant) else RevocationKind.SESSION
    last = last_token_ends(now)
    return Revocation(kind, ended.id, not_before=last, expires_at=last)
