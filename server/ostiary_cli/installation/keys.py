"""`ostiary keys`: the Secret with the keys that every replica of the server needs, made once and never changed.

A chart's template cannot make it: it would make other keys at each rendering, and a database sealed with the first ones
could be read no more.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ostiary_cli.installation.access import CommandFailed, cluster, finish, patiently
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_server.keys.material import KEY_BYTES, KeyMaterial

NAMES = ("key-encryption-keys", "cookie-keys")  # keys of the Secret, and files of the server's settings
_LABELS = {"app.kubernetes.io/managed-by": "ostiary", "app.kubernetes.io/part-of": "ostiary"}
_MODE = 0o440  # the server's container runs as the same user or group


def make_keys(namespace: str, name: str, output_dir: Path | None, *, timeout: float) -> int:
    """Make the Secret where there is none, leave it where there is one; the exit status.

    With `output_dir` its values are also written there, for a pod that cannot mount what does not exist yet.
    """

    async def work() -> None:
        async with cluster() as api:
            body, made = await patiently(lambda: _made_or_found(api, namespace, name), seconds=timeout)
        values = _usable(body)
        if output_dir is not None:
            for each, value in values.items():
                _write(output_dir / each, value)
        print(f"Secret {namespace}/{name}: {'made' if made else 'left as it is'}")

    return finish("keys", work)


async def _made_or_found(api: Cluster, namespace: str, name: str) -> tuple[Mapping[str, Any], bool]:
    """Two at once: one makes it, the other finds it."""
    path = f"/api/v1/namespaces/{namespace}/secrets"
    if (there := await api.find(f"{path}/{name}")) is not None:
        return there, False
    wanted = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": _LABELS},
        "type": "Opaque",
        "data": {each: _in_base64(base64.b64encode(secrets.token_bytes(KEY_BYTES))) for each in NAMES},
    }
    try:
        return await api.create(path, wanted), True
    except ApiRefused as refused:
        if refused.status != 409 or (there := await api.find(f"{path}/{name}")) is None:
            raise
        return there, False


def _usable(body: Mapping[str, Any]) -> dict[str, bytes]:
    """Raises CommandFailed, which names the key and never its value."""
    data, values = body.get("data") or {}, {}
    for each in NAMES:
        if each not in data:
            raise CommandFailed(f"the Secret {body['metadata']['name']} exists and has no key {each}: add it")
        values[each] = base64.b64decode(data[each])
        try:
            KeyMaterial.from_text(values[each].decode("ascii", errors="replace"))
        except ValueError as error:
            raise CommandFailed(f"key {each} of the Secret {body['metadata']['name']}: {error}") from None
    return values


def _write(path: Path, value: bytes) -> None:
    """All or nothing: a restarted container may find what it wrote before."""
    beside = path.with_name(f".{path.name}")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
        file.write(value)
    beside.replace(path)


def _in_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
