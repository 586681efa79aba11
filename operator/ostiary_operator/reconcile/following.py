"""Reconciling an application whose callbacks follow routes: they are found first, then all else is decided."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from ostiary_operator.reconcile.callbacks import Callbacks, effective, from_source, route_of, sources_of
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Condition, Notice, Outcome, Truth
from ostiary_operator.reconcile.route_port import RoutePort
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.intent import IntentStore, StoredApplication

Decide = Callable[[DeclaredApplication], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class CallbackFollower:
    """Around whatever decides on an application."""

    routes: RoutePort
    store: IntentStore
    writer: IntentWriter

    async def reconcile(self, declared: DeclaredApplication, decide: Decide) -> Outcome:
        """Raises what `decide` raises, and ClusterUnavailable."""
        sources = () if declared.deleted else sources_of(declared.spec)
        if not sources:
            self.routes.follow(declared.id, ())
            return await decide(declared)
        held = await self._held(declared)
        if declared.spec.get("suspend") is True:
            urls = {url for source in sources for url in from_source(source, held)}
            return replace(await decide(declared), resolved_callback_urls=tuple(sorted(urls)))
        self.routes.follow(declared.id, [ref for ref in map(route_of, sources) if ref is not None])
        found = await effective(declared, sources, held, self.routes)
        outcome = await decide(found.declared)
        if held is not None and found.lost and _is_refused(outcome):
            outcome = await self._without(held, found.lost, outcome)
        return _told(outcome, found, held)

    async def _held(self, declared: DeclaredApplication) -> StoredApplication | None:
        row = await self.store.application(declared.id)
        return row if row is not None and row.incarnation == declared.uid and row.owned else None

    async def _without(self, held: StoredApplication, lost: tuple[str, ...], outcome: Outcome) -> Outcome:
        """A refused manifest leaves the last good state, but not a host that may be somebody else's by now."""
        kept = [url for url in held.spec.get("callbackURLs", ()) if url not in lost]
        spec = {name: value for name, value in held.spec.items() if name != "callbackURLs"}
        spec = {**spec, "callbackURLs": kept} if kept else spec
        revision = await self.writer.write([replace(held, spec=spec, revision=0, issuer_id="")])
        text = f"revision {revision} is served as before, but for callbacks that routes give no more"
        synced = Condition(Type.SYNCED, Truth.FALSE, Reason.REFUSED, text)
        conditions = tuple(synced if each.type is Type.SYNCED else each for each in outcome.conditions)
        return replace(outcome, conditions=conditions, revision=revision)


def _is_refused(outcome: Outcome) -> bool:
    synced = outcome.condition(Type.SYNCED)
    return synced is not None and synced.reason is Reason.REFUSED


def _told(outcome: Outcome, found: Callbacks, held: StoredApplication | None) -> Outcome:
    notices = (*outcome.notices, *_changes(outcome, found, held))
    conditions = (*outcome.conditions, found.condition)
    return replace(outcome, conditions=conditions, resolved_callback_urls=found.resolved, notices=notices)


def _changes(outcome: Outcome, found: Callbacks, held: StoredApplication | None) -> Iterator[Notice]:
    """What routes have done; what the manifest does is no news to its author."""
    if held is None or outcome.revision is None:
        return
    before = set(held.spec.get("callbackURLs", ()))
    followed = sources_of(held.spec) == sources_of(found.declared.spec) and not _is_refused(outcome)
    gained = [url for url in found.resolved if url not in before] if followed else []
    told = [f"{url} is a callback now" for url in gained] + [f"{url} is a callback no more" for url in found.lost]
    if told:
        yield Notice("CallbacksChanged", "; ".join(told), warning=found.condition.status is not Truth.TRUE)
