"""One store a test: in memory, on SQLite, on PostgreSQL. `store` runs a test over all three, `sql_store` over two."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ostiary_state.store.schema import migrate
from tests.store.repositories import Repositories, in_memory, in_sql


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'ostiary.db'}"


@pytest.fixture
async def sqlite_url(empty_sqlite_url: str) -> str:
    """A migrated file of this test's own."""
    await migrate(empty_sqlite_url)
    return empty_sqlite_url


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest) -> str:
    """Empty: in memory."""
    return "" if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_url(request: pytest.FixtureRequest) -> str:
    """A migrated database."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """A database without a schema."""
    return request.getfixturevalue(f"empty_{request.param}_url")


@pytest.fixture
async def store(any_url: str) -> AsyncIterator[Repositories]:
    """What every back end must do alike."""
    if not any_url:
        yield in_memory()
        return
    async with _opened(any_url) as repositories:
        yield repositories


@pytest.fixture
async def sql_store(sql_url: str) -> AsyncIterator[Repositories]:
    """What only a database can get wrong."""
    async with _opened(sql_url) as repositories:
        yield repositories


@pytest.fixture
async def postgresql_store(postgresql_url: str) -> AsyncIterator[Repositories]:
    """What PostgreSQL alone does."""
    async with _opened(postgresql_url) as repositories:
        yield repositories


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Repositories]:
    """What SQLite alone does."""
    async with _opened(sqlite_url) as repositories:
        yield repositories


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Repositories]:
    repositories = in_sql(url)
    try:
        yield repositories
    finally:
        await repositories.sql.close()
