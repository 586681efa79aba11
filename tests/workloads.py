"""Workloads' tokens as a cluster, a pipeline or a cloud issues them, and an API server that says whose keys count."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from ostiary_server.protocol.ports import FetchFailed
from ostiary_state.applications.workload_identities import WorkloadIdentities
from tests.factories import ISSUER
from tests.openid.provider import Provider

Key = RSAKey | ECKey | OKPKey

CLUSTER_ISSUER = "https://kubernetes.default.svc.cluster.local"
FORGE = "https://token.actions.githubusercontent.com"
SUBJECT = "system:serviceaccount:shop:web"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def jwks(*keys: Key) -> bytes:
    return json.dumps(KeySet(list(keys)).as_dict(private=False)).encode()


@dataclass
class FakeClusterAPI:
    """Answers as kube-apiserver does at the two paths of its discovery."""

    keys: list[Key]
    issuer: str = CLUSTER_ISSUER
    away: bool = False
    asked: list[str] = field(default_factory=list)

    async def get(self, path: str) -> bytes:
        self.asked.append(path)
        if self.away:
            raise FetchFailed("the API server does not answer")
        return {
            "/.well-known/openid-configuration": json.dumps(
                {"issuer": self.issuer, "jwks_uri": "https://10.0.0.1:6443/openid/v1/jwks"}
            ).encode(),
            "/openid/v1/jwks": jwks(*self.keys),
        }[path]


def service_account_token(now: float, key: Key, algorithm: str = "RS256", **changes: Any) -> str:
    """As TokenRequest issues one, but for `changes` (None: left out; `header`: of the header)."""
    header = {"alg": algorithm, "kid": key.kid} | changes.pop("header", {})
    claims = {
        "aud": [ISSUER.origin],
        "exp": int(now) + 3600,
        "iat": int(now),
        "iss": CLUSTER_ISSUER,
        "jti": "0a52a8a1-6b4f-4b73-8f2e-6f3d9a3f8a55",
        "kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "web", "uid": "u"}},
        "nbf": int(now),
        "sub": SUBJECT,
    } | changes
    content = {name: value for name, value in claims.items() if value is not None}
    header = {name: value for name, value in header.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA, whose name RFC 9864 replaces
        return jws.serialize_compact(header, json.dumps(content), key, algorithms=[algorithm])


async def present(provider: Provider, assertion: str, path: str = "/token", **form: str) -> httpx.Response:
    """A client's request; a value that is empty is not sent."""
    body = {"grant_type": "client_credentials", "client_assertion": assertion, "client_assertion_type": TYPE} | form
    async with provider.client() as client:
        return await client.post(path, data={name: value for name, value in body.items() if value})


async def why_refused(provider: Provider, token: str, **form: str) -> str:
    """What the client is told."""
    response = await present(provider, token, **form)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client"), response.text
    description: str = response.json()["error_description"]
    assert token not in description
    return description


def with_service_account(cluster: FakeClusterAPI) -> Provider:
    """A provider whose application authenticates by the service account `web`, and trusts this cluster."""
    provider = Provider(cluster=cluster)
    provider.put(
        token_endpoint_auth_method="private_key_jwt",
        credentials=(),
        grant_modes=frozenset({"client_credentials"}),
    )
    provider.put_openid(workloads=WorkloadIdentities(service_account="web"))
    return provider
