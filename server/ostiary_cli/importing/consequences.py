"""What follows from a client's type and grants, whatever product it comes from. Each step sees the last one's work.

A source says what the client was allowed; the rules of a manifest forbid some combinations of that. What cannot stay is
dropped and reported, so that the rest can move in.
"""

from typing import get_args

from ostiary_cli.importing.draft import Draft
from ostiary_state.applications.openid import implied_response_types
from ostiary_state.applications.spec_types import GrantMode, ResponseType

GRANT_MODES = get_args(GrantMode)
_NAMES = {
    "urn:ietf:params:oauth:grant-type:device_code": "the device grant is not served",
    "urn:ietf:params:oauth:grant-type:token-exchange": "token exchange is not served",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "assertions are not taken for a grant",
}
_RESPONSE_TYPES = get_args(ResponseType)


def settle(draft: Draft) -> None:
    """Make the draft agree with itself."""
    for step in (_public, _known_grants, _without_callbacks, _lone_refresh, _response_types, _pkce, _idle):
        step(draft)


def _drop(draft: Draft, modes: set[str], why: str, instead: str) -> None:
    held = draft.spec.get("grantModes", [])
    if gone := [mode for mode in held if mode in modes]:
        draft.spec["grantModes"] = [mode for mode in held if mode not in modes]
        draft.report(f"{draft.came_from.get('grantModes', 'grants')}: {', '.join(gone)}", why, instead)


def _public(draft: Draft) -> None:
    if draft.spec.get("type") == "Public":
        why = "a Public application has no secret, so nobody could tell it from another"
        _drop(draft, {"client_credentials", "password"}, why, "make a Confidential application for it if it is in use")


def _known_grants(draft: Draft) -> None:
    for mode in [mode for mode in draft.spec.get("grantModes", []) if mode not in GRANT_MODES]:
        _drop(draft, {mode}, _NAMES.get(mode, "this grant is not served"), "use another grant, or stay for this client")


def _without_callbacks(draft: Draft) -> None:
    if not draft.spec.get("callbackURLs"):
        why = "it has no redirect address that could be kept, so nobody can sign in to it"
        _drop(draft, {"authorization_code", "implicit"}, why, "list callbackURLs and add the grant if it is in use")


def _lone_refresh(draft: Draft) -> None:
    if not {"authorization_code", "password"} & set(draft.spec.get("grantModes", [])):
        _drop(draft, {"refresh_token"}, "no grant that is left yields a refresh token", "nothing")


def _response_types(draft: Draft) -> None:
    """Left out where they are what the grants imply."""
    given = {frozenset(each.split()): each for each in draft.spec.pop("responseTypes", [])}
    modes = frozenset(draft.spec.get("grantModes", []))
    possible = [each for each in _RESPONSE_TYPES if _is_possible(frozenset(each.split()), modes)]
    kept = [each for each in possible if frozenset(each.split()) in given]
    if kept and {frozenset(each.split()) for each in kept} != implied_response_types(modes):
        draft.spec["responseTypes"] = kept
    if gone := given.keys() - {frozenset(each.split()) for each in kept}:
        source = draft.came_from.get("responseTypes", "response types")
        names = ", ".join(sorted(given[each] for each in gone))
        draft.report(f"{source}: {names}", "no grant that is left allows it", "add the grant if it is in use")


def _is_possible(response_type: frozenset[str], modes: frozenset[str]) -> bool:
    has_code, has_more = "code" in response_type, bool(response_type - {"code"})
    return (not has_code or "authorization_code" in modes) and (not has_more or "implicit" in modes)


def _pkce(draft: Draft) -> None:
    if "authorization_code" not in draft.spec.get("grantModes", []):
        draft.spec.pop("pkce", None)
    elif draft.spec.get("type") == "Public" and draft.spec.pop("pkce", None) == "Optional":
        why = "a Public application has to send a PKCE challenge by S256 here"
        draft.report(draft.came_from.get("pkce", "PKCE"), why, "see that its library sends one before it moves")
    elif draft.spec.get("pkce") == "Optional":
        why = "it did not have to send a PKCE challenge, and so need not here: pkce is Optional"
        draft.report(draft.came_from.get("pkce", "PKCE"), why, "remove pkce: Optional once its library sends one")


def _idle(draft: Draft) -> None:
    """The default of refreshTokenIdle must not be longer than an absolute lifetime that was given."""
    lifetimes = draft.spec.get("tokenLifetimes", {})
    if "refreshTokenAbsolute" in lifetimes and "refreshTokenIdle" not in lifetimes:
        lifetimes["refreshTokenIdle"] = lifetimes["refreshTokenAbsolute"]
