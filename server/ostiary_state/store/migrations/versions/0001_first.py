"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_LIVE = sa.text("deleted_at IS NULL")
_LIVE_ISSUER = sa.text("retired_at IS NULL")


def upgrade() -> None:
    """Every table, with the one row of those that hold one."""
    op.create_table(
        "changes",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "kind", "id", name=op.f("pk_changes")),
    )
    op.create_table(
        "consents",
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("user_incarnation", sa.String(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("application_incarnation", sa.String(), nullable=False),
        sa.Column("scopes", _JSON, nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("granted_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("issuer_id", "user_id", "client_id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_application_id_application_incarnation"),
        "consents",
        ["application_id", "application_incarnation"],
        unique=False,
    )
    op.create_index(
        op.f("ix_consents_user_id_user_incarnation"), "consents", ["user_id", "user_incarnation"], unique=False
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("application_incarnation", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("user_incarnation", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=True),
        sa.Column("scopes", _JSON, nullable=False),
        sa.Column("audience", _JSON, nullable=False),
        sa.Column("nonce", sa.String(), nullable=True),
        sa.Column("auth_time", sa.Double(), nullable=False),
        sa.Column("amr", _JSON, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("code_redirect_uri", sa.String(), nullable=True),
        sa.Column("code_challenge", sa.String(), nullable=True),
        sa.Column("code_expires_at", sa.Double(), nullable=True),
        sa.Column("code_consumed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_grants_code_digest")),
    )
    op.create_index(
        op.f("ix_grants_application_id_application_incarnation"),
        "grants",
        ["application_id", "application_incarnation"],
        unique=False,
    )
    op.create_index(op.f("ix_grants_expires_at"), "grants", ["expires_at"], unique=False)
    op.create_index(op.f("ix_grants_issuer_id"), "grants", ["issuer_id"], unique=False)
    op.create_index(op.f("ix_grants_session_id"), "grants", ["session_id"], unique=False)
    op.create_index(op.f("ix_grants_user_id_user_incarnation"), "grants", ["user_id", "user_incarnation"], unique=False)
    op.create_table(
        "issuers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=True),
        sa.Column("vacated_at", sa.Double(), nullable=True),
        sa.Column("retired_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuers")),
    )
    op.create_index(
        "uq_issuers_live_origin",
        "issuers",
        ["origin"],
        unique=True,
        postgresql_where=_LIVE_ISSUER,
        sqlite_where=_LIVE_ISSUER,
    )
    op.create_table(
        "replicas",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("applied_revision", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replicas")),
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("trimmed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_revision_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.create_table(
        "revocations",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_revocations")),
    )
    op.create_index(op.f("ix_revocations_expires_at"), "revocations", ["expires_at"], unique=False)
    op.create_index(op.f("ix_revocations_recorded_at"), "revocations", ["recorded_at"], unique=False)
    op.create_table(
        "schema_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("oldest_reader", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_schema_version_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_version")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("user_incarnation", sa.String(), nullable=False),
        sa.Column("auth_time", sa.Double(), nullable=False),
        sa.Column("amr", _JSON, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_issuer_id"), "sessions", ["issuer_id"], unique=False)
    op.create_index(
        op.f("ix_sessions_user_id_user_incarnation"), "sessions", ["user_id", "user_incarnation"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incarnation", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("spec", _JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("password_version", sa.String(), nullable=True),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.Double(), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", "incarnation", name=op.f("pk_users")),
        sa.UniqueConstraint("subject", name=op.f("uq_users_subject")),
    )
    op.create_index(op.f("ix_users_deleted_at"), "users", ["deleted_at"], unique=False)
    op.create_index(op.f("ix_users_not_before"), "users", ["not_before"], unique=False)
    op.create_index("uq_users_live_id", "users", ["id"], unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE)
    op.create_index(
        "uq_users_live_username", "users", ["username"], unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE
    )
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("grant_id", sa.String(), nullable=True),
        sa.Column("claims", _JSON, nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=op.f("fk_access_tokens_grant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_access_tokens")),
    )
    op.create_index(op.f("ix_access_tokens_expires_at"), "access_tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_access_tokens_grant_id"), "access_tokens", ["grant_id"], unique=False)
    op.create_table(
        "applications",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incarnation", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("spec", _JSON, nullable=False),
        sa.Column("secret_digests", _JSON, nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("owned", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.Double(), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_applications_issuer_id")),
        sa.PrimaryKeyConstraint("id", "incarnation", name=op.f("pk_applications")),
    )
    op.create_index(op.f("ix_applications_deleted_at"), "applications", ["deleted_at"], unique=False)
    op.create_index(op.f("ix_applications_issuer_id"), "applications", ["issuer_id"], unique=False)
    op.create_index(op.f("ix_applications_not_before"), "applications", ["not_before"], unique=False)
    op.create_index(
        "uq_applications_live_client_id",
        "applications",
        ["client_id"],
        unique=True,
        postgresql_where=_LIVE,
        sqlite_where=_LIVE,
    )
    op.create_index(
        "uq_applications_live_id", "applications", ["id"], unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE
    )
    op.create_table(
        "refresh_families",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("idle_expires_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=op.f("fk_refresh_families_grant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_families")),
    )
    op.create_index(op.f("ix_refresh_families_expires_at"), "refresh_families", ["expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_families_grant_id"), "refresh_families", ["grant_id"], unique=False)
    op.create_index(op.f("ix_refresh_families_idle_expires_at"), "refresh_families", ["idle_expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_families_revoked_at"), "refresh_families", ["revoked_at"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("public_jwk", _JSON, nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("active_from", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_signing_keys_issuer_id")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
    )
    op.create_index(op.f("ix_signing_keys_expires_at"), "signing_keys", ["expires_at"], unique=False)
    op.create_index(op.f("ix_signing_keys_issuer_id"), "signing_keys", ["issuer_id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.String(), nullable=False),
        sa.Column("issued_at", sa.Double(), nullable=False),
        sa.Column("consumed_at", sa.Double(), nullable=True),
        sa.Column("sealed_successor", sa.LargeBinary(), nullable=True),
        sa.Column("successor_digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["refresh_families.id"], name=op.f("fk_refresh_tokens_family_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_family_id"), "refresh_tokens", ["family_id"], unique=False)
    op.execute("INSERT INTO schema_version (id, version, oldest_reader) VALUES (1, 1, 1)")
    op.execute("INSERT INTO revision (id, value, fence, trimmed) VALUES (1, 0, 0, 0)")
