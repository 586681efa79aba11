"""What a fault says of itself holds nothing that a person has sent: it ends in a log."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DBAPIError

from ostiary_state.store.database import Database
from ostiary_state.store.engine import open_database
from tests.store.repositories import Repositories


@pytest.mark.parametrize("engine", ["read", "write", "snapshot"])
async def test_a_faulty_statement_does_not_tell_its_parameters(sql_store: Repositories, engine: str) -> None:
    database: Database = sql_store.sql
    with pytest.raises(DBAPIError) as caught:
        async with getattr(database, engine)() as transaction:
            await transaction.execute(text("SELECT no_such_column FROM grants WHERE id = :id"), {"id": "a-secret"})
    assert "no_such_column" in str(caught.value)
    assert "a-secret" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    "url", ["postgresql://u:p@ss:word@host/db", "postgresql://u:p@ss:word@host:5432/db", "pass word"]
)
def test_a_url_that_cannot_be_read_does_not_tell_its_password(url: str) -> None:
    with pytest.raises((ValueError, ArgumentError)) as caught:
        open_database(url)
    assert "word" not in str(caught.value).removesuffix("in the password")
    assert caught.value.__cause__ is None
