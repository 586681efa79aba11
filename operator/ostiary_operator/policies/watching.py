"""What the cluster's policies say now, and whom a change of one, or of a namespace's labels, concerns."""

import asyncio
from collections.abc import Callable, Mapping

from ostiary_operator.cluster import Cluster
from ostiary_operator.labelled_watch import LabelledWatch
from ostiary_operator.policies.census import Census
from ostiary_operator.policies.held import NAMESPACES, POLICIES, HeldNamespace, HeldPolicy
from ostiary_operator.reconcile.declared import Declared, DeclaredApplication
from ostiary_operator.reconcile.policing import PoliciesUnknown, PoliciesUnusable
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.policies.verdict import Bounds, NamedPolicy

EVERYWHERE = None  # instead of a namespace: all of them

_LOOK = 0.05  # seconds between looks whether the first lists have come


class PolicyWatch:
    """Satisfies `reconcile.policing.Policies`.

    `concerns` is told of each namespace, or EVERYWHERE, in which something may be judged otherwise from now on.
    """

    def __init__(
        self,
        cluster: Cluster,
        census: Census,
        concerns: Callable[[str | None], None],
        changed: Callable[[], None],  # is told that something is to be reported
        known: Callable[[], None],  # is told that what waited for it can go on
    ) -> None:
        self._census, self._concerns, self._changed, self._known = census, concerns, changed, known
        self._specs: Mapping[str, OAuthApplicationPolicySpec | None] = {}  # as they were when somebody was told last
        self._labels: dict[str, Mapping[str, str]] = {}  # the same of the namespaces
        self._was_known = False
        self.policies = LabelledWatch(
            cluster, POLICIES, None, HeldPolicy.parse, self._policy_changed, turned=self._turned
        )
        self.namespaces = LabelledWatch(
            cluster, NAMESPACES, None, HeldNamespace.parse, self._namespace_changed, turned=self._turned
        )

    def start(self) -> None:
        """Begin to follow."""
        self.policies.start()
        self.namespaces.start()

    def stop(self) -> None:
        """End it."""
        self.policies.stop()
        self.namespaces.stop()

    @property
    def is_known(self) -> bool:
        """Whether both lists have come, and may be followed."""
        return self.policies.is_listed and self.namespaces.is_listed

    async def known(self) -> None:
        """Returns when it is so: before, nothing can be decided."""
        while not self.is_known:  # noqa: ASYNC110 - two watches, and either may lose what it knows
            await asyncio.sleep(_LOOK)

    async def bounds(self, declared: Declared) -> Bounds | None:
        """See `Policies`. Raises ApiRefused, too, where a namespace cannot be counted."""
        self._refuse_unknown()
        if not self._specs:
            return None
        namespace = self.namespaces.held.get(declared.namespace)
        if namespace is None:
            raise PoliciesUnknown(f"the labels of {declared.namespace} have not been seen yet")
        selecting = self._selecting(namespace.labels)
        govern_users = any(spec is not None and spec.users is not None for spec in self._specs.values())
        limits = [each.spec.max_applications for each in selecting if each.spec.max_applications is not None]
        place = 0
        if limits and isinstance(declared, DeclaredApplication):
            place = await self._census.place(declared.namespace, declared.uid, min(limits))
        return Bounds(declared.namespace, selecting, govern_users, place)

    def selects(self, policy: HeldPolicy) -> int | None:
        """How many namespaces; None where that is not known."""
        if policy.spec is None or not self.is_known:
            return None
        selector = policy.spec.namespace_selector
        return sum(selector.matches(namespace.labels) for namespace in self.namespaces.held.values())

    def has_quota(self, namespace: str) -> bool:
        """Whether the number of its applications is limited."""
        held = self.namespaces.held.get(namespace)
        return held is not None and any(each.spec.max_applications is not None for each in self._selecting(held.labels))

    def _refuse_unknown(self) -> None:
        for watch, what in ((self.policies, "OAuthApplicationPolicies"), (self.namespaces, "namespaces")):
            if watch.refusal is not None:
                raise PoliciesUnusable(
                    f"the operator may not list {what}: allow it, or set OSTIARY_POLICIES to false ({watch.refusal})"
                )
        if not self.is_known:
            raise PoliciesUnknown("policies have not been listed yet")
        for policy in self.policies.held.values():
            if policy.spec is None:
                raise PoliciesUnusable(f"policy {policy.name} is not understood: {policy.problem}")

    def _turned(self) -> None:
        """Known now, or no more."""
        self._specs = {name: each.spec for name, each in self.policies.held.items()}
        self._labels = {name: each.labels for name, each in self.namespaces.held.items()}
        self._changed()
        if self.is_known:
            self._known()
            if self._was_known:  # what went meanwhile was told by no event
                self._concerns(EVERYWHERE)
            self._was_known = True

    def _policy_changed(self, name: str) -> None:
        before = self._specs
        self._specs = {each.name: each.spec for each in self.policies.held.values()}
        self._changed()
        if before == self._specs:
            return  # its status
        concerned = [specs[name] for specs in (before, self._specs) if name in specs]
        if not (before and self._specs) or any(spec is None or spec.users is not None for spec in concerned):
            self._concerns(EVERYWHERE)
            return
        for namespace in self.namespaces.held.values():
            if any(spec is not None and spec.namespace_selector.matches(namespace.labels) for spec in concerned):
                self._concerns(namespace.name)

    def _namespace_changed(self, name: str) -> None:
        held, before = self.namespaces.held.get(name), self._labels.pop(name, None)
        if held is not None:
            self._labels[name] = held.labels
        if not self._specs or (held is not None and held.labels == before):
            return
        self._changed()
        if held is not None and (before is None or self._names(before) != self._names(held.labels)):
            self._concerns(name)

    def _selecting(self, labels: Mapping[str, str]) -> tuple[NamedPolicy, ...]:
        return tuple(
            NamedPolicy(name, spec)
            for name, spec in sorted(self._specs.items())
            if spec is not None and spec.namespace_selector.matches(labels)
        )

    def _names(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(policy.name for policy in self._selecting(labels))
