"""Drafts of whatever product: names, what is dropped, and what keeps a client behind."""

import pytest

from ostiary_cli.importing.conversion import Client, Target, convert
from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_cli.importing.lifetimes import go_seconds
from ostiary_cli.importing.naming import object_name


def machine(client_id: str, name: str | None = None, **spec: object) -> Draft:
    """A draft that is accepted as it is."""
    found = Draft(f"client {client_id}", None, name or client_id, client_id)
    found.spec = {"grantModes": ["client_credentials"], **spec}
    found.secret = GivenSecret(plain="a secret of more than enough length", source="secret")
    return found


def only(draft: Draft) -> Client:
    (client,) = convert([draft], Target())
    return client


def said(client: Client) -> str:
    return "\n".join(f"{each.field}: {each.why}; {each.instead}" for each in client.findings)


@pytest.mark.parametrize(
    ("wished", "name"),
    [
        ("shop", "shop"),
        ("Shop & Söhne", "shop-s-hne"),
        ("--a..b--", "a.b"),
        ("a.-b", "a.b"),
        ("日本", "client"),
        ("x" * 80, "x" * 63),
        ("taken", "taken-2"),
    ],
)
def test_a_name_becomes_one_that_kubernetes_takes(wished: str, name: str) -> None:
    assert object_name(wished, {"taken"}) == name


def test_names_stay_apart_and_within_the_limit() -> None:
    first, second = convert([machine("a", "x" * 80), machine("b", "x" * 70)], Target())
    assert [first.name, second.name] == ["x" * 61 + "-2", "x" * 63]


def test_a_client_id_that_begins_with_its_namespace_names_the_object_by_the_rest() -> None:
    (client,) = convert([machine("team-a.shop")], Target(namespace="team-a"))
    assert (client.name, client.client_id) == ("shop", "team-a.shop")


def test_of_two_clients_with_one_id_the_first_keeps_it() -> None:
    moved, left = convert([machine("shop"), machine("shop", "other")], Target())
    assert (moved.refused, left.refused) == (False, True)
    assert "shop belongs to default/shop, which comes first" in said(left)


def test_a_client_that_stays_behind_takes_no_name() -> None:
    left = machine("not allowed", "shop")
    moved, _ = convert([left, machine("shop")], Target())
    assert moved.name == "shop"


@pytest.mark.parametrize("client_id", ["u_1", "dyn_1", "a" * 129, "a/b", "https://app.example.com"])
def test_a_client_id_that_would_be_refused_keeps_the_client_behind(client_id: str) -> None:
    client = only(machine(client_id, "name"))
    assert client.refused
    assert client.manifests == ()
    assert client.findings[0].field == "client id"


def test_an_address_is_reported_without_what_may_be_secret_in_it() -> None:
    draft = machine("shop")
    draft.put("postLogoutRedirectURLs", ["https://user:hidden@shop.example.com/a?token=hidden"], "after")
    assert "after: https://shop.example.com/a?...: refused; remove the user name before @" in said(only(draft))


def test_a_secret_with_a_line_break_is_replaced() -> None:
    draft = machine("shop")
    draft.secret = GivenSecret(plain="secret\n", source="secret")
    client = only(draft)
    assert client.secret is None
    assert "such as a line break; give the application the secret that is generated in the Secret shop-oauth" in said(
        client
    )


def test_a_secret_that_libraries_encode_differently_is_pointed_out() -> None:
    draft = machine("shop")
    draft.secret = GivenSecret(plain="a+secret%of enough length/", source="secret")
    assert "if the application gets invalid_client, use client_secret_post" in said(only(draft))


def test_more_than_a_manifest_may_list_keeps_the_client_behind() -> None:
    draft = machine("shop")
    draft.put("corsOrigins", [f"https://{number}.example.com" for number in range(65)], "origins")
    client = only(draft)
    assert client.refused
    assert "64" in client.findings[0].instead


def test_texts_that_are_too_long_or_have_lines_are_dropped() -> None:
    client = only(machine("shop", displayName="two\nlines", description="x" * 2000))
    assert client.application["spec"] == {
        "clientID": "shop",
        "grantModes": ["client_credentials"],
        "secret": {"mode": "Require"},
    }


@pytest.mark.parametrize(("text", "seconds"), [("1h30m", 5400), ("90s", 90), ("1.5h", 5400), ("1m500ms", 60)])
def test_durations_of_go_are_read(text: str, seconds: int) -> None:
    assert go_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "1d", "h", "1h ", "-1h"])
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="such as 1h30m"):
        go_seconds(text)
