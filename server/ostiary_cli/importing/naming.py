"""Names of objects for clients that had none in Kubernetes, or one that Kubernetes does not take."""

import re
from collections.abc import Set

from ostiary_state.kinds.custom_resource import MAX_NAME_LENGTH


def object_name(wished: str, taken: Set[str]) -> str:
    """The nearest free name: the same for the same input in the same order."""
    plain = re.sub(r"[^a-z0-9.-]+", "-", wished.lower())
    plain = re.sub(r"\.[.-]*|-\.[.-]*", ".", plain).strip("-.")[:MAX_NAME_LENGTH].strip("-.") or "client"
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain[: MAX_NAME_LENGTH - len(str(number)) - 1].rstrip('-.')}-{number}"
    return name


def client_of(client_id: str, namespace: str) -> str:
    """What a client id calls its object: the part behind its own namespace's name."""
    return client_id.removeprefix(f"{namespace}.") or client_id
