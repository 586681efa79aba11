"""Routes as a RoutePort has them, set by hand."""

from collections.abc import Collection
from dataclasses import dataclass, field

from ostiary_operator.reconcile.route_port import Admission, Route, RouteRef, RouteUnreadable

SHOP = RouteRef("HTTPRoute", "shop")


@dataclass
class Routes:
    """`unreadable` is raised in place of an answer."""

    held: dict[RouteRef, Route] = field(default_factory=dict)
    followed: dict[str, frozenset[RouteRef]] = field(default_factory=dict)
    unreadable: dict[RouteRef, RouteUnreadable] = field(default_factory=dict)

    def put(self, *hosts: str, ref: RouteRef = SHOP, admission: Admission = Admission.ADMITTED) -> None:
        """As its author and its gateway would."""
        self.unreadable.pop(ref, None)
        self.held[ref] = Route(hosts, admission, "" if admission is Admission.ADMITTED else "said the gateway")

    def follow(self, application_id: str, routes: Collection[RouteRef]) -> None:
        self.followed[application_id] = frozenset(routes)

    async def route(self, namespace: str, ref: RouteRef) -> Route | None:
        assert namespace == "shop", "its own"
        assert any(ref in refs for refs in self.followed.values()), "or a change would not be told"
        if (unreadable := self.unreadable.get(ref)) is not None:
            raise unreadable
        return self.held.get(ref)
