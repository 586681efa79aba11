"""What a client of Ory Hydra may do, under the names of its admin API; the custom resource has others for the same."""

from collections.abc import Mapping, Sequence
from typing import Final

from ostiary_cli.importing.draft import Draft

METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
ALGORITHMS: Final = ("ES256", "RS256", "EdDSA")
# Of several lifetimes the first that is set counts: a person's session rather than a machine's.
LIFETIMES: Final[Mapping[str, tuple[str, ...]]] = {
    "accessToken": tuple(
        f"{grant}_grant_access_token_lifespan"
        for grant in ("authorization_code", "client_credentials", "implicit", "refresh_token")
    ),
    "idToken": tuple(
        f"{grant}_grant_id_token_lifespan" for grant in ("authorization_code", "implicit", "refresh_token")
    ),
    "refreshTokenIdle": tuple(
        f"{grant}_grant_refresh_token_lifespan" for grant in ("authorization_code", "refresh_token")
    ),
}


def put_type(draft: Draft, method: str, source: str) -> None:
    """Who has no secret is Public; the rest has to send it as it did."""
    if method == "none":
        draft.put("type", "Public", source)
    elif method in METHODS:
        draft.put("tokenEndpointAuthMethod", method, source)
    elif method:
        draft.report(f"{source}: {method}", "this method is not served", "authenticate by client_secret_basic")
    draft.put("pkce", "Optional", "PKCE")  # Hydra demands it of nobody unless the whole installation is set so


def put_scopes(draft: Draft, scopes: Sequence[str], source: str) -> None:
    """Hydra's scopes may hold a star for any text, and it calls offline what OpenID Connect calls offline_access."""
    kept = [scope for scope in scopes if "*" not in scope]
    for scope in scopes:
        if "*" in scope:
            draft.report(f"{source}: {scope}", "a star stands for nothing here", "list each scope in full")
    if "offline" in kept:
        why = "refresh tokens do not need it here, and to outlive the session they need offline_access"
        draft.report(f"{source}: offline", why, "have the application ask for offline_access; both are kept")
        kept.append("offline_access")
    draft.put("scopes", list(dict.fromkeys(kept)), source)


def put_lifetimes(draft: Draft, given: Mapping[str, int], prefix: str = "") -> None:
    """`given` in seconds, by the names of the admin API. A manifest has one of each kind for every grant."""
    for name, sources in LIFETIMES.items():
        held = [source for source in sources if source in given]
        if not held:
            continue
        draft.lifetime(name, given[held[0]], prefix + held[0])
        for other in held[1:]:
            if given[other] != given[held[0]]:
                why = f"an application has one {name} for every grant: that of {held[0]} was taken"
                draft.report(prefix + other, why, "make an application for each grant if the difference matters")
    for source in given.keys() - {source for sources in LIFETIMES.values() for source in sources}:
        draft.report(prefix + source, "this grant is not served", "nothing")


def note_audiences(draft: Draft, audiences: Sequence[str], source: str) -> None:
    """Hydra puts an audience into a token that asks for it; here a token has all of them."""
    draft.put("audiences", list(audiences), source)
    if len(audiences) > 1:
        why = "each access token names all of these, where Hydra names those that the request asks for"
        draft.report(source, why, "make an application for each resource if a token must not open two")
