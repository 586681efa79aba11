"""`ostiary rotate`: ask the operator for another client secret, and wait until it is served."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from ostiary_cli.installation.access import CommandFailed, cluster, finish, patiently
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.reconcile.secret_history import REVOKE, ROTATE

_LOOK = 0.2  # seconds


def rotate_secret(application: str, *, compromised: bool, patience: float) -> int:
    """Of `<namespace>/<name>`; the exit status. `compromised`: the one of now and all before count no more."""

    async def work() -> None:
        namespace, slash, name = application.partition("/")
        if not (namespace and slash and name) or "/" in name:
            raise CommandFailed(f"{application!r}: write namespace/name")
        key = Key(ObjectKind.APPLICATION, namespace, name)
        async with cluster() as api:
            body = await patiently(lambda: _rotating(api, key), seconds=patience)
            before = _ids(body)
            await api.merge(key.path, {"metadata": {"annotations": _request(before, compromised=compromised)}})
            after = await _replaced(Objects(api), key, before, patience)
        print(_said(after))

    return finish("rotate", work)


async def _rotating(api: Cluster, key: Key) -> Any:
    """The object. Raises CommandFailed where the operator does not make its secret."""
    body = await api.find(key.path)
    if body is None:
        raise CommandFailed(f"there is no OAuthApplication {key.id}")
    secret = body["spec"].get("secret") or {}
    if secret.get("mode", "Generate") != "Generate":
        raise CommandFailed(f"the Secret of {key.id} is yours to change: its secret.mode is {secret['mode']}")
    if not _ids(body):
        raise CommandFailed(f"{key.id} has no client secret, as far as its status says")
    return body


def _ids(body: Any) -> list[str]:
    return [each["id"] for each in (body.get("status") or {}).get("credentials", ())]


def _request(ids: list[str], *, compromised: bool) -> dict[str, str]:
    return {REVOKE: ids[-1]} if compromised else {ROTATE: datetime.now(UTC).isoformat()}


async def _replaced(objects: Objects, key: Key, before: list[str], patience: float) -> Any:
    """The status once another secret is in the Secret and served."""
    try:
        async with asyncio.timeout(patience):
            while True:
                body = await objects.get(key)
                if body is None:
                    raise CommandFailed(f"{key.id} was deleted meanwhile")
                status = body.get("status") or {}
                if _ids(body)[-1:] not in ([], before[-1:]) and _is_ready(status):
                    return status
                await asyncio.sleep(_LOOK)
    except TimeoutError:
        raise CommandFailed(
            f"asked for, and not served within {patience:.0f} s: see `kubectl describe oauthapplication`, and whether"
            " an operator runs"
        ) from None
    except ApiRefused as refused:
        raise CommandFailed(str(refused)) from None


def _is_ready(status: Any) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ()))


def _said(status: Any) -> str:
    current, earlier = status["credentials"][-1], status["credentials"][:-1]
    ends = "".join(f"; secret {each['id']} counts until {each['expiresAt']}" for each in earlier if "expiresAt" in each)
    return f"secret {current['id']} is in Secret {status['secretName']} and served{ends}"
