"""Notes who changes a row beside us: each write of ours raises its revision, and a trigger notes those that do not.

Ours need not be held up by it, and those of others must not fail for want of a right.
"""

_TABLES = {"applications": "application", "users": "user"}


def triggers(dialect: str) -> list[str]:
    """The statements that make them."""
    return _postgresql() if dialect == "postgresql" else _sqlite()


def _postgresql() -> list[str]:
    """The function runs as the owner of the tables, whoever changes them."""
    statements = [
        """
        CREATE FUNCTION ostiary_note_tampering() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path FROM CURRENT AS $$
        BEGIN
          INSERT INTO tampering (kind, id, who, removed, noticed_at)
          VALUES (TG_ARGV[0], OLD.id, session_user, TG_OP = 'DELETE', extract(epoch FROM clock_timestamp()))
          ON CONFLICT (kind, id) DO UPDATE
          SET who = excluded.who, removed = excluded.removed, noticed_at = excluded.noticed_at;
          RETURN NULL;
        END $$
        """
    ]
    for table, kind in _TABLES.items():
        call = f"FOR EACH ROW WHEN ({{condition}}) EXECUTE FUNCTION ostiary_note_tampering('{kind}')"
        statements += [
            f"CREATE TRIGGER {table}_changed AFTER UPDATE ON {table} "
            + call.format(condition="NEW.revision = OLD.revision"),
            f"CREATE TRIGGER {table}_removed AFTER DELETE ON {table} "
            + call.format(condition="OLD.deleted_at IS NULL"),
        ]
    return statements


def _sqlite() -> list[str]:
    return [
        f"""
        CREATE TRIGGER {table}_{name} AFTER {event} ON {table} FOR EACH ROW WHEN {condition} BEGIN
          INSERT OR REPLACE INTO tampering (kind, id, who, removed, noticed_at)
          VALUES ('{kind}', OLD.id, NULL, {removed}, (julianday('now') - 2440587.5) * 86400.0);
        END
        """  # noqa: S608 - nothing in it comes from outside
        for table, kind in _TABLES.items()
        for name, event, condition, removed in (
            ("changed", "UPDATE", "NEW.revision = OLD.revision", 0),
            ("removed", "DELETE", "OLD.deleted_at IS NULL", 1),
        )
    ]
