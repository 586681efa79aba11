"""A generated Secret has the shape that its manifest gives it, and keeps its value when that changes."""

from typing import Any

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.secret_port import APPLIED_ANNOTATION, HeldSecret
from tests.reconciling.fakes import ISSUER, World, application
from tests.state.cases import EC

CALLBACK = "https://shop.example.com/callback"
SIGNS = {"tokenEndpointAuthMethod": "private_key_jwt", "jwks": {"keys": [EC]}}
USUAL = {
    "authorization-endpoint",
    "client-id",
    "client-secret",
    "end-session-endpoint",
    "issuer",
    "jwks-uri",
    "token-endpoint",
    "userinfo-endpoint",
}


def shaped(generation: int = 1, **secret: Any) -> DeclaredApplication:
    return application({"callbackURLs": [CALLBACK], "secret": secret}, generation=generation)


def held(world: World, name: str = "web-oauth") -> HeldSecret:
    return world.secrets.held["shop", name]


async def test_keys_have_the_names_that_the_consumer_expects(world: World) -> None:
    await world.applications.reconcile(shaped(keys={"clientID": "CLIENT_ID", "clientSecret": "CLIENT_SECRET"}))
    data = held(world).data
    assert set(data) == USUAL - {"client-id", "client-secret"} | {"CLIENT_ID", "CLIENT_SECRET"}
    assert (data["CLIENT_ID"], data["CLIENT_SECRET"].decode()) == (b"shop.web", world.minted[0])


async def test_a_key_that_is_renamed_keeps_its_value_and_the_former_one_goes(world: World) -> None:
    await world.applications.reconcile(application())
    digests = world.store.rows["shop/web"].secret_digests
    outcome = await world.applications.reconcile(shaped(2, keys={"clientSecret": "password"}))
    data = held(world).data
    assert data["password"].decode() == world.minted[0]
    assert "client-secret" not in data
    assert world.store.rows["shop/web"].secret_digests == digests
    assert [notice.reason for notice in outcome.notices] == ["SecretUpdated"]
    await world.applications.reconcile(shaped(3))
    assert held(world).data["client-secret"].decode() == world.minted[0]


async def test_two_keys_that_swap_their_names_do_not_swap_their_values(world: World) -> None:
    await world.applications.reconcile(application())
    await world.applications.reconcile(shaped(2, keys={"clientID": "client-secret", "clientSecret": "client-id"}))
    data = held(world).data
    assert (data["client-id"].decode(), data["client-secret"]) == (world.minted[0], b"shop.web")
    assert len(world.minted) == 1


async def test_aliases_labels_annotations_and_type(world: World) -> None:
    wanted = shaped(
        type="kubernetes.io/basic-auth",
        aliases=[{"name": "username", "from": "clientID"}, {"name": "password", "from": "clientSecret"}],
        labels={"app.kubernetes.io/part-of": "argocd"},
        annotations={"reloader.stakater.com/match": "true"},
    )
    await world.applications.reconcile(wanted)
    secret = held(world)
    assert (secret.data["username"], secret.data["password"].decode()) == (b"shop.web", world.minted[0])
    assert secret.labels["app.kubernetes.io/part-of"] == "argocd"
    assert secret.labels["ostiary.dev/secret"] == "true"
    assert secret.annotations["reloader.stakater.com/match"] == "true"
    assert secret.type == "kubernetes.io/basic-auth"
    await world.applications.reconcile(wanted)
    assert world.secrets.writes == 1


async def test_what_is_not_wanted_any_more_goes_and_what_others_put_there_stays(world: World) -> None:
    await world.applications.reconcile(
        shaped(labels={"team": "shop"}, annotations={"note": "x"}, aliases=[{"name": "user", "from": "clientID"}])
    )
    secret = held(world)
    world.secrets.put(
        "web-oauth",
        {**secret.data, "theirs": b"1"},
        application="web",
        owner="uid-1",
        labels={**secret.labels, "theirs": "1"},
        annotations={**secret.annotations, "theirs": "1"},
    )
    await world.applications.reconcile(shaped(2))
    secret = held(world)
    assert set(secret.data) == USUAL | {"theirs"}
    assert (secret.labels.get("team"), secret.labels["theirs"]) == (None, "1")
    assert (secret.annotations.get("note"), secret.annotations["theirs"]) == (None, "1")


async def test_files_are_rendered_from_the_credentials_and_follow_them(world: World) -> None:
    files = {
        ".env": "CLIENT_ID={{ clientID }}\nCLIENT_SECRET={{ clientSecret }}\nISSUER={{ issuer }}\n",
        "netrc": "machine x login {{ clientID | url_encode }} password {{ clientSecret }}",
    }
    await world.applications.reconcile(shaped(template=files))
    secret = held(world).data["client-secret"].decode()
    env = held(world).data[".env"].decode()
    assert env == f"CLIENT_ID=shop.web\nCLIENT_SECRET={secret}\nISSUER={ISSUER}\n"

    world.secrets.held.clear()
    await world.applications.reconcile(shaped(template=files))
    again = held(world).data
    assert again["client-secret"].decode() != secret
    assert f"CLIENT_SECRET={again['client-secret'].decode()}\n" in again[".env"].decode()


async def test_a_file_that_somebody_edited_is_as_rendered_again(world: World) -> None:
    declared = shaped(template={".env": "ID={{ clientID }}"})
    await world.applications.reconcile(declared)
    secret = held(world)
    edited = {**secret.data, ".env": b"ID=mallory"}
    more = {"labels": secret.labels, "annotations": secret.annotations}
    world.secrets.put("web-oauth", edited, application="web", owner="uid-1", **more)
    outcome = await world.applications.reconcile(declared)
    assert held(world).data[".env"] == b"ID=shop.web"
    assert [notice.reason for notice in outcome.notices] == ["SecretRestored"]


async def test_a_secret_of_an_earlier_release_is_taken_over_without_an_event(world: World) -> None:
    """It says nothing yet of what was put there."""
    await world.applications.reconcile(application())
    secret = held(world)
    annotations = {name: value for name, value in secret.annotations.items() if name != APPLIED_ANNOTATION}
    more = {"labels": secret.labels, "annotations": annotations}
    world.secrets.put("web-oauth", secret.data, application="web", owner="uid-1", **more)
    outcome = await world.applications.reconcile(application())
    assert APPLIED_ANNOTATION in held(world).annotations
    assert held(world).data == secret.data
    assert outcome.notices == ()


async def test_a_type_that_nobody_can_change_is_named_and_the_application_goes_on(world: World) -> None:
    await world.applications.reconcile(application())
    before = held(world)
    outcome = await world.applications.reconcile(shaped(2, type="kubernetes.io/basic-auth"))
    condition = outcome.condition(Type.SECRET_READY)
    assert condition is not None
    assert condition.reason is Reason.OTHER_TYPE
    assert "spec.secret.name" in condition.message
    assert held(world) == before
    assert world.store.rows["shop/web"].secret_digests
    await world.applications.reconcile(shaped(3, type="kubernetes.io/basic-auth", name="web-basic"))
    assert held(world, "web-basic").type == "kubernetes.io/basic-auth"


async def test_one_that_somebody_made_immutable_is_named_and_its_secret_goes_on_counting(world: World) -> None:
    declared = application({"callbackURLs": [CALLBACK], "rotation": {"interval": "24h"}})
    await world.applications.reconcile(declared)
    before, row = held(world), world.store.rows["shop/web"]
    more: dict[str, Any] = {"labels": before.labels, "annotations": before.annotations, "immutable": True}
    world.secrets.put("web-oauth", before.data, application="web", owner="uid-1", **more)
    world.now += 48 * 3600
    outcome = await world.applications.reconcile(declared)
    condition = outcome.condition(Type.SECRET_READY)
    assert condition is not None
    assert (condition.reason, "immutable" in condition.message) == (Reason.NOT_USABLE, True)
    assert world.store.rows["shop/web"].secret_digests == row.secret_digests
    assert len(world.minted) == 1


async def test_one_that_signs_gets_a_secret_without_a_client_secret_where_it_asks_for_one(world: World) -> None:
    spec = {"callbackURLs": [CALLBACK], **SIGNS, "secret": {"aliases": [{"name": "id", "from": "clientID"}]}}
    outcome = await world.applications.reconcile(application(spec))
    assert set(held(world).data) == USUAL - {"client-secret"} | {"id"}
    assert (world.minted, world.store.rows["shop/web"].secret_digests) == ([], ())
    assert outcome.secret_name == "web-oauth"


@pytest.mark.parametrize("secret", [{}, {"secret": {"mode": "None"}}])
async def test_one_that_signs_has_no_secret_else(world: World, secret: dict[str, Any]) -> None:
    outcome = await world.applications.reconcile(application({"callbackURLs": [CALLBACK], **SIGNS, **secret}))
    assert (outcome.secret_name, world.secrets.held) == (None, {})


async def test_the_marks_on_a_secret_name_keys_and_no_value(world: World) -> None:
    await world.applications.reconcile(shaped(template={".env": "{{ clientSecret }}"}))
    assert world.minted[0] not in str(held(world).annotations)
    assert ".env" in held(world).annotations[APPLIED_ANNOTATION]


@pytest.mark.parametrize("broken", ["", "null", "[]", '{"keys": 1}', '{"keys": [1], "labels": [], "annotations": []}'])
async def test_marks_that_somebody_broke_are_written_again_and_the_value_kept(world: World, broken: str) -> None:
    await world.applications.reconcile(application())
    secret = held(world)
    more: dict[str, Any] = {
        "labels": secret.labels,
        "annotations": {**secret.annotations, APPLIED_ANNOTATION: broken},
    }
    world.secrets.put("web-oauth", secret.data, application="web", owner="uid-1", **more)
    await world.applications.reconcile(application())
    assert held(world).data == secret.data
    assert held(world).annotations == secret.annotations
