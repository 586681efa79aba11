"""`ostiary why`: in plain words, whether an object is served, and what to change if it is not."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ostiary_cli.asking.verdict import Verdict, verdict
from ostiary_cli.installation.access import CommandFailed, cluster
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.objects import Key, ObjectKind, collection
from ostiary_operator.reconcile.secret_port import LABEL, ClusterUnavailable

SERVED, NOT_SERVED, NOT_ASKED = 0, 1, 2
_EVENTS = 5  # the latest


@dataclass(frozen=True, slots=True)
class Found:
    """What the cluster says of one object."""

    verdict: Verdict
    facts: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """All of it, what matters most first."""
        yield self.verdict.headline
        yield from self.verdict.obstacle
        for aside in self.verdict.asides:
            yield from aside.lines()
        yield from self.facts
        if self.events:
            yield "the latest events:"
            yield from (f"  {event}" for event in self.events)


def why(namespace: str, name: str, *, user: bool) -> int:
    """Prints the answer; exit status 0 where it is served, 1 where not, 2 where it cannot be asked."""
    key = Key(ObjectKind.USER if user else ObjectKind.APPLICATION, namespace, name)
    try:
        found = asyncio.run(_ask(key))
    except (CommandFailed, ApiRefused, ClusterUnavailable) as error:
        print(f"ostiary why: {error}", file=sys.stderr)
        return NOT_ASKED
    print("\n".join(found.lines()))
    return SERVED if found.verdict.served else NOT_SERVED


async def _ask(key: Key) -> Found:
    async with cluster() as api:
        body = await api.find(key.path)
        if body is None:
            return await _missing(api, key)
        facts = [fact async for fact in _facts(api, key, body)]
        return Found(verdict(body), tuple(facts), await _events(api, key, body["metadata"]["uid"]))


async def _missing(api: Cluster, key: Key) -> Found:
    """Raises CommandFailed where the cluster does not know the kind."""
    try:
        page = await api.get(collection(key.kind, key.namespace), {"limit": "20"})
    except ApiRefused as refused:
        if refused.status == 404:
            raise CommandFailed(f"the cluster does not know the kind {key.kind.value}: install the CRDs") from None
        raise
    there = ", ".join(each["metadata"]["name"] for each in page["items"]) or "none"
    headline = f"{key.kind.value} {key.id} is not served: there is no such object."
    return Found(Verdict(False, headline, (f"in the namespace {key.namespace} there are: {there}",)))


async def _facts(api: Cluster, key: Key, body: Mapping[str, Any]) -> Any:
    status = body.get("status") or {}
    if client_id := status.get("clientID"):
        yield f"client id: {client_id}"
    if issuer := (status.get("endpoints") or {}).get("issuer"):
        yield f"issuer: {issuer}"
    reference = (body.get("spec") or {}).get("passwordSecretRef") or {}
    if secret := status.get("secretName") or reference.get("name"):
        yield f"Secret {secret}: {await _secret(api, key.namespace, secret)}"


async def _secret(api: Cluster, namespace: str, name: str) -> str:
    """By its metadata alone."""
    try:
        found = await api.find_metadata(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    except ApiRefused as refused:
        return f"you may not see whether it is there ({refused.status})"
    if found is None:
        return "is not there"
    labelled = (found["metadata"].get("labels") or {}).get(LABEL) == "true"
    return "is there" if labelled else f"is there, without the label {LABEL}=true, so nobody looks at it"


async def _events(api: Cluster, key: Key, uid: str) -> tuple[str, ...]:
    query = {"fieldSelector": f"involvedObject.uid={uid}"}
    try:
        found = await api.get(f"/api/v1/namespaces/{key.namespace}/events", query)
    except ApiRefused:
        return ()  # they help, and somebody may not see them
    events = sorted(found["items"], key=lambda event: event.get("lastTimestamp") or "")
    return tuple(
        f"{event.get('lastTimestamp') or 'some time'}  {event['type']}  {event['reason']}: {event['message']}"
        for event in events[-_EVENTS:]
    )
