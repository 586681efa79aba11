"""Several secrets of an application at a time, when each was used, and who changes rows beside us.

Null in what is there.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ostiary_state.store.tampering import triggers

revision = "0003"
down_revision = "0002"

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Binaries of the version before go on reading and writing `secret_digests`."""
    op.add_column("applications", sa.Column("credentials", _JSON, nullable=True))
    op.add_column("applications", sa.Column("fingerprint", sa.String(), nullable=True))
    op.add_column("applications", sa.Column("secrets_fingerprint", sa.String(), nullable=True))
    op.add_column("applications", sa.Column("rotate_at", sa.Double(), nullable=True))
    op.add_column("applications", sa.Column("revoke_at", sa.Double(), nullable=True))
    op.create_index(op.f("ix_applications_rotate_at"), "applications", ["rotate_at"], unique=False)
    op.create_index(op.f("ix_applications_revoke_at"), "applications", ["revoke_at"], unique=False)
    op.create_table(
        "uses",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("application_incarnation", sa.String(), nullable=False),
        sa.Column("credential", sa.String(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("application_id", "application_incarnation", "credential", name=op.f("pk_uses")),
    )
    op.create_index(op.f("ix_uses_recorded_at"), "uses", ["recorded_at"], unique=False)
    op.create_table(
        "tampering",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("noticed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_tampering")),
    )
    for statement in triggers(op.get_bind().dialect.name):
        op.execute(statement)
    op.execute("UPDATE schema_version SET version = 3")
