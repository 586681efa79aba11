"""TLS to PostgreSQL: libpq's parameters and variables hold for the pool, for LISTEN and for migrations."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from ostiary_cli.migrate import migrate as ostiary_migrate
from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.engine import open_database
from ostiary_state.store.notifications import listen
from tests import postgres
from tests.cluster.certificates import Authority
from tests.postgres import USER

REFUSALS = "certificate verify failed|CERTIFICATE_VERIFY_FAILED"


@dataclass(frozen=True)
class Secured:
    """A server that takes no connection without TLS; its certificate is for 127.0.0.1."""

    port: int
    authority: Path
    stranger: Path  # an authority that did not sign it

    def url(self, query: str = "", *, host: str = "127.0.0.1") -> str:
        return f"postgresql://{USER}@{host}:{self.port}/postgres{query}"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    with postgres.private_folder() as folder:
        leaf = authority.issue("database", hosts=("127.0.0.1",))
        (folder / "rules").write_text("hostssl all all 127.0.0.1/32 trust\n")
        files = {name: folder / name for name in ("server.crt", "server.key")}
        files["server.crt"].write_bytes(leaf.certificate.read_bytes())
        files["server.key"].touch(mode=0o600)
        files["server.key"].write_bytes(leaf.key.read_bytes())
        postgres.hand_over(*folder.iterdir())
        settings = {
            "ssl": "on",
            "ssl_cert_file": str(files["server.crt"]),
            "ssl_key_file": str(files["server.key"]),
            "hba_file": str(folder / "rules"),
        }
        with postgres.running(settings=settings) as server:
            yield Secured(server.port, authority.path, stranger.path)


async def works_encrypted(url: str) -> None:
    assert await asyncio.to_thread(ostiary_migrate, url) == 0
    database = open_database(url)
    async with database.read() as transaction:
        own = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert (await transaction.execute(own)).scalar_one() is True
    async with listen(database, url) as notifications:
        assert await notifications.echo()
    await database.close()


async def is_refused(url: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    database = open_database(url)
    with pytest.raises(StoreUnavailable, match=why):
        async with database.read() as transaction:
            await transaction.execute(text("SELECT 1"))
    with pytest.raises(StoreUnavailable, match=why):
        async with listen(database, url):
            pass
    await database.close()
    assert await asyncio.to_thread(ostiary_migrate, url) == 1
    assert "ostiary migrate: the database did not answer" in capsys.readouterr().err


async def test_verify_full_in_the_url_connects_to_the_host_that_the_authority_names(secured: Secured) -> None:
    await works_encrypted(secured.url(f"?sslmode=verify-full&sslrootcert={secured.authority}"))


async def test_verify_full_in_the_environment_does_the_same(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(secured.authority))

    await works_encrypted(secured.url())


async def test_verify_full_knows_each_of_several_hosts_by_its_own_name(secured: Secured) -> None:
    hosts = f"localhost:{secured.port},127.0.0.1:{secured.port}"
    await works_encrypted(f"postgresql://{USER}@{hosts}/postgres?sslmode=verify-full&sslrootcert={secured.authority}")


async def test_another_authority_is_refused(secured: Secured, capsys: pytest.CaptureFixture[str]) -> None:
    await is_refused(secured.url(f"?sslmode=verify-full&sslrootcert={secured.stranger}"), REFUSALS, capsys)


async def test_another_authority_in_the_environment_is_refused(
    secured: Secured, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(secured.stranger))

    await is_refused(secured.url(), REFUSALS, capsys)


async def test_another_host_name_is_refused(secured: Secured, capsys: pytest.CaptureFixture[str]) -> None:
    url = secured.url(f"?sslmode=verify-full&sslrootcert={secured.authority}", host="localhost")

    await is_refused(url, "certificate verify failed.*(?i:hostname)", capsys)
    await works_encrypted(url.replace("verify-full", "verify-ca"))  # which asks for no name


async def test_a_server_that_demands_tls_refuses_a_client_without(
    secured: Secured, capsys: pytest.CaptureFixture[str]
) -> None:
    await is_refused(secured.url("?sslmode=disable"), "no pg_hba.conf entry", capsys)


async def test_without_a_mode_tls_is_used_where_the_server_has_it(secured: Secured) -> None:
    await works_encrypted(secured.url())


def test_a_mode_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="sslmode"):
        open_database("postgresql://a:hidden@127.0.0.1/x?sslmode=verify_everything")
