"""One authenticated way to the Kubernetes API: JSON in, JSON out, over the client of `kubernetes.aio`.

Its generated models are left aside: they cost more than the requests, and a Secret in one of them is a repr away
from a log. Objects stay plain mappings until `objects` or `credentials` parse them.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from kubernetes.aio import client, config

from ostiary_operator.reconcile.secret_port import ClusterUnavailable

logger = logging.getLogger(__name__)

_JSON = "application/json"
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"  # JSON is YAML
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class ApiRefused(Exception):
    """The API answered, and not with success. `status` is HTTP's; the text is the API's own, which quotes no Secret."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the API is and how we say who we are, in the form that kopf takes too."""

    server: str
    ca_path: str | None
    insecure: bool
    scheme: str | None
    token: str | None
    certificate_path: str | None
    private_key_path: str | None


async def configuration() -> client.Configuration:
    """From KUBECONFIG or ~/.kube/config, else from the pod's service account. Raises ConfigException."""
    found = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=found)  # type: ignore[no-untyped-call]
    except config.ConfigException:
        await config.load_kube_config(client_configuration=found)  # type: ignore[no-untyped-call]
    found.connection_pool_maxsize = 0  # watches hold a connection each; requests are bounded by who makes them
    # reading the environment and ~/.netrc anew for each request costs as much as the request; kopf does not either
    found.client_session_kwargs = {"trust_env": False}
    return found


async def credentials(found: client.Configuration) -> Credentials:
    """The same for another client; asks again for a token that expires."""
    header = await found.get_api_key_with_prefix("BearerToken")
    scheme, _, token = (header or "").rpartition(" ")
    return Credentials(
        server=found.host,
        ca_path=found.ssl_ca_cert,
        insecure=not found.verify_ssl,
        scheme=(scheme or "Bearer") if token else None,
        token=token.strip() or None,
        certificate_path=found.cert_file,
        private_key_path=found.key_file,
    )


class Cluster:
    """Requests to the API. Raises ApiRefused, or ClusterUnavailable where trying again may help."""

    def __init__(self, found: client.Configuration, *, timeout: float = 10.0) -> None:
        self.configuration = found
        self._client = client.ApiClient(found)
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """GET."""
        return await self._json("GET", path, query)

    async def find(self, path: str) -> Any:
        """GET of one object; None where there is none."""
        try:
            return await self.get(path)
        except ApiRefused as refused:
            if refused.status != 404:
                raise
            return None

    async def find_metadata(self, path: str) -> Any:
        """The metadata of one object, of which the API then sends nothing else; None where there is none."""
        try:
            return await self._json("GET", path, accept=_METADATA)
        except ApiRefused as refused:
            if refused.status != 404:
                raise
            return None

    async def create(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST."""
        return await self._json("POST", path, body=body)

    async def replace(self, path: str, body: Mapping[str, Any]) -> Any:
        """PUT: with a resourceVersion in the body only what was read is replaced."""
        return await self._json("PUT", path, body=body)

    async def merge(self, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH of what the body says; with a resourceVersion in it only what was read is changed."""
        return await self._json("PATCH", path, None, body, _MERGE)

    async def delete(self, path: str, *, uid: str | None = None) -> Any:
        """DELETE; with a uid only that incarnation."""
        return await self._json("DELETE", path, body={"preconditions": {"uid": uid}} if uid else None)

    async def apply(self, path: str, body: Mapping[str, Any], *, manager: str) -> Any:
        """Server-side apply: what this manager applied before and leaves out now is removed."""
        return await self._json("PATCH", path, {"fieldManager": manager, "force": "true"}, body, _APPLY)

    async def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        """Events until the API ends the stream, which it does every few minutes."""
        query = {**query, "watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": "290"}
        silence = aiohttp.ClientTimeout(total=None, connect=10, sock_read=120)  # a bookmark comes every minute
        response = await self._send("GET", path, query, None, _JSON, silence)
        try:
            await _check(response)
            while line := await response.content.readline():
                yield orjson.loads(line)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ClusterUnavailable(f"the watch broke: {type(error).__name__}") from error
        finally:
            response.close()

    async def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> Any:
        response = await self._send(method, path, query, body, content_type, self._timeout, accept)
        try:
            await _check(response)
            return orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ClusterUnavailable(f"the Kubernetes API broke off: {type(error).__name__}") from error
        finally:
            response.release()

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        content_type: str,
        limit: aiohttp.ClientTimeout,
        accept: str = _JSON,
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": accept, "Content-Type": content_type}
        await self._client.update_params_for_auth(headers, {}, ["BearerToken"], path, method, None)
        url = f"{self.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            answer = await self._client.call_api(method, url, headers, body, _request_timeout=limit)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ClusterUnavailable(f"the Kubernetes API does not answer: {type(error).__name__}") from error
        response: aiohttp.ClientResponse = answer.response
        return response


async def _check(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    try:
        message = str(orjson.loads(await response.read()).get("message", response.reason))
    except (orjson.JSONDecodeError, AttributeError):
        message = str(response.reason)
    if response.status in (401, 408, 429) or response.status >= 500:
        raise ClusterUnavailable(f"the Kubernetes API answers {response.status}: {message[:200]}")
    raise ApiRefused(response.status, message)
