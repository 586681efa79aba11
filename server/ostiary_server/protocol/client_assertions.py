"""private_key_jwt: clients that authenticate by a JWT that they signed (RFC 7523 section 3, OpenID Connect Core 9)."""

import heapq
from dataclasses import dataclass
from typing import Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from ostiary_server.protocol.assertion_times import Times
from ostiary_server.protocol.client_keys import ALGORITHMS, LEEWAY, LONGEST, ClientKeys, NotSigned
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidClient, InvalidRequest
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.application import Application

FAILED: Final = "The client authentication failed."
PRIVATE_KEY_JWT: Final = "private_key_jwt"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPES: Final = frozenset({None, "JWT", "client-authentication+jwt"})  # none that another kind of token has
TOKEN_PATH: Final = "/token"
LONGEST_LIFE: Final = 3_600.0  # seconds; what libraries default to is a minute to an hour
LONGEST_ID: Final = 512
MOST_USED: Final = 100_000  # some 20 MiB; beyond, those that expire first are forgotten first


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an assertion says of itself, and the request of its client, which nobody has verified yet."""

    client_id: str | None  # of the form
    issuer: str
    subject: str
    audience: str | None  # where it has just one

    @property
    def signed_by_client(self) -> bool:
        """Whether it means to be one of private_key_jwt."""
        return self.issuer == self.subject


class UsedAssertions:
    """Which were used and could be used again, in this replica's memory."""

    def __init__(self, most: int = MOST_USED) -> None:
        self._most = most
        self._used: set[bytes] = set()
        self._by_expiry: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        return len(self._used)

    def first_use(self, client_id: str, assertion_id: str, until: float, now: float) -> bool:
        """True once for each `jti` of a client; it is remembered until `until`."""
        while self._by_expiry and (self._by_expiry[0][0] < now or len(self._used) >= self._most):
            self._used.discard(heapq.heappop(self._by_expiry)[1])
        key = digest_of(f"{client_id}\n{assertion_id}")
        if key in self._used:
            return False
        self._used.add(key)
        heapq.heappush(self._by_expiry, (until, key))
        return True


class ClientAssertions:
    """Judges one assertion at a time; whose keys count is said by the application's manifest.

    Until the signature is good, the answer is that to an unknown client; after it, it says what to change.
    """

    def __init__(self, keys: ClientKeys, used: UsedAssertions) -> None:
        self._keys = keys
        self._used = used

    @staticmethod
    def claimed(request: EngineRequest) -> Claimed:
        """Who the assertion says that it is of. Raises InvalidRequest, and InvalidClient where it says nothing."""
        assertion, assertion_type = request.form.get("client_assertion"), request.form.get("client_assertion_type")
        if assertion is None or assertion_type is None:
            raise InvalidRequest("The parameters 'client_assertion' and 'client_assertion_type' go together.")
        if assertion_type != ASSERTION_TYPE:
            raise InvalidClient(f"The client_assertion_type must be {ASSERTION_TYPE}.")
        if len(assertion) > LONGEST:
            raise InvalidClient(f"The client_assertion is longer than {LONGEST} characters.")
        try:
            claims = orjson.loads(jws.extract_compact(assertion.encode("ascii")).payload)
        except (JoseError, ValueError) as error:
            raise InvalidClient("The client_assertion is not a JWT.") from error
        subject = claims.get("sub") if isinstance(claims, dict) else None
        if not isinstance(subject, str):
            raise InvalidClient("The client_assertion needs a sub, and private_key_jwt has the client_id there.")
        issuer, audience = str(claims.get("iss")), claims.get("aud")
        if isinstance(audience, list) and len(audience) == 1:
            (audience,) = audience
        named = request.form.get("client_id")
        claimed = Claimed(named, issuer, subject, audience if isinstance(audience, str) else None)
        if named not in (None, subject) and claimed.signed_by_client:
            raise InvalidRequest("The client_id of the body is not the one that authenticates.")
        return claimed

    async def verify(self, request: EngineRequest, application: Application) -> None:
        """Raises InvalidClient unless this client signed it, for this issuer, for now, and for the first time."""
        only = application.openid.assertion_algorithm
        algorithms = ALGORITHMS if only is None else (only,)
        try:
            signed = await self._keys.verified(request.form["client_assertion"], application.openid, algorithms)
        except NotSigned as error:
            raise InvalidClient(FAILED, detail=f"by {PRIVATE_KEY_JWT}: {error}") from error
        claims = signed.claims
        if signed.header.get("typ") not in TYPES:
            raise InvalidClient("The client_assertion is a token of another type.")
        if claims.get("iss") != application.client_id or claims.get("sub") != application.client_id:
            raise InvalidClient("The iss and the sub of the client_assertion must be the client_id.")
        if not _is_for(claims.get("aud"), request):
            raise InvalidClient(f"The aud of the client_assertion must be {request.issuer.origin} and nobody else.")
        expires_at = Times.of(claims, request.now).expires_at
        if expires_at > request.now + LONGEST_LIFE + LEEWAY:
            raise InvalidClient(f"The client_assertion must expire within {LONGEST_LIFE:.0f} seconds.")
        assertion_id = claims.get("jti")
        if not isinstance(assertion_id, str) or not 0 < len(assertion_id) <= LONGEST_ID:
            raise InvalidClient("The client_assertion needs a jti.")
        if not self._used.first_use(application.client_id, assertion_id, expires_at + LEEWAY, request.now):
            raise InvalidClient("The client_assertion was used before.")


def _is_for(audience: object, request: EngineRequest) -> bool:
    """The issuer, or the address of its token endpoint, or of where it is sent (RFC 7523 section 3).

    No stranger beside them: an assertion that is good elsewhere, too, could have been taken there.
    """
    origin = request.issuer.origin
    ours = {
        origin,
        f"{origin}/",
        origin + TOKEN_PATH,
        request.uri.replace("https://", f"{origin.partition('//')[0]}//"),
    }
    listed = audience if isinstance(audience, list) else [audience]
    return bool(listed) and all(isinstance(each, str) and each in ours for each in listed)
