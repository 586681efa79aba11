"""Keycloak: realm exports, lists of clients as its admin API has them, and the KeycloakClient objects of two operators.

    kc.sh export --realm shop --file shop.json
    kubectl get keycloakclients,secrets -A -o yaml

Whatever the form, a client is one representation in the end, which `keycloak_client` reads.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.reading import Fields
from ostiary_cli.importing.sources import keycloak_client, secret_objects
from ostiary_cli.importing.sources.secret_objects import SecretObjects, value_of

_LEGACY: Final = ("keycloak.org/KeycloakClient", "legacy.k8s.keycloak.org/KeycloakClient")
_EPAM: Final = "v1.edp.epam.com/KeycloakClient"
_EPAM_NAMES: Final = {  # its names for fields of the representation
    "public": "publicClient",
    "directAccess": "directAccessGrantsEnabled",
    "webUrl": "rootUrl",
    "homeUrl": "baseUrl",
    "frontChannelLogout": "frontchannelLogout",
}
_EPAM_OWN: Final = (
    "realmRef",
    "targetRealm",
    "advancedProtocolMappers",
    "reconciliationStrategy",
    "adminUrl",
    "secret",
)
_REALM: Final = {  # of a realm, what concerns its clients and has no equivalent
    "identityProviders": "people are OAuthUser objects; there are no identity providers behind Ostiary",
    "users": "people are OAuthUser objects, whose passwords are set anew",
}


def drafts(objects: Iterable[Fields]) -> Iterator[Draft | Finding]:
    """Raises ImportFailed."""
    resources, secrets = list[tuple[Fields, Callable[[Fields, SecretObjects], Draft | Finding]]](), SecretObjects()
    for each in objects:
        if each.kind == secret_objects.KIND:
            secrets.add(each)
        elif each.kind in _LEGACY:
            resources.append((each, _legacy))
        elif each.kind == _EPAM:
            resources.append((each, _epam))
        elif each.kind:
            raise each.failed("kind", "expected a KeycloakClient, or a Secret")
        elif "clients" in each.content:
            yield from _realm(each)
        elif "clientId" in each.content:
            yield keycloak_client.draft(each, {})
        else:
            raise each.failed("clients", "this field is required: expected the export of a realm, or a client")
    for resource, read in resources:
        yield read(resource, secrets)


def _realm(realm: Fields) -> Iterator[Draft | Finding]:
    scopes = {scope.text("name"): scope for scope in realm.parts("clientScopes")}
    own = list[str]()
    for client in realm.parts("clients"):
        if keycloak_client.is_its_own(client):
            own.append(client.text("clientId"))
        else:
            yield keycloak_client.draft(client, scopes)
    if own:
        yield Finding(f"clients {', '.join(own)}", "they are Keycloak's own", "nothing")
    for name, why in _REALM.items():
        if realm.has(name):
            yield Finding(f"realm {realm.text('realm')}: {name}", why, "declare those who are to sign in")


def _legacy(resource: Fields, secrets: SecretObjects) -> Draft | Finding:
    """The representation stands below spec.client; the Secret that its operator makes is named after the client."""
    client = resource.part("spec").part("client")
    name = f"keycloak-client-secret-{client.text('clientId').lower()}"
    found = keycloak_client.draft(client, {})
    return _placed(found, resource, secrets, name, ("CLIENT_SECRET",), ("CLIENT_ID",))


def _epam(resource: Fields, secrets: SecretObjects) -> Draft | Finding:
    """The fields of the representation stand in the spec, some under other names, and the secret is a reference."""
    spec = resource.part("spec")
    content = {_EPAM_NAMES.get(name, name): value for name, value in spec.content.items() if name not in _EPAM_OWN}
    account = content.pop("serviceAccount", None)
    content["serviceAccountsEnabled"] = isinstance(account, dict) and account.get("enabled", False)
    content.setdefault("attributes", {"post.logout.redirect.uris": "+"})
    if not content.get("redirectUris") and spec.has("webUrl"):
        content["redirectUris"] = [f"{spec.text('webUrl')}/*"]
    name, _, key = spec.text("secret").removeprefix("$").partition(":")
    name = name or f"keycloak-client-{resource.part('metadata').text('name')}-secret"
    found = keycloak_client.draft(replace(spec, content=content), {})
    return _placed(found, resource, secrets, name, (key or "clientSecret",), ())


def _placed(
    found: Draft | Finding,
    resource: Fields,
    secrets: SecretObjects,
    name: str,
    keys: tuple[str, ...],
    id_keys: tuple[str, ...],
) -> Draft | Finding:
    """A custom resource has a namespace, and its secret in a Secret that the application reads already."""
    if isinstance(found, Finding):
        return found
    metadata = resource.part("metadata")
    found.namespace = metadata.text("namespace") or None
    found.name = metadata.text("name") or found.name
    found.origin = f"KeycloakClient {found.namespace or 'default'}/{found.name}"
    held = secrets.find(metadata.text("namespace"), name)
    (key, plain), (id_key, client_id) = value_of(held, keys), value_of(held, id_keys)
    if key:
        found.secret = GivenSecret(
            plain=plain,
            source=f"Secret {name}",
            name=name,
            keys={"clientSecret": key} | ({"clientID": id_key} if id_key else {}),
            beside={id_key: client_id} if id_key else {},
        )
    elif not found.secret.plain:
        absent = f"the Secret {name} with the key {keys[0]} is in none of the files"
        found.secret = replace(found.secret, absent=absent)
    return found
