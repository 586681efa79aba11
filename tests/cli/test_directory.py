"""What `ostiary up` takes from a directory, and what it keeps beside it."""

import os
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from ostiary_cli.manifests.envelope import Kind
from ostiary_cli.up.data_directory import DataDirectory, DataDirectoryInUse
from ostiary_cli.up.incarnations import Incarnations
from ostiary_cli.up.loopback_address import served_on
from ostiary_cli.up.manifest_folder import ManifestFolder, Snapshot
from tests.cli.manifests import application

SHOP = (Kind.APPLICATION, "team/shop")


@pytest.fixture
def folder(tmp_path: Path) -> ManifestFolder:
    """Over tmp_path/manifests, whose data directory is inside it."""
    (tmp_path / "manifests").mkdir()
    return ManifestFolder(tmp_path / "manifests", tmp_path / "manifests" / "data")


def names(snapshot: Snapshot) -> list[str]:
    return [each.name for each, _ in snapshot.declarations]


def test_a_broken_file_keeps_what_it_declared_and_the_others_count(folder: ManifestFolder, tmp_path: Path) -> None:
    (tmp_path / "manifests" / "a.yaml").write_text(application("a"))
    (tmp_path / "manifests" / "b.yaml").write_text(application("b"))
    assert names(folder.read()) == ["a", "b"]

    (tmp_path / "manifests" / "a.yaml").write_text(application("a2") + "---\n" + application("A3"))
    (tmp_path / "manifests" / "b.yaml").write_text(application("b2"))
    snapshot = folder.read()

    assert names(snapshot) == ["a", "b2"]
    assert [problem.field for problem in snapshot.problems] == ["metadata.name"]
    assert snapshot.broken == {str((tmp_path / "manifests" / "a.yaml").resolve())}


def test_an_object_in_two_files_counts_once(folder: ManifestFolder, tmp_path: Path) -> None:
    for file in ("a", "b"):
        (tmp_path / "manifests" / f"{file}.yaml").write_text(application("shop"))
    snapshot = folder.read()

    assert names(snapshot) == ["shop"]
    assert "is already declared in" in str(snapshot.problems[0])


def test_what_is_not_a_manifest_is_left_alone(folder: ManifestFolder, tmp_path: Path) -> None:
    for place in ("data/secrets", ".git"):
        (tmp_path / "manifests" / place).mkdir(parents=True)
        (tmp_path / "manifests" / place / "x.yaml").write_text("{")
    for name in (".a.yaml.swp", "a.yaml~", ".hidden.yaml", "README.md"):
        (tmp_path / "manifests" / name).write_text("{")

    assert folder.read() == Snapshot((), (), frozenset())


def test_a_save_of_the_same_length_is_seen(folder: ManifestFolder, tmp_path: Path) -> None:
    path = tmp_path / "manifests" / "a.yaml"
    path.write_text(application("a"))
    before = folder.fingerprint()
    assert folder.fingerprint() == before

    status = path.stat()
    path.write_text(application("b"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert folder.fingerprint() != before


def test_an_incarnation_outlives_the_process_and_not_the_manifest(tmp_path: Path) -> None:
    numbers: Iterator[int] = count()
    path, file = tmp_path / "incarnations.json", tmp_path / "shop.yaml"

    def incarnations() -> Incarnations:
        return Incarnations(path, lambda: f"uid-{next(numbers)}")

    incarnations().remember({SHOP: file})
    again = incarnations()
    again.remember({SHOP: file.with_name("moved.yaml")})
    assert incarnations().held[SHOP].uid == "uid-0"
    assert incarnations().held[SHOP].file.endswith("moved.yaml")

    again.forget(SHOP)
    assert incarnations().held == {}
    again.remember({SHOP: file})
    assert incarnations().held[SHOP].uid == "uid-1"


@pytest.mark.parametrize(
    ("address", "port", "served"),
    [
        ("http://shop.localhost", 8080, "http://shop.localhost:8080"),
        ("http://shop.localhost", 80, "http://shop.localhost"),
        ("http://shop.localhost:9000", 8080, "http://shop.localhost:9000"),
        ("http://127.0.0.1", 8080, "http://127.0.0.1:8080"),
        ("http://[::1]", 8080, "http://[::1]:8080"),
        ("http://[::1]:9000", 8080, "http://[::1]:9000"),
        ("https://login.example.com", 8080, "https://login.example.com"),
    ],
)
def test_an_http_address_without_a_port_means_the_listening_one(address: str, port: int, served: str) -> None:
    assert served_on(port)(address) == served


def test_keys_are_made_once_and_nobody_else_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with DataDirectory.locked(path, os.urandom) as data:
        keys = [data.key_encryption_key.read_text(), data.cookie_key.read_text()]
    path.chmod(0o755)
    with DataDirectory.locked(path, os.urandom) as data:
        assert [data.key_encryption_key.read_text(), data.cookie_key.read_text()] == keys

    assert len({*keys}) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.glob("*.key")} == {0o600}
    assert (path / ".gitignore").read_text() == "*\n"


def test_a_data_directory_is_one_processs_at_a_time(tmp_path: Path) -> None:
    with (
        DataDirectory.locked(tmp_path, os.urandom),
        pytest.raises(DataDirectoryInUse, match=f"process {os.getpid()}"),
        DataDirectory.locked(tmp_path, os.urandom),
    ):
        pass
