"""Authentication addresses: the first namespace keeps one, and a later tenant finds nothing of the former."""

import pytest

from ostiary_state.intent import IntentConflict
from ostiary_state.store.intent import GRACE
from tests.store.repositories import Repositories
from tests.store.values import NOW, application, gone

ORIGIN = "https://shop.example.com"


def shop(name: str = "shop/web", **fields):
    return application(name, origin=ORIGIN, namespace="shop", **fields)


def rival(**fields):
    return application("rival/web", origin=ORIGIN, namespace="rival", incarnation="uid-rival", **fields)


async def test_an_address_belongs_to_the_namespace_that_claimed_it(store: Repositories) -> None:
    await store.intent.write([shop()], fence=0, now=NOW)

    with pytest.raises(IntentConflict) as conflict:
        await store.intent.write([rival()], fence=0, now=NOW)

    assert (conflict.value.field, conflict.value.value) == ("origin", ORIGIN)
    assert (conflict.value.holder, conflict.value.write_id) == ("shop", "rival/web")
    issuer = await store.intent.issuer_of_origin(ORIGIN)
    assert issuer is not None
    assert issuer.namespace == "shop"


async def test_applications_of_one_namespace_share_the_issuer(store: Repositories) -> None:
    await store.intent.write([shop()], fence=0, now=NOW)
    await store.intent.write([shop("shop/second"), shop("shop/third")], fence=0, now=NOW)

    assert len({row.issuer_id for row in await store.intent.applications()}) == 1


async def test_the_default_issuer_is_open_to_every_namespace(store: Repositories) -> None:
    await store.intent.write([application("one/web"), application("two/web", incarnation="u2")], fence=0, now=NOW)
    named = application("three/web", incarnation="u3", namespace="three")
    await store.intent.write([named], fence=0, now=NOW)

    assert len({row.issuer_id for row in await store.intent.applications()}) == 1
    issuer = await store.intent.issuer_of_origin("https://login.example.com")
    assert issuer is not None
    assert issuer.namespace is None


async def test_two_namespaces_in_one_write_cannot_share_a_new_address(store: Repositories) -> None:
    with pytest.raises(IntentConflict) as conflict:
        await store.intent.write([shop(), rival()], fence=0, now=NOW)

    assert conflict.value.field == "origin"
    assert await store.intent.issuer_of_origin(ORIGIN) is None


async def test_an_address_is_vacated_by_its_last_application_and_taken_back(store: Repositories) -> None:
    await store.intent.write([shop(), shop("shop/second")], fence=0, now=NOW)
    await store.intent.write([gone(shop())], fence=0, now=NOW + 1)
    occupied = await store.intent.issuer_of_origin(ORIGIN)
    await store.intent.write([gone(shop("shop/second"))], fence=0, now=NOW + 2)
    vacant = await store.intent.issuer_of_origin(ORIGIN)
    await store.intent.write([shop("shop/third")], fence=0, now=NOW + GRACE * 3)
    back = await store.intent.issuer_of_origin(ORIGIN)

    assert occupied is not None
    assert occupied.vacated_at is None
    assert vacant is not None
    assert vacant.vacated_at == NOW + 2
    assert back is not None
    assert (back.id, back.vacated_at) == (vacant.id, None)


async def test_moving_an_application_vacates_its_former_address(store: Repositories) -> None:
    await store.intent.write([shop()], fence=0, now=NOW)
    await store.intent.write([application(namespace="shop", origin="https://new.example.com")], fence=0, now=NOW + 1)

    issuer = await store.intent.issuer_of_origin(ORIGIN)

    assert issuer is not None
    assert issuer.vacated_at == NOW + 1


async def test_a_vacant_address_stays_its_namespaces_for_the_grace(store: Repositories) -> None:
    await store.intent.write([shop()], fence=0, now=NOW)
    await store.intent.write([gone(shop())], fence=0, now=NOW)

    with pytest.raises(IntentConflict):
        await store.intent.write([rival()], fence=0, now=NOW + GRACE - 1)


async def test_after_the_grace_another_namespace_gets_a_new_issuer(store: Repositories) -> None:
    await store.intent.write([shop()], fence=0, now=NOW)
    former = await store.intent.issuer_of_origin(ORIGIN)
    await store.intent.write([gone(shop())], fence=0, now=NOW)

    await store.intent.write([rival()], fence=0, now=NOW + GRACE)

    issuer = await store.intent.issuer_of_origin(ORIGIN)
    assert former is not None
    assert issuer is not None
    assert issuer.id != former.id
    assert (issuer.namespace, issuer.vacated_at) == ("rival", None)
    retired, present = sorted(
        await store.applications.load_issuers([former.id, issuer.id]), key=lambda each: each.retired_at is None
    )
    assert (retired.id, retired.retired_at) == (former.id, NOW + GRACE)
    assert present == issuer
    assert [each.id for each in (await store.applications.load_all()).issuers] == [issuer.id]


async def test_what_becomes_of_an_issuer_is_listed_among_the_changes(store: Repositories) -> None:
    await store.intent.write([shop()], fence=0, now=NOW)
    await store.intent.write([gone(shop())], fence=0, now=NOW)
    await store.intent.write([rival()], fence=0, now=NOW + GRACE)

    listed = (await store.changes.since(0)).changes

    assert [sum(each.revision == revision and each.kind == "issuer" for each in listed) for revision in (1, 2, 3)] == [
        1,
        1,
        2,
    ]
