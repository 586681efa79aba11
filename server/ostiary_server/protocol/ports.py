"""What the protocol needs of the store, as it needs it. Each method is one SQL statement or one transaction.

The repositories of `ostiary_state.store` satisfy these by their shape, and so do the fakes of the tests; one
conformance suite runs over both. Every method raises `StoreUnavailable` when the database is away, which the
endpoints answer with 503 and Retry-After.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ostiary_state.applications.application import Application
from ostiary_state.applications.registration import Registration
from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.holdings import Held
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.logout import Announce, Participant
from ostiary_state.runtime.refresh_token import RefreshContext, RefreshFamily, RefreshToken
from ostiary_state.runtime.revocation import Revocation
from ostiary_state.runtime.session import Session, SignedIn
from ostiary_state.users.user import User


class Directory(Protocol):
    """What a replica knows by heart: never a database access, never a wait."""

    def issuer_of_host(self, host: str) -> Issuer | None:
        """The issuer served at a normalised Host, None: unknown (421)."""

    def application(self, issuer_id: str, client_id: str) -> Application | None:
        """The application of a client id at this issuer, disabled ones included; None on any other issuer."""

    def applications_of(self, issuer_id: str) -> Sequence[Application]:
        """All of an issuer's applications, for discovery and CORS. The result is cached per revision."""

    def registration(self, issuer_id: str, client_id: str) -> Registration | None:
        """The registration of a client that registered itself and is served at this issuer."""

    def application_of_id(self, application_id: str) -> Application | None:
        """By object id, for rows that name it."""


class RevocationSet(Protocol):
    """The revocation set in memory."""

    def revoked(
        self,
        *,
        issued_at: float,
        jti: str | None,
        grant_id: str | None,
        session_id: str | None,
        user_incarnation: str | None,
        application_incarnation: str | None,
    ) -> bool:
        """True when a key that the token carries is in the set with `issued_at <= not_before`."""


class Sessions(Protocol):
    """Sign-in sessions."""

    async def signed_in(self, digest: bytes, issuer_id: str, client_id: str | None, now: float) -> SignedIn | None:
        """One statement: the live session of a cookie at this issuer, its enabled user, the consent for client_id."""

    async def start(self, session: Session) -> None:
        """Insert."""

    async def end(
        self, session_id: str, revocation: Revocation, now: float, announce: Announce
    ) -> Sequence[Participant]:
        """End a session, its session-bound grants' families, put its revocation into the set, and queue what
        `announce` makes of the applications that took part. Those are returned; none where it had ended before."""


class Users(Protocol):
    """People at sign-in."""

    async def by_username(self, username: str) -> User | None:
        """Any live (not tombstoned) user, disabled ones included; the caller decides."""

    async def by_id(self, user_id: str, incarnation: str) -> User | None:
        """None when the object is gone or another incarnation."""

    async def by_incarnation(self, incarnation: str) -> User | None:
        """For userinfo: whom an access token was issued for; None when the object is gone."""


class Consents(Protocol):
    """Remembered consent."""

    async def remember(self, consent: Consent) -> None:
        """Insert or replace on (issuer, user, client)."""


class Grants(Protocol):
    """Grants and their codes."""

    async def start(self, grant: Grant) -> None:
        """Insert a grant, with its code."""

    async def by_code(self, digest: bytes) -> tuple[Grant, User | None] | None:
        """One statement: the grant of a code, consumed or not, with its user."""

    async def redeem(self, grant: Grant, issued: Issued, now: float) -> bool:
        """One transaction: claim the code (`consumed_at IS NULL` in the UPDATE's WHERE), then insert `issued`.

        False: another request won; nothing was inserted.
        """

    async def start_with(self, issued: Issued) -> None:
        """One transaction: insert `issued.grant` and what it issued (password)."""

    async def claims_request(self, grant_id: str) -> Mapping[str, Any] | None:
        """What the claims parameter asked for when the grant was given."""

    async def revoke(self, grant_id: str, revocation: Revocation, now: float) -> None:
        """Revoke a grant, its refresh families (one UPDATE) and, through the set, its access tokens."""


class Holdings(Protocol):
    """What applications hold of a person, across consents and grants."""

    async def of_user(self, issuer_id: str, user_id: str, user_incarnation: str, now: float) -> Held:
        """One statement: the consents and grants of this incarnation of a person at an issuer."""

    async def withdraw(
        self, issuer_id: str, user_id: str, user_incarnation: str, client_id: str, until: float, now: float
    ) -> Sequence[Revocation]:
        """One transaction: forget the consent given to a client, revoke its grants and their refresh families.

        The access tokens end through the set, by one revocation a grant that holds until `until`; these are returned.
        """


class RefreshTokens(Protocol):
    """Refresh tokens."""

    async def context(self, digest: bytes, now: float) -> RefreshContext | None:
        """One statement: the token with its family, grant, user, session liveness and successor."""

    async def rotate(
        self,
        presented: RefreshToken,
        family: RefreshFamily,
        successor: RefreshToken,
        sealed_successor: bytes,
        access_token: OpaqueAccessToken | None,
        now: float,
    ) -> bool:
        """One transaction: claim `presented`, insert `successor`, move the family's idle deadline.

        False: another request claimed it first; nothing was changed. The caller loads the context again.
        """


class AccessTokens(Protocol):
    """Opaque access tokens."""

    async def add(self, token: OpaqueAccessToken) -> None:
        """Insert (client_credentials, implicit, a refresh within its grace)."""

    async def by_digest(self, digest: bytes) -> OpaqueAccessToken | None:
        """One indexed look-up."""


class Revocations(Protocol):
    """Writing to the revocation set."""

    async def add(self, revocation: Revocation) -> None:
        """Insert or raise `not_before`; every replica follows within a second, this one at once."""


class PairwiseSalts(Protocol):
    """What makes pairwise subjects unpredictable."""

    async def salt(self, issuer_id: str) -> bytes:
        """The issuer's 256 random bits, made at first need by whichever replica comes first, and never changed."""


class Registrations(Protocol):
    """Clients that registered themselves. Each write returns when every live replica serves it, or after seconds."""

    async def add(self, registration: Registration, most: int) -> bool:
        """Insert; False where its template has `most` already."""

    async def replace(self, registration: Registration) -> bool:
        """Write its metadata anew; False where it is gone."""

    async def remove(self, registration: Registration) -> None:
        """Delete: what it holds ends with it."""


class FetchFailed(Exception):
    """An address of an application could not be read: refused, unreachable, too long, or no success."""


class Outbound(Protocol):
    """Requests that this server sends to addresses that applications name: with limits, and no internal address."""

    async def fetch(self, url: str, *, accept: str) -> bytes:
        """The body of a 200. Raises FetchFailed."""

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """The status of the answer to a form. Raises FetchFailed when there is none."""


class ClusterAPI(Protocol):
    """The API server of the cluster that this server runs in, for what it publishes about its tokens."""

    async def get(self, path: str) -> bytes:
        """The body of a 200. Raises FetchFailed."""


class SigningKeys(Protocol):
    """Where the key ring's keys come from."""

    async def ensure(self, issuer_id: str, algorithm: str) -> None:
        """At first need: load the issuer's key of this algorithm into the ring, or make it under a row lock."""

    async def reload(self, issuer_id: str) -> None:
        """A token named an unknown `kid`: load the issuer's keys again, at most once in a few seconds an issuer.

        Another replica may have made the key. Returns at once when it is too early, without an error.
        """
