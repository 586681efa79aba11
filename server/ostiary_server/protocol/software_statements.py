"""Software statements: what somebody who is trusted says of a client, signed (RFC 7591 section 2.3)."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from ostiary_server.protocol.client_keys import ALGORITHMS, LEEWAY, LONGEST, REGISTERED, ClientKeys, NotSigned
from ostiary_server.protocol.errors import (
    InvalidClientMetadata,
    InvalidSoftwareStatement,
    UnapprovedSoftwareStatement,
)
from ostiary_state.applications.openid import RegistrationLimits, SoftwareStatementIssuer

MEMBER: Final = "software_statement"
_TYPES: Final = frozenset({None, "JWT", "jwt"})  # none that another kind of token has (RFC 8725 section 3.11)


class SoftwareStatements:
    """Judged under one template."""

    def __init__(self, keys: ClientKeys) -> None:
        self._keys = keys

    async def heeded(
        self, sent: Mapping[str, Any], limits: RegistrationLimits, now: float, known: str | None = None
    ) -> Mapping[str, Any]:
        """What a client sent, with what its statement says in place of it (section 2.3: the statement has precedence).

        `known`: the statement that it registered with, which an update without one cannot shake off. Raises
        InvalidSoftwareStatement, UnapprovedSoftwareStatement, and InvalidClientMetadata where one is missing.
        """
        statement = sent.get(MEMBER)
        if statement is None and known is not None:
            return {**sent, **_described(_unverified(known)), MEMBER: known}
        if statement is None:
            if limits.statement_required:
                raise InvalidClientMetadata("software_statement: one is required here")
            return sent
        issuer = _issuer(statement, limits)
        try:
            signed = await self._keys.verified(statement, issuer, ALGORITHMS)
        except NotSigned as error:
            raise InvalidSoftwareStatement("The software statement is not its issuer's.", detail=str(error)) from error
        if signed.header.get("typ") not in _TYPES:
            raise InvalidSoftwareStatement("The software statement is a token of another type.")
        for name, late in (("exp", -1), ("nbf", 1)):
            instant = signed.claims.get(name)
            if instant is None:
                continue
            if isinstance(instant, bool) or not isinstance(instant, int | float):
                raise InvalidSoftwareStatement(f"The {name} of the software statement is not a number of seconds.")
            if (instant - now) * late > LEEWAY:
                raise InvalidSoftwareStatement("The software statement is not valid now.")
        return {**sent, **_described(signed.claims), MEMBER: statement}


def _issuer(statement: object, limits: RegistrationLimits) -> SoftwareStatementIssuer:
    if not isinstance(statement, str) or len(statement) > LONGEST:
        raise InvalidSoftwareStatement("The software statement is not a JWT.")
    claimed = _unverified(statement).get("iss")
    found = next((each for each in limits.statement_issuers if each.issuer == claimed), None)
    if found is None:
        raise UnapprovedSoftwareStatement("The issuer of the software statement is not trusted here.")
    return found


def _unverified(statement: str) -> Mapping[str, Any]:
    try:
        claims = orjson.loads(jws.extract_compact(statement.encode("ascii")).payload)
    except (JoseError, ValueError) as error:
        raise InvalidSoftwareStatement("The software statement is not a JWT.") from error
    if not isinstance(claims, dict):
        raise InvalidSoftwareStatement("The software statement is not a JWT.")
    return claims


def _described(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in REGISTERED and name != MEMBER}
