"""A relying application's configuration as Ostiary hands it over: a Secret with everything that a client needs."""

import base64
from dataclasses import dataclass, field
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Credentials:
    """In a cluster these are the keys of a mounted Secret; here they stand in a file."""

    client_id: str
    client_secret: str = field(repr=False)
    issuer: str

    @classmethod
    def of_file(cls, path: Path) -> "Credentials":
        """Raises OSError, or ValueError where the file is not such a Secret."""
        secret = yaml.safe_load(path.read_text("utf-8"))
        if not isinstance(secret, dict):
            raise ValueError(f"{path} is not a Secret")
        data = {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
        data |= secret.get("stringData") or {}
        try:
            return cls(data["client-id"], data["client-secret"], data["issuer"])
        except KeyError as missing:
            raise ValueError(f"{path} lacks the key {missing}") from None
