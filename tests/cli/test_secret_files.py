"""Secrets without a cluster keep the promises of those in one."""

import os
import stat
from pathlib import Path

import pytest

from ostiary_cli.manifests.directory import read
from ostiary_cli.up.secret_files import SecretFiles
from ostiary_operator.reconcile.secret_port import HeldSecret, SecretChanged, SecretForbidden, WantedSecret

WANTED = WantedSecret("team", "shop-oauth", application="shop", owner="uid-1", data={"client-secret": b"s" * 43})


async def test_a_generated_secret_reads_back_as_it_was_wanted(tmp_path: Path) -> None:
    secrets = SecretFiles(tmp_path)
    made = await secrets.create(WANTED)

    assert made == await secrets.get("team", "shop-oauth") == await SecretFiles(tmp_path).get("team", "shop-oauth")
    assert (made.data, made.labelled, made.application, made.owner) == (WANTED.data, True, "shop", "uid-1")
    path = tmp_path / "team.shop-oauth.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read(path).problems == ()  # a manifest that kubectl would take
    assert os.listdir(tmp_path) == [path.name]


async def test_a_secret_that_exists_is_not_made_again(tmp_path: Path) -> None:
    secrets = SecretFiles(tmp_path)
    await secrets.create(WANTED)

    with pytest.raises(SecretChanged):
        await secrets.create(WANTED)


async def test_keys_that_are_not_wanted_stay_binary_ones_too(tmp_path: Path) -> None:
    secrets = SecretFiles(tmp_path)
    extra = {"mine": b"\xff\x00", "note": b"hello"}
    made = await secrets.create(WantedSecret("team", "shop-oauth", "shop", "uid-1", {**WANTED.data, **extra}))

    assert (await secrets.replace(made, WANTED)).data == {**WANTED.data, **extra}


async def test_what_changed_since_it_was_read_is_not_overwritten(tmp_path: Path) -> None:
    secrets = SecretFiles(tmp_path)
    made = await secrets.create(WANTED)
    await secrets.replace(made, WANTED)

    with pytest.raises(SecretChanged):
        await secrets.replace(made, WANTED)


async def test_a_declared_secret_comes_first_and_is_never_written(tmp_path: Path) -> None:
    secrets = SecretFiles(tmp_path)
    own = HeldSecret("team", "shop-oauth", "v1", {"client-secret": b"own"}, labelled=True)
    secrets.declare({"team/shop-oauth": own})

    assert await secrets.get("team", "shop-oauth") is own
    with pytest.raises(SecretChanged):
        await secrets.create(WANTED)
    with pytest.raises(SecretForbidden, match="is one of your manifests"):
        await secrets.replace(own, WANTED)
    assert os.listdir(tmp_path) == []


async def test_a_damaged_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "team.shop-oauth.yaml").write_text("{")

    with pytest.raises(SecretForbidden, match="delete it for a new secret"):
        await SecretFiles(tmp_path).get("team", "shop-oauth")


async def test_only_what_belonged_to_the_object_goes_with_it(tmp_path: Path) -> None:
    secrets = SecretFiles(tmp_path)
    await secrets.create(WANTED)
    await secrets.create(WantedSecret("team", "orphan-oauth", "orphan", None, WANTED.data))

    secrets.collect("uid-2")
    assert await secrets.get("team", "shop-oauth") is not None
    secrets.collect("uid-1")
    assert await secrets.get("team", "shop-oauth") is None
    assert await secrets.get("team", "orphan-oauth") is not None
