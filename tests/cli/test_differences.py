"""How two manifests of one object differ."""

from typing import Any

import pytest

from ostiary_cli.asking import effects
from ostiary_cli.differences import changes
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.users.spec import OAuthUserSpec


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({}, {}, []),
        ({}, {"enabled": False}, ["enabled: (default) -> false"]),
        ({"enabled": False}, {}, ["enabled: false -> (default)"]),
        ({"a": {"b": "1"}}, {"a": {"b": "2", "c": "3"}}, ["a.b: 1 -> 2", "a.c: (default) -> 3"]),
        ({"a": {"b": "1"}}, {}, ["a.b: 1 -> (default)"]),
        ({"list": ["x", "y"]}, {"list": ["y", "z"]}, ["list: - x", "list: + z"]),
        ({"list": ["x", "y"]}, {"list": ["y", "x"]}, ["list: the same items -> in another order"]),
        ({"list": ["x"]}, {}, ["list: - x"]),
        ({"claims": [{"name": "a"}]}, {}, ['claims: [{"name": "a"}] -> (default)']),
        ({"text": ""}, {"text": "x"}, ['text: "" -> x']),
    ],
)
def test_each_field_is_told_once(before: dict[str, Any], after: dict[str, Any], lines: list[str]) -> None:
    assert list(map(str, changes(before, after))) == lines


WEB = {"callbackURLs": ["https://a.example.com/cb"], "scopes": ["openid", "profile"]}


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        ({"type": "Public"}, "the cluster refuses this: type cannot be changed"),
        ({"suspend": True}, "later changes are not followed"),
        ({"subjectType": "Pairwise"}, "every user is a new one"),
        ({"allowedGroups": ["staff"]}, "people outside allowedGroups"),
        ({"scopes": ["openid"]}, "scopes that are gone are granted no more"),
        ({"secret": {"name": "other"}}, "a new client secret is generated in the Secret other; the one in web-oauth"),
        ({"authenticationAddress": "https://b.example.com"}, "it moves to another issuer"),
    ],
)
def test_what_a_change_does_beyond_its_field_is_told(change: dict[str, Any], effect: str) -> None:
    old, new = OAuthApplicationSpec.read(WEB), OAuthApplicationSpec.read(WEB | change)
    assert any(effect in each for each in effects.of_application(old, new, "web"))


def test_a_change_of_no_consequence_has_none() -> None:
    old, new = OAuthApplicationSpec.read(WEB), OAuthApplicationSpec.read(WEB | {"displayName": "Web"})
    assert list(effects.of_application(old, new, "web")) == []


def test_a_person_who_is_disabled_is_signed_out() -> None:
    old = OAuthUserSpec.read({"username": "alice"})
    new = OAuthUserSpec.read({"username": "al", "enabled": False, "passwordSecretRef": {"name": "p", "key": "k"}})
    assert len(list(effects.of_user(old, new))) == 3
