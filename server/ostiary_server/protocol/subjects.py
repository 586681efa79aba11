"""The `sub` of a person at an application: public, or pairwise by sector (OpenID Connect Core section 8)."""

import hashlib
import hmac

from ostiary_server.protocol.key_pair import encoded
from ostiary_server.protocol.ports import PairwiseSalts
from ostiary_state.applications.application import Application
from ostiary_state.users.user import User

PREFIX = b"u_"  # no client id begins so: a token's `sub` cannot be taken for a client (RFC 9700 section 4.15)


class Subjects:
    """Computes subjects without a statement, once the issuer's salt is known; a salt is made once and never changes."""

    def __init__(self, salts: PairwiseSalts) -> None:
        self._source = salts
        self._salts: dict[str, bytes] = {}

    async def prepare(self, application: Application) -> None:
        """Have what `of` needs. Raises StoreUnavailable, for pairwise applications alone."""
        if application.openid.sector is not None and application.issuer_id not in self._salts:
            self._salts[application.issuer_id] = await self._source.salt(application.issuer_id)

    def of(self, user: User, application: Application) -> str:
        """The same in every token of one client; not to be computed by anybody who lacks the salt (section 8.1)."""
        sector = application.openid.sector
        if sector is None:
            return user.subject
        message = b"\0".join((sector.encode(), user.subject.encode()))
        mac = hmac.new(self._salts[application.issuer_id], message, hashlib.sha256).digest()
        return (PREFIX + encoded(mac)).decode("ascii")
