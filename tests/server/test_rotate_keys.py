"""A person replaces signing keys ahead of their schedule: `ostiary rotate-keys`, beside servers that run."""

import asyncio
import base64
import sys
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from ostiary_state.store.engine import open_database
from tests.server.declared import ORIGIN, stored_application, write
from tests.server.serving import KEY, Served, serving

APPLICATION = stored_application(
    grantModes=["client_credentials"], audiences=["https://api.example.com"], accessTokenFormat="JWT"
)


async def rotate_keys(url: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """The command, in a process of its own; its exit status and all that it said."""
    settings = {"OSTIARY_DATABASE_URL": url, "OSTIARY_KEY_ENCRYPTION_KEYS": KEY, "OSTIARY_COOKIE_KEYS": KEY}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ostiary_cli", "rotate-keys", *arguments),
        env=settings | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def kids(served: Served) -> list[str]:
    """What is published, by the time at which it signs."""
    return [key["kid"] for key in (await served.client.get("/jwks")).json()["keys"]]


async def token(served: Served) -> str:
    answer = await served.client_credentials()
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def kid_of(token: str) -> str:
    header: Mapping[str, Any] = orjson.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    return str(header["kid"])


async def is_live(served: Served, token: str) -> bool:
    return bool((await served.introspect(token)).json()["active"])


async def test_the_next_key_is_published_and_signs_when_every_copy_of_the_jwks_has_it(sql_url: str) -> None:
    await _declare(sql_url)
    async with serving(sql_url) as one, serving(sql_url) as other:
        before, held = await kids(one), await token(one)

        status, said = await rotate_keys(sql_url, "--issuer", ORIGIN)

        assert status == 0, said
        assert "replicas that have these keys: all 2" in said
        after = await kids(one)
        assert after == await kids(other)
        assert after[: len(before)] == before
        assert len(after) == 2 * len(before), "of each algorithm another"
        assert all(kid in said for kid in after[len(before) :])
        assert kid_of(await token(other)) == kid_of(held)
        again, said = await rotate_keys(sql_url, "--issuer", ORIGIN)
        assert (again, await kids(one)) == (0, after), "what waits to sign is not replaced"


async def test_at_once_signs_with_what_is_published_already_and_tokens_of_before_stay_good(sql_url: str) -> None:
    await _declare(sql_url)
    async with serving(sql_url) as one, serving(sql_url) as other:
        held = await token(one)
        await rotate_keys(sql_url, "--all")
        published = await kids(one)

        status, said = await rotate_keys(sql_url, "--all", "--at-once")

        assert status == 0, said
        assert sorted(await kids(one)) == sorted(published)
        fresh = await token(other)
        assert kid_of(fresh) != kid_of(held)
        assert kid_of(fresh) in published
        assert await is_live(one, fresh)
        assert await is_live(one, held)


async def test_compromised_keys_are_gone_with_what_they_signed_on_every_replica(sql_url: str) -> None:
    await _declare(sql_url)
    async with serving(sql_url) as one, serving(sql_url) as other:
        held, before = await token(one), await kids(one)
        await rotate_keys(sql_url, "--all")  # one that waits is in the hands of whoever has the others

        status, said = await rotate_keys(sql_url, "--issuer", ORIGIN, "--compromised")

        assert status == 0, said
        assert all(kid in said for kid in before)
        assert len(await kids(other)) == len(before)
        assert not set(before) & set(await kids(one))
        assert not await is_live(one, held)
        assert not await is_live(other, held)
        assert await is_live(one, await token(other))


async def test_only_the_issuer_that_was_named_gets_new_keys(sql_url: str) -> None:
    elsewhere = "http://elsewhere.localhost"
    await _declare(sql_url, stored_application("far", origin=elsewhere))
    async with serving(sql_url) as served:
        before = await kids(served)
        await rotate_keys(sql_url, "--issuer", elsewhere, "--compromised")
        assert await kids(served) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name each issuer with --issuer, or all of them with --all"),
        (("--issuer", "http://typo.localhost"), f"nothing is served at http://typo.localhost, but at {ORIGIN}"),
    ],
)
async def test_it_says_what_must_be_named(sqlite_url: str, arguments: tuple[str, ...], says: str) -> None:
    await _declare(sqlite_url)
    status, said = await rotate_keys(sqlite_url, *arguments, COLUMNS="200")
    assert status != 0
    assert says in said


async def test_without_the_servers_settings_it_says_which_are_missing(sqlite_url: str) -> None:
    status, said = await rotate_keys(sqlite_url, "--all", OSTIARY_KEY_ENCRYPTION_KEYS="c2hvcnQ=")
    assert status == 1
    assert "OSTIARY_KEY_ENCRYPTION_KEYS" in said
    assert "c2hvcnQ=" not in said
    assert "Traceback" not in said


async def _declare(url: str, *others: Any) -> None:
    database = open_database(url)
    await write(database, APPLICATION, *others)
    await database.close()
