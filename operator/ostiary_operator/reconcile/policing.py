"""Reconciling within policies: what they refuse is not stored, and what they no longer allow ends after a grace.

The reconcilers know one thing of it, the bounds of the object at hand. Here is what happens around them: whether
policies are known at all, whether what is served already is still allowed, and since when not. That is a date in
status, so that an operator that starts anew goes on counting and does not begin again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import Declared, DeclaredApplication, DeclaredUser
from ostiary_operator.reconcile.outcome import Condition, Outcome, Truth
from ostiary_operator.reconcile.timestamps import timestamp
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.intent import IntentStore, StoredApplication, StoredUser
from ostiary_state.policies.verdict import Bounds, Refused
from ostiary_state.users.spec import OAuthUserSpec


class PoliciesUnknown(Exception):
    """Policies or the namespace's labels have not been seen yet: nothing is decided, since that passes by itself."""


class PoliciesUnusable(Exception):
    """Policies cannot be read: nothing is decided until somebody has seen to it."""


class Policies(Protocol):
    """What is known of the cluster's policies."""

    async def bounds(self, declared: Declared) -> Bounds | None:
        """What holds for an object; None: the cluster has no policy.

        Raises PoliciesUnknown, PoliciesUnusable and ClusterUnavailable.
        """


class NoPolicies:
    """Where they do not count."""

    async def bounds(self, declared: Declared) -> Bounds | None:  # noqa: ARG002 - the port's
        """Nothing holds."""
        return None


@dataclass(frozen=True, slots=True)
class Grace:
    """Ends what is served and no longer allowed."""

    writer: IntentWriter
    seconds: float
    now: Callable[[], float]

    async def end(
        self,
        declared: Declared,
        outcome: Outcome,
        held: StoredApplication | StoredUser,
        refused: Sequence[Refused],
    ) -> Outcome:
        """Served until the deadline, which begins with the first time that this is found; then disabled.

        Disabled and not removed: its tokens end all the same, and nobody else can take its names meanwhile.
        """
        enabled, now = held.spec.get("enabled", True), self.now()
        until = declared.served_until
        if until is None:
            until = float(int(now + self.seconds if enabled else now))
        if enabled and now < until:
            told = f"revision {held.revision} is served until {timestamp(until)}"
            return replace(_refused(outcome, refused, told), served_until=until)
        if enabled:
            await self.writer.write([self._disabled(held)])
        told = f"nothing is served since {timestamp(until)}"
        synced = Condition(Type.SYNCED, Truth.FALSE, Reason.REFUSED, "nothing is served")
        return replace(_with(_refused(outcome, refused, told), synced), served_until=until, revision=None)

    def _disabled(self, held: StoredApplication | StoredUser) -> StoredApplication | StoredUser:
        spec = {**held.spec, "enabled": False}
        if isinstance(held, StoredApplication):
            return replace(held, spec=spec, not_before=self.now(), revision=0, issuer_id="")
        return replace(held, spec=spec, not_before=self.now(), revision=0, subject="")


@dataclass(frozen=True, slots=True)
class PolicedApplications:
    """OAuthApplications within the policies of their namespace.

    Clients that registered themselves are judged by their template: what it may not, they cannot either, and a
    template that is disabled disables them.
    """

    inner: ApplicationReconciler
    policies: Policies
    store: IntentStore
    grace: Grace

    async def reconcile(self, declared: DeclaredApplication) -> Outcome:
        """Raises what the reconciler raises, and PoliciesUnknown and PoliciesUnusable."""
        if declared.deleted:
            return await self.inner.reconcile(await self._not_orphaned(declared))
        if "registeredBy" in declared.spec:
            return await self.inner.reconcile(declared)
        bounds = await self.policies.bounds(declared)
        outcome = await self.inner.reconcile(declared, bounds)
        if bounds is None or not _keeps_another(outcome):
            return _allowed(outcome, bounds)
        held = await self.store.application(declared.id)
        refused = bounds.of_application(OAuthApplicationSpec.read(held.spec)) if held is not None else ()
        if held is None or not refused:
            return _allowed(outcome, bounds)
        return await self.grace.end(declared, outcome, held, refused)

    async def _not_orphaned(self, declared: DeclaredApplication) -> DeclaredApplication:
        """What is served on without an object is out of reach, so only what is allowed may be left behind."""
        if declared.spec.get("deletionPolicy") != "Orphan":
            return declared
        bounds, held = await self.policies.bounds(declared), await self.store.application(declared.id)
        if bounds is None or held is None or not bounds.of_application(OAuthApplicationSpec.read(held.spec)):
            return declared
        return replace(declared, spec={**declared.spec, "deletionPolicy": "Delete"})


@dataclass(frozen=True, slots=True)
class PolicedUsers:
    """OAuthUsers within the policies of their namespace."""

    inner: UserReconciler
    policies: Policies
    store: IntentStore
    grace: Grace

    async def reconcile(self, declared: DeclaredUser) -> Outcome:
        """Raises what the reconciler raises, and PoliciesUnknown and PoliciesUnusable."""
        if declared.deleted:
            return await self.inner.reconcile(declared)
        bounds = await self.policies.bounds(declared)
        bounds = bounds if bounds is not None and bounds.users_governed else None
        outcome = await self.inner.reconcile(declared, bounds)
        if bounds is None or not _keeps_another(outcome):
            return _allowed(outcome, bounds)
        held = await self.store.user(declared.id)
        refused = bounds.of_user(OAuthUserSpec.read(held.spec)) if held is not None else ()
        if held is None or not refused:
            return _allowed(outcome, bounds)
        return await self.grace.end(declared, outcome, held, refused)


def _keeps_another(outcome: Outcome) -> bool:
    """What is served is not what was judged just now."""
    synced = outcome.condition(Type.SYNCED)
    return outcome.revision is not None and synced is not None and synced.status is not Truth.TRUE


def _allowed(outcome: Outcome, bounds: Bounds | None) -> Outcome:
    """Without a policy, and of what was refused, it says nothing."""
    accepted = outcome.condition(Type.ACCEPTED)
    refused = accepted is not None and accepted.status is not Truth.TRUE and outcome.revision is None
    if bounds is None or refused or outcome.condition(Type.POLICY_ALLOWED) is not None:
        return outcome
    return _with(outcome, Condition(Type.POLICY_ALLOWED, Truth.TRUE, Reason.ALLOWED, f"by {bounds.names}"))


def _refused(outcome: Outcome, refused: Sequence[Refused], told: str) -> Outcome:
    """What its author has to change comes first: what is declared, where that was refused, else what is served."""
    before = outcome.condition(Type.POLICY_ALLOWED)
    reason = before.reason if before is not None else Reason(refused[0].reason)
    text = before.message if before is not None else "; ".join(each.text for each in refused)
    return _with(outcome, Condition(Type.POLICY_ALLOWED, Truth.FALSE, reason, f"{text}; {told}"))


def _with(outcome: Outcome, condition: Condition) -> Outcome:
    """In the place of the one of its type."""
    others = tuple(each for each in outcome.conditions if each.type is not condition.type)
    return replace(outcome, conditions=(*others, condition))
