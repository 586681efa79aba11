"""OpenShift's own OAuth server: OAuthClient objects (oauth.openshift.io), which have no namespace.

oc get oauthclients -o yaml
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.reading import Fields

_KIND: Final = "oauth.openshift.io/OAuthClient"
_OWN: Final = frozenset({"console", "openshift-browser-client", "openshift-challenging-client", "openshift-cli-client"})
_GRANTS: Final = {"auto": "Skip", "prompt": None, "": None}
_HANDLED: Final = frozenset(
    {"apiVersion", "kind", "metadata", "secret", "additionalSecrets", "respondWithChallenges", "redirectURIs"}
    | {"grantMethod", "scopeRestrictions", "accessTokenMaxAgeSeconds", "accessTokenInactivityTimeoutSeconds"}
)


def drafts(objects: Iterable[Fields]) -> Iterator[Draft | Finding]:
    """Raises ImportFailed."""
    for each in objects:
        if each.kind != _KIND:
            raise each.failed("kind", "expected an OAuthClient of oauth.openshift.io")
        name = each.part("metadata").text("name")
        if not name:
            raise each.failed("metadata.name", "this field is required")
        if name in _OWN:
            yield Finding(f"OAuthClient {name}", "it is one of the cluster's own", "leave it there")
        else:
            yield _draft(each, name)


def _draft(client: Fields, name: str) -> Draft:
    draft = Draft(f"OAuthClient {name}", None, name, name)
    draft.put("callbackURLs", client.texts("redirectURIs"), "redirectURIs")
    draft.put("grantModes", ["authorization_code"], "grants")
    draft.put("pkce", "Optional", "PKCE")
    if client.has("redirectURIs"):
        why = "OpenShift accepts what begins with one of them; here the whole address is compared"
        draft.report("redirectURIs", why, "list each address that the application sends in full")
    _put_consent(draft, client)
    _put_secret(draft, client)
    _put_lifetimes(draft, client)
    _put_scopes(draft, client)
    if client.flag("respondWithChallenges"):
        draft.report("respondWithChallenges", "people sign in on a page", "use the code flow from a browser")
    draft.report("response_type=token", "whether it is in use cannot be seen", "add implicit to grantModes if it is")
    draft.report_unknown(field for field in client.content if field not in _HANDLED and client.has(field))
    return draft


def _put_consent(draft: Draft, client: Fields) -> None:
    method = client.text("grantMethod")
    if method == "deny":
        draft.put("enabled", False, "grantMethod")
        draft.report("grantMethod: deny", "it was refused every grant: it is not enabled", "set enabled to true")
    elif method in _GRANTS:
        draft.put("consent", _GRANTS[method], "grantMethod")
    else:
        raise client.failed("grantMethod", "expected auto, prompt or deny")


def _put_secret(draft: Draft, client: Fields) -> None:
    if client.has("secret"):
        draft.secret = GivenSecret(plain=client.text("secret"), source="secret")
        draft.report_either_method("secret", "OpenShift")
    else:
        draft.put("type", "Public", "secret")
    if client.texts("additionalSecrets"):
        why = "one secret of a client moves: the one in secret"
        draft.report("additionalSecrets", why, "see that every instance uses that one before the move")


def _put_lifetimes(draft: Draft, client: Fields) -> None:
    seconds = client.number("accessTokenMaxAgeSeconds")
    if seconds == 0:
        why = "an access token that never ends is not served: 24h was written"
        draft.report("accessTokenMaxAgeSeconds: 0", why, "add refresh_token to grantModes to stay signed in")
        seconds = 86_400
        draft.lifetime("accessToken", seconds, "accessTokenMaxAgeSeconds")
    else:
        draft.lifetime("accessToken", seconds, "accessTokenMaxAgeSeconds")
    if client.number("accessTokenInactivityTimeoutSeconds"):
        why = "an access token does not end by lying idle"
        draft.report("accessTokenInactivityTimeoutSeconds", why, "use short access tokens and refresh_token")


def _put_scopes(draft: Draft, client: Fields) -> None:
    """OpenShift's scopes open the API of the cluster, which tokens of Ostiary do not."""
    literals = list[str]()
    for restriction in client.parts("scopeRestrictions"):
        literals += restriction.texts("literals")
        if restriction.has("clusterRole"):
            why = "a token does not act as a person at the API of the cluster"
            draft.report("scopeRestrictions: clusterRole", why, "sign people in to the cluster: see the guide on roles")
    draft.put("scopes", ["openid", "profile", "email", *literals] if literals else None, "scopeRestrictions")
    why = "tokens open nothing at the API of the cluster, whatever their scope"
    draft.report("scopes user:info, user:full, role:*", why, "have the application ask for openid, profile and email")
