"""Who is told that a session has ended, and what (OpenID Connect Back-Channel Logout, Front-Channel Logout)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from ostiary_server.protocol.ports import Directory
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.tokens import TokenMinter, random_id
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.logout import Announce, LogoutDelivery, Participant
from ostiary_state.runtime.session import Session
from ostiary_state.users.user import User

LOGOUT_TOKEN_TYPE: Final = "logout+jwt"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_LIFETIME: Final = 120  # seconds: what Back-Channel Logout section 2.4 recommends at most
GIVEN_UP_AFTER: Final = 24 * 3600.0  # seconds: an application's own session hardly lives longer


@dataclass(frozen=True, slots=True)
class LogoutNotices:
    """Decides from memory: an application that is gone, disabled or another incarnation is told nothing."""

    directory: Directory
    subjects: Subjects
    new_id: Callable[[], str] = random_id

    async def prepare(self, session: Session, user: User, now: float) -> Announce:
        """What `Sessions.end` needs. Raises StoreUnavailable where an issuer's salt has to be read first."""
        for application in self.directory.applications_of(session.issuer_id):
            if application.openid.sector is not None and application.openid.logout.back_channel is not None:
                await self.subjects.prepare(application)
                break  # the salt is the issuer's

        def announce(participants: Sequence[Participant]) -> Sequence[LogoutDelivery]:
            return [
                LogoutDelivery(
                    id=self.new_id(),
                    issuer_id=session.issuer_id,
                    application_id=application.id,
                    application_incarnation=application.incarnation,
                    session_id=session.id,
                    subject=self.subjects.of(user, application),
                    attempts=0,
                    due_at=now,
                    expires_at=now + GIVEN_UP_AFTER,
                )
                for application in self._standing(participants)
                if application.openid.logout.back_channel is not None
            ]

        return announce

    def frames(self, participants: Sequence[Participant], session: Session, issuer: Issuer) -> tuple[str, ...]:
        """The pages to load in frames, with `iss` and `sid` where the application wants them (section 3)."""
        addresses = []
        for application in self._standing(participants):
            logout = application.openid.logout
            if logout.front_channel is not None:
                named = urlencode({"iss": issuer.origin, "sid": session.id}) if logout.front_channel_session else ""
                addresses.append(_with_query(logout.front_channel, named))
        return tuple(addresses)

    def _standing(self, participants: Sequence[Participant]) -> Iterator[Application]:
        for participant in participants:
            application = self.directory.application_of_id(participant.application_id)
            if application is None or application.incarnation != participant.application_incarnation:
                continue
            if application.enabled:
                yield application


class LogoutTokens:
    """Makes logout tokens (Back-Channel Logout section 2.4): without nonce, so that none passes for an ID token."""

    def __init__(self, minter: TokenMinter, *, new_id: Callable[[], str] = random_id) -> None:
        self._minter = minter
        self._new_id = new_id

    async def token(self, delivery: LogoutDelivery, application: Application, issuer: Issuer, now: float) -> str:
        """Raises StoreUnavailable and TemporarilyUnavailable when there is no key to sign with."""
        await self._minter.prepare_key(issuer, application.id_token_algorithm)
        claims: dict[str, Any] = {
            "iss": issuer.origin,
            "aud": application.client_id,
            "sub": delivery.subject,
            "sid": delivery.session_id,
            "iat": int(now),
            "exp": int(now) + TOKEN_LIFETIME,
            "jti": self._new_id(),
            "events": {EVENT: {}},
        }
        return self._minter.jwt(issuer, application.id_token_algorithm, claims, now, typ=LOGOUT_TOKEN_TYPE)


def _with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url
