"""The Kubernetes API for a command: found as the operator finds it, waited for, closed at the end."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from kubernetes.aio.config import ConfigException

from ostiary_operator.cluster import ApiRefused, Cluster, configuration
from ostiary_operator.reconcile.secret_port import ClusterUnavailable

Result = TypeVar("Result")
_PAUSE = 1.0  # seconds between attempts while the API does not answer


class CommandFailed(Exception):
    """The one line that a person reads; never quotes a Secret."""


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """By the pod's service account, else KUBECONFIG. Raises CommandFailed where there is neither."""
    try:
        api = Cluster(await configuration())
    except ConfigException as error:
        raise CommandFailed(f"no cluster: {error}") from None
    try:
        yield api
    finally:
        await api.close()


async def patiently(attempt: Callable[[], Awaitable[Result]], *, seconds: float) -> Result:
    """What `attempt` comes to, tried again for so long while the API does not answer; then raises CommandFailed."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    said = ""
    while True:
        try:
            return await attempt()
        except ClusterUnavailable as error:
            if loop.time() >= deadline:
                raise CommandFailed(str(error)) from None
            if str(error) != said:
                said = str(error)
                print(f"waiting: {said}", file=sys.stderr)
            await asyncio.sleep(_PAUSE)


def finish(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run a command; its exit status, with one line on standard error where it failed."""
    try:
        asyncio.run(work())
    except (CommandFailed, ApiRefused, ClusterUnavailable) as error:
        print(f"ostiary {name}: {error}", file=sys.stderr)
        return 1
    return 0
