"""What a row was when it was written, in a digest beside it: whoever changes the row alone is found out."""

import hashlib
import json
from typing import Any

from ostiary_state.intent import StoredApplication


def content_of(row: StoredApplication) -> str:
    """Of all that counts but the client secrets."""
    return _digest([row.client_id, row.origin, row.namespace, row.spec, row.not_before, row.owned])


def secrets_of(row: StoredApplication) -> str:
    """Of the client secrets, which others may not add to."""
    return _digest([credential.stored() for credential in row.credentials])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
