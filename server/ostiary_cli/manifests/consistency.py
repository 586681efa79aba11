"""Whether the objects of some files fit each other. Like the cluster, the first holder of a name keeps it.

Which object the cluster would see first is not known from files: here it is the order of the files.
"""

from collections.abc import Iterable, Iterator

from ostiary_cli.manifests.envelope import Declaration, Kind
from ostiary_cli.manifests.policing import refused_by_policies
from ostiary_cli.manifests.problem import Problem
from ostiary_cli.manifests.secret import SecretManifest
from ostiary_operator.reconcile.secret_port import LABEL
from ostiary_state.applications.identity import client_id_of, secret_name_of
from ostiary_state.applications.origins import origin_of
from ostiary_state.applications.secret_hashes import KEY as HASH_KEY
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.users.spec import OAuthUserSpec


def contradictions(declarations: Iterable[Declaration]) -> Iterator[Problem]:
    """What two valid objects both claim, Secrets that nobody provides, and what the files' own policies refuse."""
    declared = tuple(declarations)
    applications = [(each, OAuthApplicationSpec.read(each.spec)) for each in declared if each.kind is Kind.APPLICATION]
    users = [(each, OAuthUserSpec.read(each.spec)) for each in declared if each.kind is Kind.USER]
    secrets = {each.id: SecretManifest.of(each) for each in declared if each.kind is Kind.SECRET}
    yield from _client_ids(applications)
    yield from _usernames(users)
    yield from _addresses(applications)
    yield from _required_secrets(applications, secrets)
    yield from _passwords(users, secrets)
    yield from refused_by_policies(declared)


def _client_ids(applications: Iterable[tuple[Declaration, OAuthApplicationSpec]]) -> Iterator[Problem]:
    first: dict[str, Declaration] = {}
    for each, spec in applications:
        client_id = client_id_of(spec, namespace=each.namespace, name=each.name)
        if (held := first.setdefault(client_id, each)) is not each:
            yield each.problem("spec.clientID", f"client id {client_id!r} already belongs to {_place(held)}")


def _usernames(users: Iterable[tuple[Declaration, OAuthUserSpec]]) -> Iterator[Problem]:
    first: dict[str, Declaration] = {}
    for each, spec in users:
        if (held := first.setdefault(spec.username, each)) is not each:
            yield each.problem("spec.username", f"username {spec.username!r} already belongs to {_place(held)}")


def _addresses(applications: Iterable[tuple[Declaration, OAuthApplicationSpec]]) -> Iterator[Problem]:
    """An address is one issuer, and belongs to one namespace."""
    first: dict[str, Declaration] = {}
    for each, spec in applications:
        if spec.authentication_address is None:
            continue
        held = first.setdefault(origin_of(spec.authentication_address), each)
        if held.namespace != each.namespace:
            message = f"{spec.authentication_address} already belongs to the namespace of {_place(held)}"
            yield each.problem("spec.authenticationAddress", message)


def _required_secrets(
    applications: Iterable[tuple[Declaration, OAuthApplicationSpec]], secrets: dict[str, SecretManifest]
) -> Iterator[Problem]:
    for each, spec in applications:
        name = secret_name_of(spec, name=each.name)
        if name is not None and spec.secret is not None and spec.secret.mode == "Require":
            keys = (spec.secret.keys.client_secret, HASH_KEY)
            yield from _secret(each, "spec.secret.name", name, keys, secrets)


def _passwords(
    users: Iterable[tuple[Declaration, OAuthUserSpec]], secrets: dict[str, SecretManifest]
) -> Iterator[Problem]:
    for each, spec in users:
        if (reference := spec.password_secret_ref) is not None:
            yield from _secret(each, "spec.passwordSecretRef.name", reference.name, (reference.key,), secrets)


def _secret(
    each: Declaration, field: str, name: str, keys: tuple[str, ...], secrets: dict[str, SecretManifest]
) -> Iterator[Problem]:
    """Warnings: Secrets are often, and rightly, not kept beside the manifests. One of `keys` is enough."""
    secret = secrets.get(f"{each.namespace}/{name}")
    if secret is None:
        message = f"Secret {each.namespace}/{name} is in none of these files"
    elif not secret.labelled:
        message = f"Secret {each.namespace}/{name} lacks the label {LABEL}: 'true' and will not be looked at"
    elif not {*keys} & secret.data.keys():
        message = f"Secret {each.namespace}/{name} lacks the key {keys[0]}"
    else:
        return
    yield each.problem(field, message, warning=True)


def _place(held: Declaration) -> str:
    return f"{held.kind} {held.id} ({held.document.file}:{held.line})"
