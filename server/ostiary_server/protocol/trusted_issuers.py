"""Who issues the tokens of workloads, and with which keys: this cluster, and issuers that manifests name.

The cluster's own issuer is called whatever its API server says (`--service-account-issuer`). Its keys are read from the
API server itself and not from the `jwks_uri` of its discovery, which may name a host that only others reach, and which
must not see this server's token. A manifest's issuer is found by OpenID Connect Discovery, through the guarded client.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson

from ostiary_server.protocol.client_keys import (
    ALGORITHMS,
    MOST_KEPT,
    UNKNOWN_KEY,
    Key,
    KeysAway,
    SignedClaims,
    read_keys,
    verified_by,
)
from ostiary_server.protocol.issuer_keys import IssuerKeys, Published
from ostiary_server.protocol.ports import ClusterAPI, FetchFailed, Outbound
from ostiary_state.applications.workload_identities import CLUSTER, WorkloadIdentity

DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
CLUSTER_KEYS_PATH: Final = "/openid/v1/jwks"  # of every kube-apiserver
WORKLOAD_ALGORITHMS: Final = (*ALGORITHMS, "ES384", "ES512")  # what kube-apiserver signs with, by its key


class TrustedIssuers:
    """One memory of keys an issuer, whoever's manifest names it. `cluster` None: this cluster's are not trusted."""

    def __init__(self, outbound: Outbound, cluster: ClusterAPI | None, *, clock: Callable[[], float]) -> None:
        self._outbound = outbound
        self._clock = clock
        self._named: dict[tuple[str, str], IssuerKeys] = {}
        self._cluster = None
        if cluster is not None:
            self._cluster = IssuerKeys("this cluster", partial(_of_cluster, cluster), clock=clock)

    async def cluster_issuer(self) -> str | None:
        """The `iss` of this cluster's tokens; None: they are not trusted. Raises FetchFailed while it is not known."""
        return None if self._cluster is None else (await self._cluster.published()).issuer

    @property
    def cluster_keys(self) -> int:
        """How many keys of this cluster are known."""
        known = self._cluster.known if self._cluster is not None else None
        return len(known.keys) if known is not None else 0

    async def until_cluster_is_known(self) -> None:
        """Ask for its keys before the first request needs them, again and again while they cannot be read."""
        while self._cluster is not None and self._cluster.known is None:
            try:
                await self._cluster.published()
            except FetchFailed:
                await asyncio.sleep(UNKNOWN_KEY)

    async def verified(self, token: str, identity: WorkloadIdentity) -> SignedClaims:
        """A token that this workload's issuer signed. Raises NotSigned, and KeysAway where no key is known."""
        return await verified_by(partial(self._keys, identity), token, WORKLOAD_ALGORITHMS)

    async def _keys(self, identity: WorkloadIdentity, kid: str | None) -> Sequence[Key]:
        try:
            if identity.jwks is not None:
                return read_keys(identity.jwks)
            return await self._issuer(identity).keys(kid)
        except FetchFailed as failed:
            raise KeysAway(str(failed)) from failed

    def _issuer(self, identity: WorkloadIdentity) -> IssuerKeys:
        if identity.issuer == CLUSTER:
            if self._cluster is None:
                raise FetchFailed("the tokens of this cluster are not trusted: OSTIARY_CLUSTER_ISSUER_DISCOVERY")
            return self._cluster
        name = (identity.issuer, identity.jwks_url or "")
        if name not in self._named:
            if len(self._named) >= MOST_KEPT:
                self._named.pop(next(iter(self._named)))
            fetch: Callable[[], Awaitable[Published]] = partial(_of_issuer, self._outbound, *name)
            self._named[name] = IssuerKeys(identity.issuer, fetch, clock=self._clock)
        return self._named[name]


async def _of_cluster(cluster: ClusterAPI) -> Published:
    issuer = _document(await cluster.get(DISCOVERY_PATH)).get("issuer")
    if not isinstance(issuer, str) or not issuer:
        raise FetchFailed("the discovery of the cluster has no issuer")
    return Published(issuer, read_keys(await cluster.get(CLUSTER_KEYS_PATH)))


async def _of_issuer(outbound: Outbound, issuer: str, jwks_url: str) -> Published:
    """OpenID Connect Discovery section 4.3: the issuer must say itself that it is the one that was asked."""
    if not jwks_url:
        document = _document(await outbound.fetch(issuer.rstrip("/") + DISCOVERY_PATH, accept="application/json"))
        if document.get("issuer") != issuer:
            raise FetchFailed("its discovery is of another issuer")
        found = document.get("jwks_uri")
        if not isinstance(found, str) or not found.startswith("https://"):
            raise FetchFailed("its discovery has no https jwks_uri")
        jwks_url = found
    return Published(issuer, read_keys(await outbound.fetch(jwks_url, accept="application/jwk-set+json")))


def _document(text: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(text)
    except ValueError as error:
        raise FetchFailed("its discovery is not JSON") from error
    if not isinstance(document, dict):
        raise FetchFailed("its discovery is no JSON object")
    return document
