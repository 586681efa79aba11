"""`ostiary diff`: what applying manifests would change in the cluster, and what follows from it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

from ostiary_cli.asking.comparing import Difference, compare, gone
from ostiary_cli.installation.access import CommandFailed, cluster
from ostiary_cli.manifests.directory import manifest_files, read
from ostiary_cli.manifests.envelope import API_VERSION, Declaration, Kind
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.objects import REGISTERED_BY, Key, ObjectKind, Objects
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_state.policies.crd import POLICY

NOTHING, SOMETHING, FAILED = 0, 1, 2  # as kubectl diff has them
_KINDS = {Kind.APPLICATION: ObjectKind.APPLICATION, Kind.USER: ObjectKind.USER}


def diff(paths: Sequence[Path], *, prune: bool) -> int:
    """Prints what differs; `prune`: objects of these namespaces that are in no file would be deleted."""
    declared = _declared(paths)
    if declared is None:
        return FAILED
    try:
        found = asyncio.run(_compared(declared, prune=prune))
    except (CommandFailed, ApiRefused, ClusterUnavailable) as error:
        print(f"ostiary diff: {error}", file=sys.stderr)
        return FAILED
    for difference in found:
        print("\n".join(difference.lines()))
    return SOMETHING if found else NOTHING


def _declared(paths: Sequence[Path]) -> list[Declaration] | None:
    """None where something is wrong with them, which was printed."""
    files = dict.fromkeys(file for path in paths for file in (manifest_files(path) if path.is_dir() else [path]))
    readings = [read(file) for file in files]
    problems = [problem for reading in readings for problem in reading.problems]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("ostiary diff: the cluster would refuse these", file=sys.stderr)
        return None
    return [each for reading in readings for each in reading.declarations]


async def _compared(declared: Sequence[Declaration], *, prune: bool) -> list[Difference]:
    async with cluster() as api:
        found = [compare(each, await api.find(_path(each))) for each in declared]
        if prune:
            found += [each async for each in _gone(api, declared)]
    return [each for each in found if each.state]


async def _gone(api: Cluster, declared: Iterable[Declaration]) -> AsyncIterator[Difference]:
    """Not those that the operator makes for clients that registered themselves."""
    there = {(each.kind, each.id) for each in declared}
    for namespace in sorted({each.namespace for each in declared}):
        for kind, object_kind in _KINDS.items():
            async for body in Objects(api).all(object_kind, namespace):
                made = REGISTERED_BY in (body["metadata"].get("labels") or {})
                if not made and (kind, f"{namespace}/{body['metadata']['name']}") not in there:
                    yield gone(kind, body)


def _path(declared: Declaration) -> str:
    if declared.kind is Kind.POLICY:
        return f"/apis/{API_VERSION}/{POLICY.plural}/{declared.name}"
    if declared.kind is Kind.SECRET:
        return f"/api/v1/namespaces/{declared.namespace}/secrets/{declared.name}"
    return Key(_KINDS[declared.kind], declared.namespace, declared.name).path
