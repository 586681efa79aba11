"""Drafts become manifests that `ostiary check` accepts. What a rule refuses is dropped with the rule's own words; where
it cannot be dropped, the client stays behind and the report says why.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from ostiary_cli.importing.consequences import settle
from ostiary_cli.importing.draft import Draft
from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.naming import client_of, object_name
from ostiary_cli.importing.secrets_kept import SecretKept, kept_secret
from ostiary_cli.manifests.envelope import API_VERSION, DEFAULT_NAMESPACE, Kind
from ostiary_state.applications.rules import CLIENT_ID_NOT_ALLOWED, violations
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.violation import Violation, violations_of

_PATH: Final = re.compile(r"spec\.(?P<field>\w+)(?:\[(?P<index>\d+)\])?(?:\.(?P<inner>\w+))?.*")
_OPTIONAL: Final = frozenset(
    {"displayName", "description", "logoURL", "homepageURL", "policyURL", "termsURL", "initiateLoginURL"}
    | {"frontChannelLogoutURL", "frontChannelLogoutSessionRequired", "backChannelLogoutURL", "defaultMaxAge"}
    | {"requestObjectSigningAlg", "userinfoSignedResponseAlg", "tokenEndpointAuthSigningAlg", "jwks", "jwksURL"}
    | {"sectorIdentifierURL", "subjectType", "requestURLs"}
)

_BEHIND: Final = {"sectorIdentifierURL": "subjectType"}  # a field that is missed, and the one that asks for it


@dataclass(frozen=True, slots=True)
class Target:
    """Where clients move to."""

    namespace: str | None = None  # None: the source's own, else `default`
    address: str | None = None
    prefixes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Client:
    """One client that became manifests, or (`refused`) did not."""

    origin: str
    namespace: str
    name: str
    client_id: str
    findings: tuple[Finding, ...]
    application: Mapping[str, Any] = field(default_factory=dict)
    secret: Mapping[str, Any] | None = field(default=None, repr=False)
    refused: bool = False

    @property
    def manifests(self) -> tuple[Mapping[str, Any], ...]:
        """The application, then its Secret."""
        return tuple(each for each in (self.application, self.secret) if each)


def convert(drafts: Iterable[Draft], target: Target) -> tuple[Client, ...]:
    """Every client, by namespace and name. Of two with one client id the first keeps it."""
    names: dict[str, set[str]] = {}
    client_ids: dict[str, str] = {}
    done = []
    for draft in drafts:
        namespace = target.namespace or draft.namespace or DEFAULT_NAMESPACE
        taken = names.setdefault(namespace, set())
        name = object_name(client_of(draft.name, namespace), taken)
        if draft.refused is None and (holder := client_ids.get(draft.client_id)) is not None:
            instead = "keep one of them, or give the other a new client id in a manifest of its own"
            draft.refused = Finding("client id", f"{draft.client_id} belongs to {holder}, which comes first", instead)
        client = _client(draft, namespace, name, target)
        if not client.refused:
            taken.add(name)
            client_ids[draft.client_id] = f"{namespace}/{name}"
        done.append(client)
    return tuple(sorted(done, key=lambda client: (client.refused, client.namespace, client.name, client.client_id)))


def _client(draft: Draft, namespace: str, name: str, target: Target) -> Client:
    def left(finding: Finding) -> Client:
        return Client(draft.origin, namespace, name, draft.client_id, (finding, *draft.findings), refused=True)

    if draft.refused is not None:
        return left(draft.refused)
    draft.spec = {"clientID": draft.client_id, "authenticationAddress": target.address} | draft.spec
    settle(draft)
    if not draft.spec.get("grantModes"):
        return left(Finding("grants", "no grant is left that is served here", "see what is said of each grant"))
    secret = kept_secret(draft, name)
    while wrong := _violations(draft.spec, namespace, name, target.prefixes):
        finding = _without(draft, wrong[0])
        if finding is not None:
            return left(finding)
        settle(draft)
        if not draft.spec.get("grantModes"):
            return left(Finding("grants", "no grant is left that is served here", "see what is said of each grant"))
    spec = OAuthApplicationSpec.read(draft.spec).canonical()
    metadata = {"name": name, "namespace": namespace}
    application = {"apiVersion": API_VERSION, "kind": str(Kind.APPLICATION), "metadata": metadata, "spec": spec}
    manifest = secret.manifest(namespace) if isinstance(secret, SecretKept) else None
    return Client(draft.origin, namespace, name, draft.client_id, tuple(draft.findings), application, manifest)


def _violations(
    written: Mapping[str, Any], namespace: str, name: str, prefixes: Collection[str]
) -> Sequence[Violation]:
    try:
        spec = OAuthApplicationSpec.read(written)
    except ValidationError as error:
        return violations_of(error)
    return violations(spec, namespace=namespace, name=name, client_id_prefixes=prefixes)


def _without(draft: Draft, wrong: Violation) -> Finding | None:
    """Drop from the draft what is wrong; a Finding where that is not possible."""
    if wrong.reason == CLIENT_ID_NOT_ALLOWED:
        first = draft.client_id.partition(".")[0]
        instead = (
            f"import it with --namespace {first}; or have OSTIARY_CLIENT_ID_PREFIXES name {first}, and import it with"
            f" --client-id-prefix {first}"
        )
        return Finding("client id", f"{draft.client_id} begins with the name of another namespace", instead)
    found = _PATH.fullmatch(wrong.field)
    name = found["field"] if found else wrong.field
    if name not in draft.spec:
        name = _BEHIND.get(name, name)
    source = draft.came_from.get(name, name)
    if found is None or name not in draft.spec or name == "clientID":
        return Finding("client id" if name == "clientID" else source, "it would be refused", wrong.message)
    value = draft.spec[name]
    if found["index"] is not None and isinstance(value, list):
        dropped = value.pop(int(found["index"]))
        if not value:
            del draft.spec[name]
        draft.report(f"{source}: {_shown(dropped)}" if isinstance(dropped, str) else source, "refused", wrong.message)
    elif found["inner"] is not None and isinstance(value, dict) and found["inner"] in value:
        del value[found["inner"]]
        draft.report(source, "refused", wrong.message)
    elif name in _OPTIONAL:
        del draft.spec[name]
        draft.report(source, "refused", wrong.message)
    else:
        return Finding(source, "it would be refused", wrong.message)
    return None


def _shown(value: str) -> str:
    """An address without what may be a secret in it."""
    try:
        address = urlsplit(value)
    except ValueError:
        return "an address"
    if "@" in address.netloc or address.query or address.fragment:
        host = address.netloc.rpartition("@")[2]
        return f"{address.scheme}://{host}{address.path}{'?...' if address.query else ''}"
    return value
