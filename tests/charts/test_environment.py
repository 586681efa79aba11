"""The environment that the chart gives to processes is what their settings take."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings
from typer.core import TyperGroup
from typer.main import get_command

from ostiary_cli.__main__ import application as command_line
from ostiary_operator.settings import OperatorSettings
from ostiary_server.settings import PREFIX, ServerSettings
from tests.charts.effects import EMBEDDED, OPERATOR, SERVER
from tests.charts.installations import INSTALLATIONS
from tests.charts.overlays import Values
from tests.charts.rendering import Helm

SETTINGS: dict[str, type[BaseSettings]] = {"server": ServerSettings, "operator": OperatorSettings}
LIBPQ = {"PGSSLMODE", "PGSSLROOTCERT"}
URL = "postgresql+asyncpg://ostiary:password@database/ostiary"
each_installation = pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing but what a test puts there."""
    for settings in SETTINGS.values():
        for name in ("POD_NAMESPACE", *(PREFIX + each.upper() for each in settings.model_fields)):
            monkeypatch.delenv(name, raising=False)
    return monkeypatch


@each_installation
def test_every_variable_is_a_setting(values: Values) -> None:
    for pod in Helm().render(values).pods:
        for container in pod.containers:
            if (settings := SETTINGS.get(container["name"])) is not None:
                known = {PREFIX + name.upper() for name in settings.model_fields} | LIBPQ
                names = [each["name"] for each in container["env"]]
                assert set(names) <= known
                assert len(names) == len(set(names))


@each_installation
def test_settings_can_be_read_from_what_a_pod_has(
    values: Values, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for pod in Helm().render(values).pods:
        (keys := tmp_path / "keys").write_text(base64.b64encode(b"k" * 32).decode())
        for container in pod.containers:
            if (settings := SETTINGS.get(container["name"])) is not None:
                with environment.context() as given:
                    for each in container["env"]:
                        value = each.get("value", URL)
                        given.setenv(each["name"], str(keys) if each["name"].endswith("_KEYS_FILE") else value)
                    settings()


@each_installation
def test_every_command_line_can_be_read(values: Values, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSTIARY_DATABASE_URL", URL)
    commands = get_command(command_line)
    assert isinstance(commands, TyperGroup)
    for pod in Helm().render(values).pods:
        for container in pod.containers:
            if "command" in container:
                assert container["command"] == ["python3", "-m", "ostiary_cli"]
                name, *arguments = container["args"]
                commands.commands[name].make_context(name, arguments)  # raises UsageError


@each_installation
def test_keys_are_read_from_where_they_are_mounted(values: Values) -> None:
    for pod in Helm().render(values).pods:
        for container in pod.containers:
            files = [each["value"] for each in container.get("env", ()) if each["name"].endswith("_KEYS_FILE")]
            mounts = [each["mountPath"] for each in container.get("volumeMounts", ()) if each["name"] == "keys"]
            for file in files:
                assert str(Path(file).parent) in mounts


def test_processes_of_one_installation_share_their_database() -> None:
    for values in INSTALLATIONS.values():
        found = [
            next(each for each in container["env"] if each["name"] == "OSTIARY_DATABASE_URL")
            for pod in Helm().render(values).pods
            for container in pod.containers
            if container["name"] in ("server", "operator", "migrate")
        ]
        assert len(found) == 3
        assert all(each == found[0] for each in found)


@pytest.mark.parametrize(
    ("name", "process", "field", "expected"),
    [
        ("sqlite", "operator", "lease_name", ""),
        ("postgres", "operator", "lease_name", "try-ostiary-operator"),
        ("postgres", "operator", "namespace", "ostiary"),
        ("postgres", "operator", "service_account", "try-ostiary-operator"),
        ("postgres", "operator", "watch_namespaces", frozenset()),
        ("postgres", "operator", "secrets_cluster_role", "try-ostiary-secrets"),
        ("postgres", "operator", "restarts_cluster_role", "try-ostiary-restarts"),
        ("postgres", "operator", "server_url", "http://try-ostiary-server:80"),
        ("sqlite", "operator", "server_url", "http://127.0.0.1:8080"),
        ("postgres", "operator", "bind_secrets", True),
        ("watching namespaces", "operator", "bind_secrets", False),
        ("watching namespaces", "operator", "watch_namespaces", frozenset({"shop", "bank", "ostiary"})),
        ("postgres", "operator", "user_namespaces", None),
        ("everything", "operator", "user_namespaces", frozenset({"people", "ostiary"})),
        ("everything", "operator", "default_issuer", "https://login.example.com"),
        ("everything", "operator", "database_pooler", True),
        ("everything", "server", "database_pooler", True),
        ("everything", "server", "session_lifetime", 3600),
        ("postgres", "server", "listen_url", None),
    ],
)
def test_a_value_means_what_the_setting_understands(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str, process: str, field: str, expected: Any
) -> None:
    (keys := tmp_path / "keys").write_text(base64.b64encode(b"k" * 32).decode())
    for each in _container(INSTALLATIONS[name], process)["env"]:
        value = each.get("value", URL)
        environment.setenv(each["name"], str(keys) if each["name"].endswith("_KEYS_FILE") else value)
    assert getattr(SETTINGS[process](), field) == expected


def _container(values: Values, process: str) -> dict[str, Any]:
    own = {"server": SERVER, "operator": OPERATOR}[process][1]
    pods = Helm().render(values).pods
    pod = next(pod for pod in pods if pod.owner in (f"Deployment/{own}", f"Deployment/{EMBEDDED[1]}"))
    return pod.container(process)
