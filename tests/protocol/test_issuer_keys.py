"""Keys of the issuers of workloads' tokens: fetched once, followed when they are rotated, kept when nobody answers."""

import asyncio
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tests.openid.provider import Provider
from tests.workloads import FakeClusterAPI, present, service_account_token, why_refused, with_service_account

FIRST = RSAKey.generate_key(2048, parameters={"kid": "first"})
SECOND = RSAKey.generate_key(2048, parameters={"kid": "second"})


@pytest.fixture
def cluster() -> FakeClusterAPI:
    return FakeClusterAPI([FIRST])


@pytest.fixture
def provider(cluster: FakeClusterAPI) -> Provider:
    return with_service_account(cluster)


def token(provider: Provider, key: RSAKey = FIRST, **changes: Any) -> str:
    return service_account_token(provider.now, key, **changes)


async def test_keys_are_fetched_once_and_never_on_the_way_of_a_request_after_that(
    provider: Provider, cluster: FakeClusterAPI
) -> None:
    answers = await asyncio.gather(*(present(provider, token(provider)) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(cluster.asked) == 2, "its discovery and its keys"
    provider.now += 299
    assert (await present(provider, token(provider))).status_code == 200
    assert len(cluster.asked) == 2


async def test_old_keys_are_fetched_beside_the_request(provider: Provider, cluster: FakeClusterAPI) -> None:
    await present(provider, token(provider))
    provider.now += 301
    assert (await present(provider, token(provider))).status_code == 200
    await asyncio.sleep(0)
    assert len(cluster.asked) == 4


async def test_a_new_signing_key_is_followed_at_once(provider: Provider, cluster: FakeClusterAPI) -> None:
    await present(provider, token(provider))
    provider.now += 11
    cluster.keys = [FIRST, SECOND]
    assert (await present(provider, token(provider, SECOND))).status_code == 200
    assert (await present(provider, token(provider))).status_code == 200, "the former one is still published"


async def test_unknown_key_ids_do_not_ask_the_issuer_each_time(provider: Provider, cluster: FakeClusterAPI) -> None:
    await present(provider, token(provider))
    for _ in range(20):
        await why_refused(provider, token(provider, SECOND))
    assert len(cluster.asked) == 2
    provider.now += 11
    await asyncio.gather(*(why_refused(provider, token(provider, SECOND)) for _ in range(20)))
    assert len(cluster.asked) == 4


async def test_a_key_that_was_withdrawn_ends(provider: Provider, cluster: FakeClusterAPI) -> None:
    await present(provider, token(provider))
    cluster.keys = [SECOND]
    provider.now += 3601
    await why_refused(provider, token(provider))


async def test_known_keys_count_while_the_issuer_is_away(provider: Provider, cluster: FakeClusterAPI) -> None:
    await present(provider, token(provider))
    cluster.away = True
    for seconds in (60, 600, 86_400, 5):
        provider.now += seconds
        assert (await present(provider, token(provider))).status_code == 200
    await why_refused(provider, token(provider, SECOND))
    cluster.away, cluster.keys = False, [SECOND]
    provider.now += 11
    assert (await present(provider, token(provider, SECOND))).status_code == 200


async def test_where_no_key_was_ever_read_the_client_is_asked_to_come_again(
    provider: Provider, cluster: FakeClusterAPI
) -> None:
    cluster.away = True
    for _ in range(3):
        answer = await present(provider, token(provider), client_id="shop.web")
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert answer.headers["retry-after"] == "10"
    assert len(cluster.asked) == 1
    cluster.away = False
    provider.now += 11
    assert (await present(provider, token(provider))).status_code == 200


async def test_the_issuer_is_what_the_api_server_says(provider: Provider, cluster: FakeClusterAPI) -> None:
    cluster.issuer = "https://oidc.example.com/id/1"
    assert (await present(provider, token(provider, iss=cluster.issuer))).status_code == 200
    await why_refused(provider, token(provider))
