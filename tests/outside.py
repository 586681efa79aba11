"""What is outside, as a server under test reaches it: documents at addresses, and forms that were posted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary_server.protocol.ports import FetchFailed


@dataclass
class Outside:
    """The protocol's `Outbound` over a dictionary; an address without a document does not answer."""

    documents: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def fetch(self, url: str, *, accept: str) -> bytes:  # noqa: ARG002 - the port's signature
        self.fetched.append(url)
        if url not in self.documents:
            raise FetchFailed(f"{url} does not answer")
        return self.documents[url]

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        self.posted.append((url, dict(form)))
        if url not in self.statuses:
            raise FetchFailed(f"{url} does not answer")
        return self.statuses[url]
