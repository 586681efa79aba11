"""Who is signed in with this browser at this issuer."""

from collections.abc import Callable
from dataclasses import dataclass

from ostiary_server.protocol.browser_states import BrowserStates
from ostiary_server.protocol.cookies import SESSION, clear_cookie, read_cookie, set_cookie
from ostiary_server.protocol.logout_notices import LogoutNotices
from ostiary_server.protocol.ports import Sessions
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.standing import end_of
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.session import Session, SignedIn
from ostiary_state.users.user import User

DEFAULT_LIFETIME = 12 * 3600.0  # a working day: people sign in once in the morning


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session and the Set-Cookie values that only this browser gets."""

    session: Session
    cookies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndedSession:
    """What the browser still has to do: forget its cookies, and load the applications' pages in frames."""

    cookies: tuple[str, ...]
    frames: tuple[str, ...]


class BrowserSessions:
    """Sessions by their cookie: 256 random bits of which the store has the digest."""

    def __init__(
        self,
        sessions: Sessions,
        notices: LogoutNotices,
        states: BrowserStates,
        *,
        random_token: Callable[[], str],
        lifetime: float = DEFAULT_LIFETIME,
    ) -> None:
        self._sessions = sessions
        self._notices = notices
        self._states = states
        self._random_token = random_token
        self._lifetime = lifetime

    async def current(self, request: ProtocolRequest, client_id: str | None = None) -> SignedIn | None:
        """The live session of the request's cookie, with the consent given to `client_id`; one statement at most."""
        value = read_cookie(request.issuer, SESSION, request.cookies)
        if value is None:
            return None
        return await self._sessions.signed_in(digest_of(value), request.issuer.id, client_id, request.now)

    async def start(self, user: User, amr: tuple[str, ...], request: ProtocolRequest) -> StartedSession:
        """A new session with a new cookie, whatever the browser held before (session fixation).

        A session of somebody else in the same browser ends with it; one of the same person stays, since the refresh
        tokens of other applications may depend on it.
        """
        before = await self.current(request)
        value = self._random_token()
        session = Session(
            id=self._random_token(),
            digest=digest_of(value),
            issuer_id=request.issuer.id,
            user_id=user.id,
            user_incarnation=user.incarnation,
            auth_time=request.now,
            amr=amr,
            created_at=request.now,
            expires_at=request.now + self._lifetime,
        )
        await self._sessions.start(session)
        if before is not None and before.user.incarnation != user.incarnation:
            await self.end(before, request.issuer, request.now)
        cookies = set_cookie(request.issuer, SESSION, value), self._states.set_cookie(request.issuer, session)
        return StartedSession(session, cookies)

    async def end(self, signed_in: SignedIn, issuer: Issuer, now: float) -> EndedSession:
        """Sign out: the session, the refresh tokens bound to it, through the revocation set its access tokens; and
        the applications are told."""
        session = signed_in.session
        announce = await self._notices.prepare(session, signed_in.user, now)
        participants = await self._sessions.end(session.id, end_of(session, now), now, announce)
        cookies = clear_cookie(issuer, SESSION), self._states.clear_cookie(issuer)
        return EndedSession(cookies, self._notices.frames(participants, session, issuer))
