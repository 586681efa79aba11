"""A client on its way to a manifest: what is known of it so far, where that came from, and what was left behind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.lifetimes import within_bounds


@dataclass(frozen=True, slots=True)
class GivenSecret:
    """What the source has of a client secret: `plain`, else `hashed`, else nothing, and then `absent` says why."""

    plain: str | None = field(default=None, repr=False)
    hashed: str | None = field(default=None, repr=False)
    absent: str = ""
    source: str = ""  # the field as the source calls it
    name: str | None = None  # of the Secret that the application reads already
    keys: Mapping[str, str] = field(default_factory=dict)  # of that Secret, as in spec.secret.keys
    beside: Mapping[str, str] = field(default_factory=dict, repr=False)  # what else it holds


@dataclass(slots=True)
class Draft:
    """Filled by a source, judged by `conversion`. `spec` is as in a manifest, and may still be wrong."""

    origin: str  # what a person knows it by in the source
    namespace: str | None  # None: the source has none
    name: str  # wished for
    client_id: str
    spec: dict[str, Any] = field(default_factory=dict)
    secret: GivenSecret = GivenSecret()
    findings: list[Finding] = field(default_factory=list)
    came_from: dict[str, str] = field(default_factory=dict)  # field of the manifest to field of the source
    refused: Finding | None = None  # the source knows already that it cannot be imported

    def put(self, name: str, value: Any, source: str) -> None:
        """Set a field of the spec, unless there is nothing to set."""
        if value in (None, "", (), []):
            return
        texts = isinstance(value, tuple) or (isinstance(value, list) and isinstance(value[0], str))
        self.spec[name] = list(dict.fromkeys(value)) if texts else value
        self.came_from[name] = source

    def report(self, source: str, why: str, instead: str) -> None:
        """Say what is left behind; once, though a draft is judged again after each thing that is dropped from it."""
        if (finding := Finding(source, why, instead)) not in self.findings:
            self.findings.append(finding)

    def lifetime(self, name: str, seconds: int | None, source: str) -> None:
        """One of tokenLifetimes, brought within its bounds."""
        if seconds is None:
            return
        kept, limit = within_bounds(name, seconds)
        if limit:
            self.report(source, f"{seconds} seconds are out of bounds: {limit}", f"{kept} was written")
        self.spec.setdefault("tokenLifetimes", {})[name] = str(kept)
        self.came_from["tokenLifetimes"] = source

    def report_either_method(self, source: str, product: str) -> None:
        """Where the product does not care how a secret is sent, and a manifest does."""
        why = f"{product} takes the secret in the header and in the body; here it is the header, client_secret_basic"
        self.report(
            source, why, "set tokenEndpointAuthMethod to client_secret_post if its library sends it in the body"
        )

    def report_unknown(self, names: Iterable[str], prefix: str = "") -> None:
        """Fields that say something and that nothing here has looked at."""
        for name in names:
            self.report(f"{prefix}{name}", "nothing like it is known here", "see whether the application needs it")
