"""What OpenID Connect adds: all of it may be absent, so that binaries of the version before write on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """New tables, and columns that are null in what is there."""
    op.create_table(
        "pairwise_salts",
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["issuers.id"], name=op.f("fk_pairwise_salts_issuer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issuer_id", name=op.f("pk_pairwise_salts")),
    )
    op.create_table(
        "logout_deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("application_incarnation", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logout_deliveries")),
    )
    op.create_table(
        "registrations",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("issuer_id", sa.String(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("application_incarnation", sa.String(), nullable=False),
        sa.Column("metadata", _JSON, nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=True),
        sa.Column("access_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_registrations")),
    )
    op.create_index(
        "ix_registrations_pending",
        "registrations",
        ["client_id"],
        unique=False,
        postgresql_where=sa.text("pending"),
        sqlite_where=sa.text("pending"),
    )
    op.create_index(
        op.f("ix_registrations_application_id_application_incarnation"),
        "registrations",
        ["application_id", "application_incarnation"],
        unique=False,
    )
    op.create_index(op.f("ix_registrations_expires_at"), "registrations", ["expires_at"], unique=False)
    op.create_index(op.f("ix_logout_deliveries_due_at"), "logout_deliveries", ["due_at"], unique=False)
    op.create_index(op.f("ix_logout_deliveries_expires_at"), "logout_deliveries", ["expires_at"], unique=False)
    op.add_column("consents", sa.Column("declined", _JSON, nullable=True))
    op.add_column("consents", sa.Column("claims", _JSON, nullable=True))
    op.add_column("grants", sa.Column("started_in", sa.String(), nullable=True))
    op.add_column("grants", sa.Column("claims", _JSON, nullable=True))
    op.create_index(op.f("ix_grants_started_in"), "grants", ["started_in"], unique=False)
    op.create_index(op.f("ix_users_incarnation"), "users", ["incarnation"], unique=False)
    op.execute("UPDATE schema_version SET version = 2")
