"""The two images: small, without a shell, run as nobody, and they say what is in them."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import images

pytestmark = pytest.mark.timeout(300)
SHELLS = {"bin/sh", "bin/bash", "bin/dash", "usr/bin/sh", "usr/bin/bash", "usr/bin/dash"}


@pytest.fixture(scope="module", params=images.PRODUCT)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built image as a docker-archive, and beside it its parts."""
    builder = images.builder()
    builder.build()
    directory = tmp_path_factory.mktemp(request.param)
    archive = directory / "image.tar"
    builder.archive(images.product(request.param), archive)
    with tarfile.open(archive) as parts:
        parts.extractall(directory / "parts", filter="data")
    return directory / "parts"


def test_it_is_smaller_than_two_hundred_mebibytes(image: Path) -> None:
    assert (image.parent / "image.tar").stat().st_size < images.MOST_BYTES


def test_it_has_neither_a_shell_nor_a_package_manager(image: Path) -> None:
    names = {member.name.removeprefix("./") for member in _members(image)}
    assert not names & SHELLS
    assert not [name for name in names if name.endswith(("bin/apt-get", "bin/dpkg", "bin/pip", "bin/pip3"))]
    assert "usr/bin/python3" in names


def test_it_runs_as_nobody_and_names_itself(image: Path) -> None:
    config = json.loads((image / json.loads((image / "manifest.json").read_text())[0]["Config"]).read_text())["config"]
    assert config["User"] == "65532:65532"
    assert config["Labels"]["org.opencontainers.image.title"] == "Ostiary"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert config["Entrypoint"][:2] == ["python3", "-m"]


def test_its_bill_of_materials_has_what_is_installed(image: Path) -> None:
    bill, installed = None, set()
    for layer in _layers(image):
        with tarfile.open(layer) as files:
            for member in files:
                if member.name.endswith("ostiary.cdx.json"):
                    bill = json.load(files.extractfile(member))  # type: ignore[arg-type]
                elif member.name.endswith(".dist-info/METADATA"):
                    text = files.extractfile(member).read().decode()  # type: ignore[union-attr]
                    installed.add(next(line[6:] for line in text.splitlines() if line.startswith("Name: ")).lower())
    assert bill is not None
    listed = {part["name"].lower().replace("_", "-") for part in bill["components"]}
    assert {name.replace("_", "-").replace(".", "-") for name in installed} - {"ostiary"} <= listed
    assert {"libssl3", "libc6", "tzdata"} <= listed


def _layers(image: Path) -> list[Path]:
    return [image / name for name in json.loads((image / "manifest.json").read_text())[0]["Layers"]]


def _members(image: Path) -> Iterator[tarfile.TarInfo]:
    for layer in _layers(image):
        with tarfile.open(layer) as files:
            yield from files
