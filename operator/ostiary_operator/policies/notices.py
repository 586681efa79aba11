"""What Events say of policies."""

from collections.abc import Mapping
from typing import Any

from ostiary_operator.reconcile.conditions import Type
from ostiary_operator.reconcile.outcome import Notice, Outcome, Truth


def policy_notices(before: Mapping[str, Any] | None, outcome: Outcome) -> tuple[Notice, ...]:
    """A warning when an object is refused and when it ends, one word when it is allowed again; else nothing."""
    now = outcome.condition(Type.POLICY_ALLOWED)
    refused_before = before is not None and before["status"] != Truth.TRUE
    if now is not None and now.status is not Truth.TRUE:
        news = before is None or (before["status"], before["message"]) != (now.status, now.message)
        return (Notice("PolicyRefused", now.message, warning=True),) if news else ()
    if not refused_before:
        return ()
    return (Notice("PolicyAllowed", now.message if now is not None else "there is no policy any more"),)
