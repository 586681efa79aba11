"""Rows to values and back. No row leaves this package.

A stored spec may hold fields of a newer operator while replicas are rolled over: they are ignored, not refused.
"""

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Label, Row, Table

from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import ClientCredential, first_credentials
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.intent import StoredApplication, StoredUser
from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.grant import AuthorizationCode, Grant
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.refresh_token import RefreshFamily, RefreshToken
from ostiary_state.runtime.session import Session
from ostiary_state.runtime.signing_key import SigningKey
from ostiary_state.users.spec import OAuthUserSpec
from ostiary_state.users.user import User

Record = Mapping[Any, Any]


def labelled(table: Table, prefix: str) -> list[Label[Any]]:
    """A table's columns under `<prefix>_<column>`, for statements that join."""
    return [column.label(f"{prefix}_{column.name}") for column in table.c]


def part(row: Row[*tuple[Any, ...]], prefix: str) -> Record:
    """What `labelled` selected."""
    return {name: row[position] for name, position in _positions(row._fields, prefix)}


@cache
def _positions(names: tuple[str, ...], prefix: str) -> tuple[tuple[str, int], ...]:
    """Column by column; there are as many different rows as there are statements that join."""
    start = len(prefix) + 1
    return tuple((name[start:], place) for place, name in enumerate(names) if name.startswith(f"{prefix}_"))


def application_of(row: Record) -> Application:
    return Application.from_spec(
        OAuthApplicationSpec.model_validate(row["spec"], extra="ignore"),
        id=row["id"],
        incarnation=row["incarnation"],
        revision=row["revision"],
        client_id=row["client_id"],
        issuer_id=row["issuer_id"],
        not_before=row["not_before"],
        credentials=_credentials_of(row),
    )


def stored_application_of(row: Record) -> StoredApplication:
    return StoredApplication(
        id=row["id"],
        incarnation=row["incarnation"],
        client_id=row["client_id"],
        origin=row["origin"],
        namespace=row["namespace"],
        spec=row["spec"],
        credentials=_credentials_of(row),
        rotate_at=row["rotate_at"],
        not_before=row["not_before"],
        owned=row["owned"],
        revision=row["revision"],
        issuer_id=row["issuer_id"],
    )


def _credentials_of(row: Record) -> tuple[ClientCredential, ...]:
    """A binary of the version before replaces the digests and leaves what it does not know."""
    digests = tuple(map(bytes.fromhex, row["secret_digests"]))
    credentials = tuple(map(ClientCredential.of, row["credentials"] or ()))
    if tuple(credential.digest for credential in credentials) == digests:
        return credentials
    return first_credentials(digests, row["written_at"])


def stored_user_of(row: Record) -> StoredUser:
    return StoredUser(
        id=row["id"],
        incarnation=row["incarnation"],
        username=row["username"],
        spec=row["spec"],
        password_hash=row["password_hash"],
        password_version=row["password_version"],
        not_before=row["not_before"],
        subject=row["subject"],
        revision=row["revision"],
    )


def user_of(row: Record) -> User | None:
    """None where an outer join found no user."""
    if row["id"] is None:
        return None
    return User.from_spec(
        OAuthUserSpec.model_validate(row["spec"], extra="ignore"),
        id=row["id"],
        incarnation=row["incarnation"],
        subject=row["subject"],
        not_before=row["not_before"],
        password_hash=row["password_hash"],
        updated_at=row["written_at"],
    )


def issuer_of(row: Record) -> Issuer:
    return Issuer(**row)


def signing_key_of(row: Record) -> SigningKey:
    return SigningKey(**row)


def signing_key_row(key: SigningKey) -> dict[str, Any]:
    return {**_fields(key), "public_jwk": dict(key.public_jwk)}


def session_of(row: Record) -> Session:
    return Session(**{**row, "amr": tuple(row["amr"])})


def session_row(session: Session) -> dict[str, Any]:
    return {**_fields(session), "amr": list(session.amr)}


def consent_of(row: Record) -> Consent | None:
    """None where an outer join found no consent."""
    if row["client_id"] is None:
        return None
    sets = {name: frozenset(row[name] or ()) for name in ("scopes", "declined", "claims")}
    return Consent(**{**row, **sets})


def consent_row(consent: Consent) -> dict[str, Any]:
    sets = {name: sorted(getattr(consent, name)) for name in ("scopes", "declined", "claims")}
    return {**_fields(consent), **sets}


def grant_of(row: Record) -> Grant:
    own = {name: value for name, value in row.items() if not name.startswith("code_")}
    for name in ("scopes", "audience", "amr"):
        own[name] = tuple(own[name])
    code = None
    if row["code_digest"] is not None:
        code = AuthorizationCode(
            digest=row["code_digest"],
            redirect_uri=row["code_redirect_uri"],
            code_challenge=row["code_challenge"],
            expires_at=row["code_expires_at"],
            consumed_at=row["code_consumed_at"],
        )
    return Grant(**own, code=code)


def grant_row(grant: Grant) -> dict[str, Any]:
    row = _fields(grant)
    code = row.pop("code")
    for name in ("scopes", "audience", "amr"):
        row[name] = list(row[name])
    row["claims"] = None if grant.claims is None else dict(grant.claims)
    return row | {
        "code_digest": code and code.digest,
        "code_redirect_uri": code and code.redirect_uri,
        "code_challenge": code and code.code_challenge,
        "code_expires_at": code and code.expires_at,
        "code_consumed_at": code and code.consumed_at,
    }


def family_of(row: Record) -> RefreshFamily:
    return RefreshFamily(**row)


def family_row(family: RefreshFamily) -> dict[str, Any]:
    return _fields(family)


def refresh_token_of(row: Record) -> RefreshToken:
    return RefreshToken(**row)


def refresh_token_row(token: RefreshToken) -> dict[str, Any]:
    return _fields(token)


def access_token_of(row: Record) -> OpaqueAccessToken:
    return OpaqueAccessToken(**row)


def access_token_row(token: OpaqueAccessToken) -> dict[str, Any]:
    return {**_fields(token), "claims": dict(token.claims)}


def _fields(value: Any) -> dict[str, Any]:
    """One level deep, unlike dataclasses.asdict, which copies everything below."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
