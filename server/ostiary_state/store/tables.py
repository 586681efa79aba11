"""Every table. Instants are seconds since the epoch in UTC; secrets are digests or sealed.

An object's row is keyed by id and incarnation, so that a re-created object starts with nothing: its predecessor's row
stays as a tombstone (`deleted_at`) until the sweeper has removed what hung on it. What must be unique among live
objects (id, client id, username, origin) is unique in a partial index. Migrations are written to equal this module,
and a test compares the two on both engines.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_LIVE = text("deleted_at IS NULL")


def _json() -> TypeEngine[Any]:
    return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _live_index(name: str, table: str, column: str) -> Index:
    """Unique among what is not a tombstone."""
    return Index(f"uq_{table}_{name}", column, unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE)


schema_version = Table(
    "schema_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("oldest_reader", Integer, nullable=False),  # a binary older than this cannot read the schema
    CheckConstraint("id = 1", name="one_row"),
)

revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),  # the highest Lease transition count that has written
    Column("trimmed", BigInteger, nullable=False),  # changes up to here are no longer listed
    CheckConstraint("id = 1", name="one_row"),
)

changes = Table(
    "changes",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
)

replicas = Table(
    "replicas",
    metadata,
    Column("id", String, primary_key=True),
    Column("applied_revision", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False),  # by the database's clock
)

issuers = Table(
    "issuers",
    metadata,
    Column("id", String, primary_key=True),
    Column("origin", String, nullable=False),
    Column("namespace", String),  # null: the default issuer, open to every namespace
    Column("vacated_at", Double),
    Column("retired_at", Double),
    Index(
        "uq_issuers_live_origin",
        "origin",
        unique=True,
        postgresql_where=text("retired_at IS NULL"),
        sqlite_where=text("retired_at IS NULL"),
    ),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String, primary_key=True),
    Column("issuer_id", ForeignKey("issuers.id"), nullable=False, index=True),
    Column("algorithm", String, nullable=False),
    Column("public_jwk", _json(), nullable=False),
    Column("sealed_private_key", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("active_from", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

applications = Table(
    "applications",
    metadata,
    Column("id", String, primary_key=True),
    Column("incarnation", String, primary_key=True),
    Column("client_id", String, nullable=False),
    Column("issuer_id", ForeignKey("issuers.id"), nullable=False, index=True),
    Column("namespace", String, nullable=False),
    Column("spec", _json(), nullable=False),
    Column("secret_digests", _json(), nullable=False),  # hexadecimal; what binaries before `credentials` read
    Column("credentials", _json()),  # null: written before there were any, and the digests are all that is known
    Column("fingerprint", String),  # of the content as it was written; null: by a binary that knew of none
    Column("secrets_fingerprint", String),  # of the credentials
    Column("rotate_at", Double, index=True),
    Column("revoke_at", Double, index=True),  # the last instant at which one that was followed by another expires
    Column("not_before", Double, nullable=False, index=True),
    Column("owned", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("written_at", Double, nullable=False),  # by the database's clock
    Column("deleted_at", Double, index=True),
    _live_index("live_id", "applications", "id"),
    _live_index("live_client_id", "applications", "client_id"),
)

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("incarnation", String, primary_key=True),
    Column("username", String, nullable=False),
    Column("subject", String, nullable=False, unique=True),
    Column("spec", _json(), nullable=False),
    Column("enabled", Boolean, nullable=False),  # copied out of `spec`, for statements that filter by it
    Column("password_hash", String),
    Column("password_version", String),
    Column("not_before", Double, nullable=False, index=True),
    Column("revision", BigInteger, nullable=False),
    Column("written_at", Double, nullable=False),  # by the database's clock
    Column("deleted_at", Double, index=True),
    _live_index("live_id", "users", "id"),
    _live_index("live_username", "users", "username"),
    Index(None, "incarnation"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("issuer_id", String, nullable=False, index=True),
    Column("user_id", String, nullable=False),
    Column("user_incarnation", String, nullable=False),
    Column("auth_time", Double, nullable=False),
    Column("amr", _json(), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("ended_at", Double),
    Index(None, "user_id", "user_incarnation"),
)

consents = Table(
    "consents",
    metadata,
    Column("issuer_id", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    Column("client_id", String, primary_key=True),
    Column("user_incarnation", String, nullable=False),
    Column("application_id", String, nullable=False),
    Column("application_incarnation", String, nullable=False),
    Column("scopes", _json(), nullable=False),
    Column("terms", String, nullable=False),
    Column("granted_at", Double, nullable=False),
    Column("declined", _json()),  # optional scopes that the person refused
    Column("claims", _json()),  # allowed one by one, by the claims parameter
    Index(None, "user_id", "user_incarnation"),
    Index(None, "application_id", "application_incarnation"),
)

grants = Table(
    "grants",
    metadata,
    Column("id", String, primary_key=True),
    Column("issuer_id", String, nullable=False, index=True),
    Column("client_id", String, nullable=False),
    Column("application_id", String, nullable=False),
    Column("application_incarnation", String, nullable=False),
    Column("user_id", String, nullable=False),
    Column("user_incarnation", String, nullable=False),
    Column("session_id", String, index=True),
    Column("scopes", _json(), nullable=False),
    Column("audience", _json(), nullable=False),
    Column("nonce", String),
    Column("auth_time", Double, nullable=False),
    Column("amr", _json(), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("revoked_at", Double),
    Column("code_digest", LargeBinary, unique=True),
    Column("code_redirect_uri", String),
    Column("code_challenge", String),
    Column("code_expires_at", Double),
    Column("code_consumed_at", Double),
    Column("started_in", String, index=True),  # the session, also where the grant outlives it
    Column("claims", _json()),  # the claims parameter of the request
    Index(None, "user_id", "user_incarnation"),
    Index(None, "application_id", "application_incarnation"),
)

refresh_families = Table(
    "refresh_families",
    metadata,
    Column("id", String, primary_key=True),
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Double, nullable=False),
    Column("idle_expires_at", Double, nullable=False, index=True),
    Column("expires_at", Double, nullable=False, index=True),
    Column("revoked_at", Double, index=True),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("family_id", ForeignKey("refresh_families.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("issued_at", Double, nullable=False),
    Column("consumed_at", Double),
    Column("sealed_successor", LargeBinary),
    Column("successor_digest", LargeBinary),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("issuer_id", String, nullable=False),
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), index=True),  # null: client_credentials
    Column("claims", _json(), nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

pairwise_salts = Table(
    "pairwise_salts",
    metadata,
    Column("issuer_id", ForeignKey("issuers.id", ondelete="CASCADE"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
)

registrations = Table(
    "registrations",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("issuer_id", String, nullable=False),
    Column("application_id", String, nullable=False),
    Column("application_incarnation", String, nullable=False),
    Column("metadata", _json(), nullable=False),
    Column("secret_digest", LargeBinary),  # null: a public client
    Column("access_digest", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("pending", Boolean, nullable=False),  # its OAuthApplication does not hold this version yet
    Column("deleted_at", Double),
    Index(None, "application_id", "application_incarnation"),
    Index("ix_registrations_pending", "client_id", postgresql_where=text("pending"), sqlite_where=text("pending")),
)

logout_deliveries = Table(
    "logout_deliveries",
    metadata,
    Column("id", String, primary_key=True),
    Column("issuer_id", String, nullable=False),
    Column("application_id", String, nullable=False),
    Column("application_incarnation", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False, index=True),
    Column("expires_at", Double, nullable=False, index=True),
)

uses = Table(
    "uses",
    metadata,
    Column("application_id", String, primary_key=True),
    Column("application_incarnation", String, primary_key=True),
    Column("credential", String, primary_key=True),  # "": a token was issued
    Column("used_at", Double, nullable=False),
    Column("recorded_at", Double, nullable=False, index=True),
    Column("digest", LargeBinary),  # of a secret that was compared with another product's hash, and matched
)

tampering = Table(  # written by triggers: rows that somebody changed beside us
    "tampering",
    metadata,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("who", String),  # the database's user, where there are any
    Column("removed", Boolean, nullable=False),
    Column("noticed_at", Double, nullable=False),
)

revocations = Table(
    "revocations",
    metadata,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("not_before", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("recorded_at", Double, nullable=False, index=True),  # by the database's clock
)
