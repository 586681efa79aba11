"""The server's settings come from the environment, and say what is wrong without repeating a secret."""

import base64
import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from ostiary_server.settings import PREFIX, ServerSettings

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "server-settings.md"
KEY = base64.b64encode(b"k" * 32).decode()
NEEDED = {"DATABASE_URL": "sqlite+aiosqlite:///x.db", "KEY_ENCRYPTION_KEYS": KEY, "COOKIE_KEYS": KEY}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ServerSettings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(PREFIX + name, value)
    return monkeypatch


def refusal() -> str:
    with pytest.raises(ValidationError) as caught:
        ServerSettings()
    return str(caught.value)


@pytest.mark.usefixtures("environment")
def test_three_variables_are_enough() -> None:
    settings = ServerSettings()
    assert settings.port == 8080
    assert list(settings.sealing_keys) == [b"k" * 32]


@pytest.mark.parametrize("name", ["KEY_ENCRYPTION_KEYS", "COOKIE_KEYS"])
def test_a_missing_key_is_named_with_both_ways_to_set_it(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(PREFIX + name)
    assert f"set either OSTIARY_{name} or OSTIARY_{name}_FILE" in refusal()


@pytest.mark.parametrize("value", ["not base64 of me!", "c2hvcnQ=", ""])
def test_a_malformed_key_is_refused_with_the_command_that_makes_one_and_without_its_text(
    environment: pytest.MonkeyPatch, value: str
) -> None:
    environment.setenv("OSTIARY_COOKIE_KEYS", value)
    text = refusal()
    assert "openssl rand -base64 32" in text
    assert not value or value not in text


def test_keys_may_come_from_a_file_one_a_line(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{base64.b64encode(b'n' * 32).decode()}\n{KEY}\n")
    environment.delenv("OSTIARY_KEY_ENCRYPTION_KEYS")
    environment.setenv("OSTIARY_KEY_ENCRYPTION_KEYS_FILE", str(file))
    assert list(ServerSettings().sealing_keys) == [b"n" * 32, b"k" * 32]


def test_keys_from_both_sources_are_refused(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("OSTIARY_KEY_ENCRYPTION_KEYS_FILE", str(tmp_path / "keys"))
    assert "set either" in refusal()


def test_a_file_that_cannot_be_read_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("OSTIARY_COOKIE_KEYS")
    environment.setenv("OSTIARY_COOKIE_KEYS_FILE", str(tmp_path / "absent"))
    assert f"OSTIARY_COOKIE_KEYS_FILE: cannot read {tmp_path / 'absent'}" in refusal()


def test_neither_keys_nor_the_password_of_the_database_are_in_the_repr(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSTIARY_DATABASE_URL", "postgresql+asyncpg://o:hunter2@db/o")
    settings = ServerSettings()
    text = repr(settings) + str(settings) + repr(settings.sealing_keys)
    assert "hunter2" not in text
    assert KEY not in text


def test_proxies_are_networks_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSTIARY_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    assert ServerSettings().trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    environment.setenv("OSTIARY_TRUSTED_PROXIES", "10.0.0.0/33")
    assert "such as 10.0.0.0/8" in refusal()


def test_the_api_server_of_the_cluster_is_an_https_address(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSTIARY_CLUSTER_ISSUER_DISCOVERY", "https://10.0.0.1:6443/")
    assert ServerSettings().cluster_issuer_discovery == "https://10.0.0.1:6443/"
    for wrong in ("http://kubernetes.default.svc", "kubernetes.default.svc", "https://a.example/path", "true"):
        environment.setenv("OSTIARY_CLUSTER_ISSUER_DISCOVERY", wrong)
        assert "such as https://kubernetes.default.svc" in refusal()


@pytest.mark.usefixtures("environment")
def test_settings_cannot_be_changed_later() -> None:
    settings = ServerSettings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


@pytest.mark.parametrize("name", ServerSettings.model_fields)
def test_every_setting_is_in_the_reference_with_its_default_and_its_reason(name: str) -> None:
    field = ServerSettings.model_fields[name]
    sections = re.split(r"^## ", REFERENCE.read_text(), flags=re.MULTILINE)
    section = next((text for text in sections if text.startswith(f"`{PREFIX}{name.upper()}`")), "")
    assert " ".join((field.description or "-").split()) in " ".join(section.split())
    if not field.is_required() and field.default not in (None, "", ()):
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        assert f"Default: `{default}`" in section


def test_the_reference_has_no_setting_that_is_none() -> None:
    named = re.findall(r"^## `OSTIARY_(\w+)`", REFERENCE.read_text(), flags=re.MULTILINE)
    assert [name.lower() for name in named] == list(ServerSettings.model_fields)
