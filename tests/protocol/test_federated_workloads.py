"""Workloads outside the cluster: their issuers are found by discovery, or the manifest has their keys."""

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from ostiary_state.applications.workload_identities import WorkloadIdentities, WorkloadIdentity
from tests.factories import ISSUER
from tests.openid.provider import Provider
from tests.workloads import (
    CLUSTER_ISSUER,
    FORGE,
    FakeClusterAPI,
    Key,
    jwks,
    present,
    service_account_token,
    why_refused,
)

MAIN = "repo:example/shop:ref:refs/heads/main"
DISCOVERY = f"{FORGE}/.well-known/openid-configuration"
KEYS = f"{FORGE}/.well-known/jwks"
RSA = RSAKey.generate_key(2048, parameters={"kid": "forge"})
EC = ECKey.generate_key("P-256", parameters={"kid": "ec"})
CLUSTER = RSAKey.generate_key(2048, parameters={"kid": "cluster"})
FAILED = "The client authentication failed."
AWAY = (503, "temporarily_unavailable")


@pytest.fixture
def provider() -> Provider:
    provider = Provider(cluster=FakeClusterAPI([CLUSTER]))
    provider.put(
        token_endpoint_auth_method="private_key_jwt",
        credentials=(),
        grant_modes=frozenset({"client_credentials"}),
    )
    trusts(provider, WorkloadIdentity(FORGE, MAIN))
    provider.outside.documents[DISCOVERY] = json.dumps({"issuer": FORGE, "jwks_uri": KEYS}).encode()
    provider.outside.documents[KEYS] = jwks(RSA)
    return provider


def trusts(provider: Provider, *identities: WorkloadIdentity, service_account: str | None = None) -> None:
    provider.put_openid(workloads=WorkloadIdentities(service_account, identities))


def token(provider: Provider, key: Key = RSA, algorithm: str = "RS256", **changes: Any) -> str:
    """As the forge issues one."""
    of_forge = {
        "iss": FORGE,
        "sub": MAIN,
        "aud": ISSUER.origin,
        "exp": int(provider.now) + 300,
        "jti": "a",
        "kubernetes.io": None,
        "ref": "refs/heads/main",
        "header": {"typ": "JWT", "x5t": "thumbprint"},
    }
    return service_account_token(provider.now, key, algorithm, **of_forge | changes)


async def answer(provider: Provider, assertion: str, **form: str) -> tuple[int, str | None]:
    response = await present(provider, assertion, **form)
    return response.status_code, response.json().get("error")


@pytest.mark.parametrize("client_id", ["shop.web", ""])
async def test_a_pipeline_authenticates_by_its_token_as_often_as_it_needs(provider: Provider, client_id: str) -> None:
    one = token(provider)
    for _ in range(3):
        response = await present(provider, one, client_id=client_id)
        assert response.status_code == 200, response.text
    assert provider.outside.fetched == [DISCOVERY, KEYS]
    assert provider.statements == []


@pytest.mark.parametrize(
    "subject",
    [
        "repo:example/shop:ref:refs/heads/mai",
        "repo:example/shop:ref:refs/heads/main2",
        "repo:Example/shop:ref:refs/heads/main",
        "repo:example/shop:pull_request",
        "repo:evil/shop:ref:refs/heads/main",
    ],
)
async def test_the_subject_is_compared_character_by_character(provider: Provider, subject: str) -> None:
    for client_id in ("shop.web", ""):
        assert await why_refused(provider, token(provider, sub=subject), client_id=client_id) == FAILED


async def test_the_issuer_is_compared_character_by_character(provider: Provider) -> None:
    for issuer in (f"{FORGE}/", FORGE.upper(), "https://evil.example", CLUSTER_ISSUER):
        assert await why_refused(provider, token(provider, iss=issuer), client_id="shop.web") == FAILED


async def test_the_audience_is_the_one_of_the_manifest(provider: Provider) -> None:
    trusts(provider, WorkloadIdentity(FORGE, MAIN, "sts.example"))
    assert "must be sts.example" in await why_refused(provider, token(provider))
    assert "must be sts.example" in await why_refused(provider, token(provider, aud=["sts.example", ISSUER.origin]))
    assert (await present(provider, token(provider, aud="sts.example"))).status_code == 200


async def test_the_same_rules_of_time_hold(provider: Provider) -> None:
    assert "at most 86400" in await why_refused(provider, token(provider, exp=int(provider.now) + 90_000))
    assert "needs an iat" in await why_refused(provider, token(provider, iat=None))
    assert "needs an exp" in await why_refused(provider, token(provider, exp=None))
    one = token(provider)
    provider.now += 331
    assert "expired" in await why_refused(provider, one)


async def test_the_manifest_may_have_the_keys_itself(provider: Provider) -> None:
    trusts(provider, WorkloadIdentity(FORGE, MAIN, jwks=jwks(EC)))
    assert (await present(provider, token(provider, EC, "ES256"))).status_code == 200
    assert await why_refused(provider, token(provider)) == FAILED
    assert provider.outside.fetched == []


async def test_the_manifest_may_say_where_the_keys_are(provider: Provider) -> None:
    trusts(provider, WorkloadIdentity(FORGE, MAIN, jwks_url="https://keys.example.com"))
    provider.outside.documents["https://keys.example.com"] = jwks(EC)
    assert (await present(provider, token(provider, EC, "ES256"))).status_code == 200
    assert await why_refused(provider, token(provider)) == FAILED
    assert provider.outside.fetched == ["https://keys.example.com"]


async def test_keys_that_one_manifest_names_count_for_no_other(provider: Provider) -> None:
    """Whoever may write a manifest says whose tokens are theirs, and nobody else's."""
    evil = replace(
        provider.application,
        id="evil/web",
        incarnation="uid-evil",
        client_id="evil.web",
        openid=replace(
            provider.application.openid,
            workloads=WorkloadIdentities(None, (WorkloadIdentity(FORGE, MAIN, jwks_url="https://evil.example/keys"),)),
        ),
    )
    provider.directory.put_application(evil)
    provider.outside.documents["https://evil.example/keys"] = jwks(EC)
    forged = token(provider, EC, "ES256")
    assert (await present(provider, forged, client_id="evil.web")).status_code == 200
    assert await why_refused(provider, forged, client_id="shop.web") == FAILED
    assert (await present(provider, token(provider), client_id="shop.web")).status_code == 200


@pytest.mark.parametrize(
    "document",
    [
        b"no json",
        b"[]",
        json.dumps({"issuer": "https://other.example", "jwks_uri": KEYS}).encode(),
        json.dumps({"issuer": FORGE}).encode(),
        json.dumps({"issuer": FORGE, "jwks_uri": 1}).encode(),
        json.dumps({"issuer": FORGE, "jwks_uri": KEYS.replace("https:", "http:")}).encode(),
        json.dumps({"issuer": FORGE, "jwks_uri": "https://away.example/"}).encode(),
        None,
    ],
)
async def test_an_issuer_whose_keys_cannot_be_found_is_asked_again_later(
    provider: Provider, document: bytes | None
) -> None:
    if document is None:
        del provider.outside.documents[DISCOVERY]
    else:
        provider.outside.documents[DISCOVERY] = document
    assert await answer(provider, token(provider), client_id="shop.web") == AWAY
    assert await answer(provider, token(provider), client_id="shop.web") == AWAY
    assert provider.outside.fetched.count(DISCOVERY) == 1, "not at every request"
    provider.outside.documents[DISCOVERY] = json.dumps({"issuer": FORGE, "jwks_uri": KEYS}).encode()
    provider.now += 11
    assert await answer(provider, token(provider), client_id="shop.web") == (200, None)


async def test_nothing_is_fetched_for_a_token_that_no_manifest_could_mean(provider: Provider) -> None:
    await why_refused(provider, token(provider, iss="https://evil.example"))
    await why_refused(provider, token(provider, iss="https://evil.example"), client_id="shop.web")
    await why_refused(provider, token(provider, sub="repo:evil/evil"), client_id="shop.web")
    assert provider.outside.fetched == []


async def test_a_service_account_of_this_cluster_is_not_named_by_federated(provider: Provider) -> None:
    """It could be of any namespace."""
    other = "system:serviceaccount:books:web"
    provider.outside.documents[f"{CLUSTER_ISSUER}/.well-known/openid-configuration"] = json.dumps(
        {"issuer": CLUSTER_ISSUER, "jwks_uri": KEYS}
    ).encode()
    provider.outside.documents[KEYS] = jwks(CLUSTER)
    trusts(provider, WorkloadIdentity(CLUSTER_ISSUER, other))
    good = service_account_token(provider.now, CLUSTER, sub=other)
    assert await why_refused(provider, good) == FAILED
    assert await why_refused(provider, good, client_id="shop.web") == FAILED


async def test_another_cluster_may_have_the_same_issuer_where_the_manifest_has_its_keys(provider: Provider) -> None:
    """Most clusters that kubeadm made are called the same."""
    elsewhere = "system:serviceaccount:elsewhere:web"
    trusts(provider, WorkloadIdentity(CLUSTER_ISSUER, elsewhere, jwks=jwks(EC)), service_account="web")
    good = service_account_token(provider.now, EC, "ES256", sub=elsewhere)
    assert (await present(provider, good)).status_code == 200
    assert await why_refused(provider, service_account_token(provider.now, CLUSTER, sub=elsewhere)) == FAILED
    assert await why_refused(provider, service_account_token(provider.now, EC, "ES256")) == FAILED
    assert (await present(provider, service_account_token(provider.now, CLUSTER))).status_code == 200


async def test_pipelines_do_not_wait_for_a_cluster_that_is_away(provider: Provider) -> None:
    cluster = provider.cluster
    assert isinstance(cluster, FakeClusterAPI)
    cluster.away = True
    trusts(provider, WorkloadIdentity(FORGE, MAIN), service_account="web")
    assert (await present(provider, token(provider))).status_code == 200
    assert cluster.asked == []
    assert await answer(provider, service_account_token(provider.now, CLUSTER)) == AWAY
