"""Clients that authenticate by the token of their service account (RFC 7523 section 3, with the cluster as issuer)."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from ostiary_state.applications.workload_identities import WorkloadIdentities, WorkloadIdentity
from tests.factories import ISSUER
from tests.granting import OTHER_ISSUER
from tests.openid.provider import SECRET, Provider
from tests.workloads import (
    CLUSTER_ISSUER,
    SUBJECT,
    FakeClusterAPI,
    Key,
    jwks,
    present,
    service_account_token,
    why_refused,
    with_service_account,
)

RSA = RSAKey.generate_key(2048, parameters={"kid": "cluster"})
EC = ECKey.generate_key("P-256", parameters={"kid": "ec"})
P384 = ECKey.generate_key("P-384", parameters={"kid": "p384"})
P521 = ECKey.generate_key("P-521", parameters={"kid": "p521"})
ED = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
STRANGER = RSAKey.generate_key(2048, parameters={"kid": "cluster"})
FAILED = "The client authentication failed."
NO_JWT = "The client_assertion is not a JWT."


@pytest.fixture
def cluster() -> FakeClusterAPI:
    return FakeClusterAPI([RSA, EC, P384, P521, ED])


@pytest.fixture
def provider(cluster: FakeClusterAPI) -> Provider:
    return with_service_account(cluster)


def token(provider: Provider, key: Key = RSA, algorithm: str = "RS256", **changes: Any) -> str:
    return service_account_token(provider.now, key, algorithm, **changes)


@pytest.mark.parametrize("client_id", ["shop.web", ""])
async def test_a_token_of_its_service_account_authenticates_a_client(provider: Provider, client_id: str) -> None:
    response = await present(provider, token(provider), client_id=client_id)
    assert response.status_code == 200, response.text
    assert (await provider.verified(response.json()["access_token"], typ="at+jwt"))["client_id"] == "shop.web"
    assert provider.statements == [], "no statement, as with a secret"


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (P384, "ES384"), (P521, "ES512"), (ED, "EdDSA")],
)
async def test_whatever_key_the_api_server_signs_with(provider: Provider, key: Key, algorithm: str) -> None:
    assert (await present(provider, token(provider, key, algorithm))).status_code == 200


async def test_nobody_elsewhere_can_keep_a_service_account_from_its_application(provider: Provider) -> None:
    """By a manifest that names it, with keys of its own, two applications would seem to trust one token."""
    identity = WorkloadIdentity(CLUSTER_ISSUER, SUBJECT, jwks=jwks(STRANGER))
    openid = replace(provider.application.openid, workloads=WorkloadIdentities(federated=(identity,)))
    other = replace(provider.application, id="books/web", client_id="books.web", openid=openid)
    provider.directory.put_application(other)
    response = await present(provider, token(provider))
    assert response.status_code == 200, response.text
    assert (await provider.verified(response.json()["access_token"], typ="at+jwt"))["client_id"] == "shop.web"


async def test_it_is_presented_again_until_it_expires(provider: Provider) -> None:
    one = token(provider)
    for _ in range(3):
        assert (await present(provider, one)).status_code == 200
    provider.now += 3600 + 29
    assert (await present(provider, one)).status_code == 200, "clocks may differ by half a minute"
    provider.now += 2
    assert "expired" in await why_refused(provider, one)


async def test_introspection_and_revocation_take_it_too(provider: Provider) -> None:
    access_token = (await present(provider, token(provider))).json()["access_token"]
    asked = await present(provider, token(provider), "/introspect", token=access_token)
    assert asked.json()["active"] is True
    assert (await present(provider, token(provider), "/revoke", token=access_token)).status_code == 200


@pytest.mark.parametrize(
    "subject",
    [
        "system:serviceaccount:books:web",
        "system:serviceaccount:shop:api",
        "system:serviceaccount:shop:web:",
        "system:serviceaccount:shop:WEB",
        "shop.web",
        "system:serviceaccount:shop:*",
    ],
)
@pytest.mark.parametrize("client_id", ["shop.web", ""])
async def test_the_subject_is_one_service_account_of_the_own_namespace(
    provider: Provider, subject: str, client_id: str
) -> None:
    assert await why_refused(provider, token(provider, sub=subject), client_id=client_id) == FAILED


@pytest.mark.parametrize("client_id", ["shop.web", ""])
@pytest.mark.parametrize(
    "audience",
    [
        None,
        [],
        "",
        OTHER_ISSUER.origin,
        f"{ISSUER.origin}/",
        f"{ISSUER.origin}/token",
        [ISSUER.origin, "https://kubernetes.default.svc"],
        ["https://kubernetes.default.svc", ISSUER.origin],
        [ISSUER.origin, ISSUER.origin],
        {"a": ISSUER.origin},
        1,
    ],
)
async def test_the_audience_is_the_issuer_and_nobody_else(provider: Provider, audience: object, client_id: str) -> None:
    said = await why_refused(provider, token(provider, aud=audience), client_id=client_id)
    assert said == f"The aud of the client_assertion must be {ISSUER.origin} and nobody else."


async def test_the_audience_may_be_written_as_text(provider: Provider) -> None:
    assert (await present(provider, token(provider, aud=ISSUER.origin))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"exp": None}, "needs an exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"exp": 1_800_000_000 + 86_431}, "live for at most 86400 seconds"),
        ({"exp": 1_800_000_000 + 365 * 86_400}, "live for at most 86400 seconds"),
        ({"iat": None}, "needs an iat"),
        ({"iat": "now"}, "iat"),
        ({"iat": 1_800_000_031}, "not valid yet"),
        ({"nbf": 1_800_000_031}, "not valid yet"),
        ({"nbf": "now"}, "nbf"),
        ({"header": {"typ": "at+jwt"}}, "another type"),
        ({"header": {"typ": "logout+jwt"}}, "another type"),
    ],
)
async def test_what_a_token_must_say_is_said_in_the_refusal(
    provider: Provider, changes: dict[str, Any], says: str
) -> None:
    assert says in await why_refused(provider, token(provider, **changes))


async def test_a_token_of_a_day_counts(provider: Provider) -> None:
    assert (await present(provider, token(provider, exp=int(provider.now) + 86_400))).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "kubernetes/serviceaccount", "exp": None, "iat": None, "aud": None},  # of a Secret, for ever
        {"iss": "https://kubernetes.default.svc"},
        {"iss": None},
        {"iss": SUBJECT},
        {"iss": ["https://kubernetes.default.svc.cluster.local"]},
    ],
)
async def test_a_token_that_this_cluster_has_not_issued_is_refused(provider: Provider, changes: dict[str, Any]) -> None:
    assert await why_refused(provider, token(provider, **changes)) == FAILED
    if changes["iss"] != SUBJECT:  # which would be one of private_key_jwt, of another client
        assert await why_refused(provider, token(provider, **changes), client_id="shop.web") == FAILED


async def test_a_legacy_token_is_refused_where_the_cluster_has_the_legacy_issuer(
    provider: Provider, cluster: FakeClusterAPI
) -> None:
    cluster.issuer = "kubernetes/serviceaccount"
    legacy = token(provider, iss=cluster.issuer, exp=None, iat=None, nbf=None, aud=ISSUER.origin)
    assert "needs an exp" in await why_refused(provider, legacy)


async def test_neither_none_nor_a_shared_secret_nor_another_key_passes_for_a_signature(provider: Provider) -> None:
    good = token(provider)
    assert await why_refused(provider, "eyJhbGciOiJub25lIn0." + good.split(".")[1] + ".") == FAILED
    shared = OctKey.import_key(SECRET * 4, parameters={"kid": "cluster"})
    assert await why_refused(provider, token(provider, shared, "HS256")) == FAILED
    assert await why_refused(provider, token(provider, STRANGER)) == FAILED
    assert await why_refused(provider, token(provider, header={"kid": "ec"})) == FAILED
    tampered = good.split(".")[0] + "." + token(provider, exp=1_800_000_001).split(".")[1] + "." + good.split(".")[2]
    assert await why_refused(provider, tampered) == FAILED


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/x5u"},
        {"jwk": STRANGER.as_dict(private=False)},
        {"x5c": ["MIIB"]},
        {"crit": ["kid"]},
    ],
)
async def test_a_header_never_says_which_key_counts(provider: Provider, header: dict[str, Any]) -> None:
    for key in (RSA, STRANGER):
        assert await why_refused(provider, token(provider, key, header=header)) in (FAILED, NO_JWT)
    assert provider.outside.fetched == []


async def test_nothing_else_authenticates_such_an_application(provider: Provider) -> None:
    own = ECKey.generate_key("P-256", parameters={"kid": "own"})
    provider.put_openid(jwks=jwks(own))  # of its request objects
    signed = token(provider, own, "ES256", iss="shop.web", sub="shop.web")
    assert await why_refused(provider, signed) == FAILED
    assert await why_refused(provider, signed, client_id="shop.web") == FAILED
    response = await provider.post("/token", {"grant_type": "client_credentials"})
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_it_authenticates_no_application_that_does_not_say_so(provider: Provider) -> None:
    provider.put_openid(workloads=WorkloadIdentities())
    assert await why_refused(provider, token(provider), client_id="shop.web") == FAILED
    assert await why_refused(provider, token(provider)) == FAILED
    provider.put_openid(jwks=jwks(RSA))  # even where it declares the cluster's keys as its own
    assert "iss and the sub" in await why_refused(provider, token(provider), client_id="shop.web")


async def test_a_stranger_learns_no_more_than_of_an_unknown_client(provider: Provider) -> None:
    unknown = await why_refused(provider, token(provider), client_id="shop.nobody")
    assert await why_refused(provider, token(provider, STRANGER), client_id="shop.web") == unknown
    response = await present(provider, token(provider, iss="x", sub="x"), client_id="shop.web")
    assert response.json() == (await present(provider, token(provider, iss="x", sub="x"), client_id="no.one")).json()


async def test_the_log_says_why_and_nothing_of_the_token(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def last() -> str:
        return [record.getMessage() for record in caplog.records if record.name.startswith("ostiary_server")][-1]

    secret = "system:serviceaccount:secret-namespace:secret-name"
    for changes, why in (
        ({"sub": secret}, "its sub is none that the manifest trusts"),
        ({"iss": "https://secret.example"}, "its iss is none that the manifest trusts"),
        ({"header": {"jku": "https://secret.example"}}, "its header names a key"),
    ):
        await why_refused(provider, token(provider, **changes), client_id="shop.web")
        assert why in last()
    await why_refused(provider, token(provider, STRANGER), client_id="shop.web")
    assert "no key verifies it" in last()
    assert "secret" not in caplog.text
    assert "eyJ" not in caplog.text


async def test_two_applications_of_one_service_account_are_told_apart_by_client_id(provider: Provider) -> None:
    other = replace(provider.application, id="shop/jobs", incarnation="uid-jobs", client_id="shop.jobs")
    provider.directory.put_application(other)
    assert "client_id" in await why_refused(provider, token(provider))
    assert await why_refused(provider, token(provider, STRANGER)) == FAILED, "a stranger is not told"
    for client_id in ("shop.web", "shop.jobs"):
        response = await present(provider, token(provider), client_id=client_id)
        assert (await provider.verified(response.json()["access_token"], typ="at+jwt"))["client_id"] == client_id
    provider.directory.remove_application("shop/jobs")
    assert (await present(provider, token(provider))).status_code == 200


async def test_the_same_name_in_another_namespace_is_another_service_account(provider: Provider) -> None:
    other = replace(provider.application, id="books/web", incarnation="uid-books", client_id="books.web")
    provider.directory.put_application(other)
    response = await present(provider, token(provider, sub="system:serviceaccount:books:web"))
    assert (await provider.verified(response.json()["access_token"], typ="at+jwt"))["client_id"] == "books.web"
    assert await why_refused(provider, token(provider), client_id="books.web") == FAILED


async def test_a_disabled_application_is_refused_at_once(provider: Provider) -> None:
    provider.put(enabled=False)
    assert "disabled" in await why_refused(provider, token(provider))


async def test_a_change_of_the_manifest_counts_at_once(provider: Provider) -> None:
    provider.put_openid(workloads=WorkloadIdentities(service_account="api"))
    assert await why_refused(provider, token(provider)) == FAILED
    assert (await present(provider, token(provider, sub="system:serviceaccount:shop:api"))).status_code == 200


async def test_discovery_says_that_assertions_are_taken(provider: Provider) -> None:
    assert (await provider.discovery())["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


async def test_without_a_trusted_cluster_it_is_refused() -> None:
    provider = Provider()
    provider.put(token_endpoint_auth_method="private_key_jwt", grant_modes=frozenset({"client_credentials"}))
    provider.put_openid(workloads=WorkloadIdentities(service_account="web"))
    assert await why_refused(provider, token(provider), client_id="shop.web") == FAILED
    assert await why_refused(provider, token(provider)) == FAILED
