"""Ory hydra-maester: OAuth2Client objects (hydra.ory.sh) and the Secrets that they name.

kubectl get oauth2clients,secrets -A -o yaml
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.lifetimes import go_seconds
from ostiary_cli.importing.reading import Fields
from ostiary_cli.importing.sources import ory, secret_objects
from ostiary_cli.importing.sources.secret_objects import SecretObjects, value_of

_ID_KEYS: Final = ("CLIENT_ID", "client_id")  # now and before; its environment may say others
_SECRET_KEYS: Final = ("CLIENT_SECRET", "client_secret")
_HANDLED: Final = frozenset(
    {"clientName", "grantTypes", "responseTypes", "redirectUris", "postLogoutRedirectUris", "allowedCorsOrigins"}
    | {"audience", "scope", "scopeArray", "secretName", "skipConsent", "tokenEndpointAuthMethod", "tokenLifespans"}
    | {"jwksUri", "frontChannelLogoutSessionRequired", "frontChannelLogoutURI", "backChannelLogoutSessionRequired"}
    | {"backChannelLogoutURI", "hydraAdmin", "metadata", "deletionPolicy", "clientSecret"}
)


def drafts(objects: Iterable[Fields]) -> Iterator[Draft | Finding]:
    """Raises ImportFailed."""
    clients, secrets = [], SecretObjects()
    for each in objects:
        if each.kind == "hydra.ory.sh/OAuth2Client":
            clients.append(each)
        elif each.kind == secret_objects.KIND:
            secrets.add(each)
        else:
            raise each.failed("kind", "expected an OAuth2Client of hydra.ory.sh, or a Secret")
    for each in clients:
        yield _draft(each, secrets)


def _draft(client: Fields, secrets: SecretObjects) -> Draft:
    metadata, spec = client.part("metadata"), client.part("spec")
    namespace, name = metadata.text("namespace"), metadata.text("name")
    if not name:
        raise client.failed("metadata.name", "this field is required")
    draft = Draft(f"OAuth2Client {namespace or 'default'}/{name}", namespace or None, name, "")
    _put_secret(draft, spec, namespace, secrets)
    draft.put("displayName", spec.text("clientName"), "spec.clientName")
    draft.put("grantModes", spec.texts("grantTypes"), "spec.grantTypes")
    draft.put("responseTypes", spec.texts("responseTypes"), "spec.responseTypes")
    draft.put("callbackURLs", spec.texts("redirectUris"), "spec.redirectUris")
    draft.put("postLogoutRedirectURLs", spec.texts("postLogoutRedirectUris"), "spec.postLogoutRedirectUris")
    draft.put("corsOrigins", spec.texts("allowedCorsOrigins"), "spec.allowedCorsOrigins")
    scopes = spec.texts("scopeArray") or tuple(spec.text("scope").split())
    ory.put_scopes(draft, scopes, "spec.scopeArray" if spec.has("scopeArray") else "spec.scope")
    ory.note_audiences(draft, spec.texts("audience"), "spec.audience")
    ory.put_type(draft, spec.text("tokenEndpointAuthMethod"), "spec.tokenEndpointAuthMethod")
    draft.put("jwksURL", spec.text("jwksUri"), "spec.jwksUri")
    draft.put("consent", "Skip" if spec.flag("skipConsent") else None, "spec.skipConsent")
    draft.put("backChannelLogoutURL", spec.text("backChannelLogoutURI"), "spec.backChannelLogoutURI")
    draft.put("frontChannelLogoutURL", spec.text("frontChannelLogoutURI"), "spec.frontChannelLogoutURI")
    session = spec.flag("frontChannelLogoutSessionRequired") or None
    draft.put("frontChannelLogoutSessionRequired", session, "spec.frontChannelLogoutSessionRequired")
    draft.put("deletionPolicy", spec.text("deletionPolicy"), "spec.deletionPolicy")
    lifetimes = spec.part("tokenLifespans")
    ory.put_lifetimes(draft, {each: _seconds(lifetimes, each) for each in lifetimes.content}, "spec.tokenLifespans.")
    if spec.has("hydraAdmin"):
        draft.report("spec.hydraAdmin", "there is no admin API: the operator writes the database", "nothing")
    if spec.has("metadata"):
        instead = "write it into annotations, or into claims if its consent page put it into tokens"
        draft.report("spec.metadata", "an application has no data of its own", instead)
    draft.report_unknown((each for each in spec.content if each not in _HANDLED), "spec.")
    return draft


def _put_secret(draft: Draft, spec: Fields, namespace: str, secrets: SecretObjects) -> None:
    name = spec.text("secretName")
    if not name:
        raise spec.failed("secretName", "this field is required")
    found = secrets.find(namespace, name)
    id_key, draft.client_id = value_of(found, _ID_KEYS)
    if not id_key:
        missing = f"has neither key {' nor '.join(_ID_KEYS)}" if found is not None else "is in none of the files"
        instead = "add it to the input: kubectl get oauth2clients,secrets -A -o yaml"
        draft.refused = Finding("spec.secretName", f"the Secret {name} holds the client id and {missing}", instead)
        return
    key, plain = value_of(found, _SECRET_KEYS)
    draft.secret = GivenSecret(
        plain=plain or None,
        absent=f"the Secret {name} has no {_SECRET_KEYS[0]}",
        source=f"Secret {name}",
        name=name if key else None,  # one to be generated must not take the place of one that is there
        keys={"clientID": id_key, "clientSecret": key} if key else {},
        beside={id_key: draft.client_id},
    )
    owners = found.part("metadata").parts("ownerReferences") if found is not None else ()
    if any(owner.text("kind") == "OAuth2Client" for owner in owners):
        why = "hydra-maester owns this Secret: it goes when the OAuth2Client is deleted, and the application stops"
        patch = """'{"metadata":{"ownerReferences":null}}'"""
        instead = f"before that: kubectl patch secret {name} -n {namespace or 'default'} --type=merge -p {patch}"
        draft.report(f"Secret {name}: metadata.ownerReferences", why, instead)


def _seconds(lifetimes: Fields, name: str) -> int:
    try:
        return go_seconds(lifetimes.text(name))
    except ValueError as error:
        raise lifetimes.failed(name, str(error)) from None
