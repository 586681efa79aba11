"""The reference tells of every setting, condition and reason, and of none that is not."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.explanations import EXPLANATIONS, Explanation
from ostiary_operator.settings import PREFIX, OperatorSettings

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SETTINGS = REFERENCE / "operator-settings.md"
CONDITIONS = (REFERENCE / "conditions.md").read_text()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing but what every operator needs."""
    for name in ("POD_NAMESPACE", *(PREFIX + name.upper() for name in OperatorSettings.model_fields)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OSTIARY_DATABASE_URL", "sqlite+aiosqlite:///hidden.db")
    return monkeypatch


@pytest.mark.parametrize("name", OperatorSettings.model_fields)
def test_every_setting_is_in_the_reference_with_its_default_and_its_reason(name: str) -> None:
    field = OperatorSettings.model_fields[name]
    sections = re.split(r"^## ", SETTINGS.read_text(), flags=re.MULTILINE)
    section = next((text for text in sections if text.startswith(f"`{PREFIX}{name.upper()}`")), "")
    assert " ".join((field.description or "-").split()) in " ".join(section.split())
    if not field.is_required() and field.default_factory is None and field.default not in (None, "", frozenset()):
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        assert f"Default: `{default}`" in section


def test_the_reference_has_no_setting_that_is_none() -> None:
    named = re.findall(r"^## `OSTIARY_(\w+)`", SETTINGS.read_text(), flags=re.MULTILINE)
    assert [name.lower() for name in named] == list(OperatorSettings.model_fields)


@pytest.mark.parametrize("word", [*Type, *Reason])
def test_every_condition_and_reason_is_explained(word: str) -> None:
    assert f"| `{word}` |" in CONDITIONS


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_an_explanation_that_ostiary_why_prints(reason: Reason) -> None:
    assert reason in {each for _, each in EXPLANATIONS}


def test_the_page_says_of_each_reason_what_ostiary_why_says() -> None:
    said, row = {}, re.compile(r"^\| `(\w+)` \| (.*) \| ?(.*?) ?\|$", flags=re.MULTILINE)
    for section in re.split(r"^## ", CONDITIONS, flags=re.MULTILINE)[1:]:
        for name, meaning, instruction in row.findall(section):
            title = section.splitlines()[0]
            type_ = title if title != "Serving and Ready" else "Ready" if name == "Ready" else "Serving"
            said[type_, name] = Explanation(meaning, instruction)
    assert said == {(str(type_), str(reason)): each for (type_, reason), each in EXPLANATIONS.items()}


def test_no_reason_is_explained_that_is_none() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", CONDITIONS, flags=re.MULTILINE))
    assert explained == {*map(str, Type), *map(str, Reason)}


def test_lists_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSTIARY_WATCH_NAMESPACES", "shop, bank")
    environment.setenv("OSTIARY_USER_NAMESPACES", "people")
    settings = OperatorSettings()
    assert settings.watch_namespaces == {"shop", "bank"}
    assert settings.users_allowed_in == {"people"}


def test_users_are_declared_in_the_operators_own_namespace_unless_told_otherwise(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("POD_NAMESPACE", "ostiary-system")
    assert OperatorSettings().users_allowed_in == {"ostiary-system"}
    environment.setenv("OSTIARY_USER_NAMESPACES", "*")
    assert OperatorSettings().users_allowed_in is None
    environment.setenv("OSTIARY_USER_NAMESPACES", "")
    assert OperatorSettings().users_allowed_in == frozenset()


def test_policies_count_for_an_operator_of_all_namespaces_unless_told_otherwise(
    environment: pytest.MonkeyPatch,
) -> None:
    assert OperatorSettings().follows_policies
    environment.setenv("OSTIARY_WATCH_NAMESPACES", "shop")
    assert not OperatorSettings().follows_policies
    environment.setenv("OSTIARY_POLICIES", "true")
    assert OperatorSettings().follows_policies


@pytest.mark.parametrize(
    ("written", "origin"),
    [("https://Login.example.com", "https://login.example.com"), ("http://id.localhost", "http://id.localhost")],
)
def test_the_default_issuer_is_an_origin(environment: pytest.MonkeyPatch, written: str, origin: str) -> None:
    environment.setenv("OSTIARY_DEFAULT_ISSUER", written)
    assert OperatorSettings().default_issuer == origin


@pytest.mark.parametrize("written", ["http://login.example.com", "https://login.example.com/path", "login"])
def test_another_default_issuer_is_refused(environment: pytest.MonkeyPatch, written: str) -> None:
    environment.setenv("OSTIARY_DEFAULT_ISSUER", written)
    with pytest.raises(ValidationError):
        OperatorSettings()


def test_the_database_url_is_not_shown() -> None:
    assert "hidden" not in repr(OperatorSettings())


@pytest.mark.parametrize("written", ["", "ostiary-server", ":80", "ostiary-server:http", "ostiary-server:0", "a:65536"])
def test_addresses_lead_to_a_service_and_its_port(environment: pytest.MonkeyPatch, written: str) -> None:
    environment.setenv("OSTIARY_ADDRESS_KIND", "Ingress")
    environment.setenv("OSTIARY_ADDRESS_SERVICE", written)
    with pytest.raises(ValidationError, match="OSTIARY_ADDRESS_SERVICE: write the server's Service and its port"):
        OperatorSettings()


def test_a_route_needs_a_gateway(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OSTIARY_ADDRESS_KIND", "HTTPRoute")
    environment.setenv("OSTIARY_ADDRESS_SERVICE", "ostiary-server:80")
    with pytest.raises(ValidationError, match="OSTIARY_ADDRESS_PARENT_REFS: name the gateway"):
        OperatorSettings()
    environment.setenv("OSTIARY_ADDRESS_PARENT_REFS", '[{"name": "public"}]')
    exposure = OperatorSettings().exposure
    assert exposure is not None
    assert exposure.parent_refs == ({"name": "public"},)
