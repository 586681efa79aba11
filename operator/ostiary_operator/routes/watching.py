"""Follows the routes that applications name, and tells these of each change that concerns them."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from ostiary_operator.bindings import ServiceAccount
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.labelled_watch import LabelledWatch
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.route_port import Admission, Route, RouteKind, RouteRef, RouteUnreadable
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.routes.held import HeldRoute, parser_of

_COLLECTIONS: dict[RouteKind, tuple[str, str]] = {
    "HTTPRoute": ("gateway.networking.k8s.io", "httproutes"),
    "Ingress": ("networking.k8s.io", "ingresses"),
}
Place = tuple[str, RouteKind]  # a namespace and a kind: what one watch is for


class RouteWatches:
    """A RoutePort. `changed` is told the id of each application that has to be looked at again."""

    def __init__(self, cluster: Cluster, changed: Callable[[str], None], account: ServiceAccount) -> None:
        self._cluster, self._changed, self._account = cluster, changed, account
        self._watches: dict[Place, LabelledWatch[HeldRoute]] = {}
        self._known: set[Place] = set()  # listed once, at least
        self._unanswered: set[Place] = set()  # somebody asked, and nothing could be said
        self._follows: dict[str, frozenset[RouteRef]] = {}  # by application
        self._followers: defaultdict[Place, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._seen: dict[tuple[str, RouteRef], Route | None] = {}  # as applications were told last
        self._admitted: dict[tuple[str, RouteRef], tuple[str, ...]] = {}  # hosts that counted last

    def follow(self, application_id: str, routes: Collection[RouteRef]) -> None:
        """See RoutePort. A watch begins with the first application that needs it, and ends with the last."""
        namespace, _, _ = application_id.partition("/")
        before, now = self._follows.get(application_id, frozenset()), frozenset(routes)
        for ref in now - before:
            self._followers[namespace, ref.kind][ref.name].add(application_id)
        for ref in before - now:
            self._unfollow(application_id, namespace, ref)
        for kind in {ref.kind for ref in now}:
            self._watch((namespace, kind))
        if now:
            self._follows[application_id] = now
        else:
            self._follows.pop(application_id, None)

    def forget(self, application_id: str) -> None:
        """The application is gone."""
        self.follow(application_id, ())

    async def route(self, namespace: str, ref: RouteRef) -> Route | None:
        """See RoutePort."""
        place: Place = (namespace, ref.kind)
        watch = await self._watch(place).listed()
        if watch.refusal is not None:
            self._unanswered.add(place)
            raise self._explained(watch.refusal, namespace, ref)
        if place not in self._known:
            self._unanswered.add(place)
            if watch.is_refused:  # an API server that just started refuses for a moment what it will allow
                raise ClusterUnavailable(f"whether {ref} may be read is not known yet")
            text = f"the Kubernetes API does not list {self._plural(ref)}: {ref} cannot be read"
            raise RouteUnreadable(Reason.CLUSTER_UNAVAILABLE, text, self._admitted.get((namespace, ref)))
        return self._look(namespace, ref, watch)

    def stop(self) -> None:
        """Stop following."""
        for watch in self._watches.values():
            watch.stop()
        self._watches.clear()

    def _look(self, namespace: str, ref: RouteRef, watch: LabelledWatch[HeldRoute]) -> Route | None:
        held = watch.held.get(ref.name)
        route = self._seen[namespace, ref] = None if held is None else held.route
        if route is None or route.admission is Admission.REFUSED:
            self._admitted[namespace, ref] = ()
        elif route.admission is Admission.ADMITTED:
            self._admitted[namespace, ref] = route.hosts
        return None if route is None else replace(route, last=self._admitted.get((namespace, ref)))

    def _watch(self, place: Place) -> LabelledWatch[HeldRoute]:
        watch = self._watches.get(place)
        if watch is None:
            namespace, kind = place
            group, plural = _COLLECTIONS[kind]
            path = f"/apis/{group}/v1/namespaces/{namespace}/{plural}"
            changed, turned = partial(self._route_changed, place), partial(self._turned, place)
            watch = LabelledWatch(self._cluster, path, None, parser_of(kind), changed, turned=turned)
            self._watches[place] = watch
            watch.start()
        return watch

    def _route_changed(self, place: Place, name: str) -> None:
        """Gateways and controllers write into its status all the time; only what matters is announced."""
        if (watch := self._watches.get(place)) is None:
            return
        namespace, kind = place
        ref, held = RouteRef(kind, name), watch.held.get(name)
        if self._seen.get((namespace, ref)) != (None if held is None else held.route):
            self._announce(place, name)

    def _turned(self, place: Place) -> None:
        """Routes can be read now, or no more."""
        if (watch := self._watches.get(place)) is None:
            return
        if watch.is_listed:
            self._known.add(place)
            if place not in self._unanswered:
                return
            self._unanswered.discard(place)
        for name in tuple(self._followers[place]):
            self._announce(place, name)

    def _announce(self, place: Place, name: str) -> None:
        for application_id in tuple(self._followers[place].get(name, ())):
            self._changed(application_id)

    def _unfollow(self, application_id: str, namespace: str, ref: RouteRef) -> None:
        place: Place = (namespace, ref.kind)
        names = self._followers[place]
        names[ref.name].discard(application_id)
        if names[ref.name]:
            return
        del names[ref.name]
        self._seen.pop((namespace, ref), None)
        self._admitted.pop((namespace, ref), None)
        if not names:
            del self._followers[place]
            self._known.discard(place)
            self._unanswered.discard(place)
            if (watch := self._watches.pop(place, None)) is not None:
                watch.stop()

    def _explained(self, refused: ApiRefused, namespace: str, ref: RouteRef) -> RouteUnreadable:
        last = self._admitted.get((namespace, ref))
        if refused.status == 404 and ref.kind == "HTTPRoute":
            text = (
                f"the cluster has no HTTPRoutes, so {ref} is not followed: install the Gateway API, or use an Ingress"
            )
            return RouteUnreadable(Reason.NO_GATEWAY_API, text, last)
        resource, role = self._plural(ref), f"ostiary-{_COLLECTIONS[ref.kind][1]}"
        text = (
            f"the operator may not list {resource} in namespace {namespace}: set rbac.routes of the chart, or"
            f" kubectl create role {role} -n {namespace} --verb=list,watch --resource={resource} &&"
            f" kubectl create rolebinding {role} -n {namespace} --role={role}"
            f" --serviceaccount={self._account.namespace}:{self._account.name}"
        )
        return RouteUnreadable(Reason.FORBIDDEN, text, last)

    def _plural(self, ref: RouteRef) -> str:
        group, plural = _COLLECTIONS[ref.kind]
        return f"{plural}.{group}"
