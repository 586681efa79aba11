"""A person and a password: the one place that decides, for the sign-in page and the password grant alike."""

from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.ports import Users
from ostiary_server.protocol.throttle import Throttle, Throttled
from ostiary_state.errors import StoreUnavailable
from ostiary_state.users.user import User

__all__ = ["AuthenticationFailed", "Authenticator", "Throttled"]

LONGEST_USERNAME = 256
LONGEST_PASSWORD = 1024


class AuthenticationFailed(Exception):
    """The username or the password is wrong, or the user is disabled: which of them is never said."""

    def __init__(self) -> None:
        super().__init__("The username or password is not correct.")


class Authenticator:
    """Tells who signs in. Unknown, disabled and password-less users cost the same time as a wrong password."""

    def __init__(self, users: Users, passwords: PasswordPool, throttle: Throttle) -> None:
        self._users = users
        self._passwords = passwords
        self._throttle = throttle

    async def authenticate(self, username: str, password: str, *, remote: str, now: float) -> User:
        """The enabled user whose password this is; `remote` is the address that the attempt is counted for.

        Raises AuthenticationFailed; Throttled; TemporarilyUnavailable when too many sign in at once;
        StoreUnavailable. Whether the user may sign in to an application (`allowedGroups`) is the caller's question.
        """
        if not username or not password or len(username) > LONGEST_USERNAME or len(password) > LONGEST_PASSWORD:
            raise AuthenticationFailed
        if not username.isprintable():  # a database refuses NUL, and nobody's name has control characters
            raise AuthenticationFailed
        self._throttle.admit(username, remote, now)
        try:
            user = await self._users.by_username(username)
            usable = user is not None and user.enabled
            matches = await self._passwords.verify(user.password_hash if user and usable else None, password)
        except (StoreUnavailable, TemporarilyUnavailable):
            self._throttle.withdraw(username, remote)
            raise
        if user is None or not usable or not matches:
            raise AuthenticationFailed
        self._throttle.succeeded(username, remote)
        return user
