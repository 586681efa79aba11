"""What a fault says of itself holds nothing that a person has sent: it ends in a log."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ostiary_state.store.database import Database
from tests.store.repositories import Repositories


@pytest.mark.parametrize("engine", ["read", "write", "snapshot"])
async def test_a_faulty_statement_does_not_tell_its_parameters(sql_store: Repositories, engine: str) -> None:
    database: Database = sql_store.sql
    with pytest.raises(DBAPIError) as caught:
        async with getattr(database, engine)() as transaction:
            await transaction.execute(text("SELECT no_such_column FROM grants WHERE id = :id"), {"id": "a-secret"})
    assert "no_such_column" in str(caught.value)
    assert "a-secret" not in f"{caught.value} {caught.value!r}"
