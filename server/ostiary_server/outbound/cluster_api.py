"""The API server of this cluster, for the two documents that it publishes about its service accounts' tokens."""

import ssl
from pathlib import Path
from typing import Final

from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector

from ostiary_server.outbound.requests import TIMEOUT, USER_AGENT, body_of
from ostiary_server.protocol.ports import FetchFailed

MOUNTED: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")  # where Kubernetes puts it into pods


class ClusterAPI:
    """The protocol's `ClusterAPI`. Whom to trust and what to show is read anew each time: the kubelet replaces both.

    It goes to the one address that the operator of this server has set, so the guard against internal ones is not for
    it; and nothing that it sends is a manifest's to say.
    """

    def __init__(self, address: str, *, authority: Path | None, token: Path | None) -> None:
        self._address = address.rstrip("/")
        self._authority = authority
        self._token = token

    async def get(self, path: str) -> bytes:
        """The body of a 200. Raises FetchFailed."""
        shown = self._address + path
        try:
            # Its keys are application/jwk-set+json alone, and asked for as plain JSON they are 406.
            headers = {"Accept": "application/json, application/jwk-set+json", "User-Agent": USER_AGENT}
            if self._token is not None:
                headers["Authorization"] = f"Bearer {self._token.read_text().strip()}"
            trust = ssl.create_default_context(cafile=self._authority)
            async with (
                ClientSession(
                    connector=TCPConnector(ssl=trust), timeout=TIMEOUT, cookie_jar=DummyCookieJar(), trust_env=False
                ) as session,
                session.get(shown, headers=headers, allow_redirects=False) as response,
            ):
                if response.status in {401, 403}:
                    raise FetchFailed(
                        f"{shown} answered {response.status}: bind the ClusterRole"
                        " system:service-account-issuer-discovery to this server's service account"
                    )
                if response.status != 200:
                    raise FetchFailed(f"{shown} answered {response.status}")
                return await body_of(response, shown)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise FetchFailed(f"{shown} cannot be read: {error!r}") from error


def mounted(given: Path | None, name: str) -> Path | None:
    """The file that is set, else the one that Kubernetes mounts, where it does."""
    if given is not None:
        return given
    return found if (found := MOUNTED / name).is_file() else None
