"""What an authorization request must pass, in order (RFC 6749 section 4.1.2.1, RFC 9700 section 4.11).

Until the client is known and the redirect URI is one of its own, a failure is a `PageError`: redirecting would make
this server an open redirector. From then on a failure is an `OAuthError`, told to the client in its response channel.
"""

import re
from collections import Counter
from collections.abc import Callable

from ostiary_server.protocol.authentication_context import SUPPORTED
from ostiary_server.protocol.authorization_request import FRONT_CHANNEL_TOKENS, JWT_MODES, AuthorizationRequest
from ostiary_server.protocol.errors import (
    InvalidRequest,
    InvalidScope,
    PageError,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnmetAuthenticationRequirements,
    UnsupportedResponseType,
)
from ostiary_server.protocol.ports import Directory
from ostiary_server.protocol.requests import Parameters
from ostiary_server.protocol.responses import ResponseMode
from ostiary_state.applications.application import Application
from ostiary_state.applications.redirect_uris import is_registered
from ostiary_state.runtime.issuer import Issuer

LONGEST_PARAMETERS = 8192  # characters, names and values: they return in our own links
MOST_PARAMETERS = 64

RESPONSE_TYPES = (
    *("code", "token", "id_token", "id_token token"),
    *("code id_token", "code token", "code id_token token"),
)
_RESPONSE_TYPES = frozenset(frozenset(written.split(" ")) for written in RESPONSE_TYPES)
RESPONSE_MODES = frozenset({*ResponseMode, *JWT_MODES})
PROMPTS = frozenset({"none", "login", "consent", "select_account"})

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*")  # RFC 6749 section 3.3
_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 7636 section 4.2: base64url of 32 bytes
_SECONDS = re.compile(r"[0-9]{1,9}")


def recognised(parameters: Parameters, issuer: Issuer, application: Application) -> AuthorizationRequest:
    """The request of a known client to a redirect URI of its own; raises PageError otherwise.

    In this order, since each step needs the one before: bounded, so that nothing below works on megabytes; the
    client, which `asking_application` found; then its redirect URI.
    """
    _bounded(parameters)
    return AuthorizationRequest(issuer, application, _redirect_uri(parameters, application), parameters)


def asking_application(parameters: Parameters, issuer: Issuer, directory: Directory) -> Application:
    """The enabled application that the request is of; raises PageError. Its redirect URI may be another question."""
    _bounded(parameters)
    return _application(parameters, issuer, directory)


def _bounded(parameters: Parameters) -> None:
    if len(parameters.pairs) > MOST_PARAMETERS:
        raise PageError("invalid_request", f"More than {MOST_PARAMETERS} parameters were sent.", status=413)
    if sum(len(name) + len(value) for name, value in parameters) > LONGEST_PARAMETERS:
        raise PageError(
            "invalid_request", f"The parameters are longer than {LONGEST_PARAMETERS} characters.", status=413
        )


def _application(parameters: Parameters, issuer: Issuer, directory: Directory) -> Application:
    client_id = _single(parameters, "client_id")
    if client_id is None:
        raise PageError("invalid_request", "The parameter 'client_id' is missing.")
    application = directory.application(issuer.id, client_id)
    if application is None:
        raise PageError("invalid_client", "No application with this client_id signs its users in at this address.")
    if not application.enabled:
        raise PageError("unauthorized_client", "This application is disabled.", status=403)
    return application


def _redirect_uri(parameters: Parameters, application: Application) -> str:
    sent = _single(parameters, "redirect_uri")
    if sent is None:
        # RFC 6749 section 3.1.2.3: it may be left out only where there is no choice.
        if len(application.callback_urls) == 1:
            return application.callback_urls[0]
        raise PageError("invalid_request", "The parameter 'redirect_uri' is missing.")
    if not is_registered(sent, application.callback_urls):
        raise PageError("invalid_request", "The redirect_uri is not one of this application's callbackURLs.")
    return sent


def _single(parameters: Parameters, name: str) -> str | None:
    try:
        return parameters.get(name)
    except InvalidRequest as repeated:
        raise PageError("invalid_request", repeated.description) from None


def sent_once(request: AuthorizationRequest) -> None:
    """RFC 6749 section 3.1: no parameter twice, but `resource`, of which there may be several (RFC 8707)."""
    for name, count in Counter(name for name, value in request.parameters if value).items():
        if count > 1 and name != "resource":
            shown = name if re.fullmatch(r"[a-z_]{1,40}", name) else "?"
            raise InvalidRequest(f"The parameter '{shown}' must not be sent more than once.")


def text_can_be_stored(request: AuthorizationRequest) -> None:
    """PostgreSQL refuses NUL in a text, and the nonce is kept until the code is redeemed."""
    if any("\0" in value for _, value in request.parameters):
        raise InvalidRequest("The parameters must not contain NUL.")


def no_request_object(request: AuthorizationRequest) -> None:
    """OpenID Connect Core sections 6 and 7.2.1: what would replace parameters is refused, never ignored.

    `request_objects` has read and replaced the ones of applications that use them.
    """
    if "request" in request.parameters:
        raise RequestNotSupported("This application declares no keys (jwks, jwksURL) that verify a 'request'.")
    if "request_uri" in request.parameters:
        raise RequestUriNotSupported("This application declares no requestURLs that a 'request_uri' may name.")
    if "registration" in request.parameters:
        raise RegistrationNotSupported("The parameter 'registration' is not supported: declare the application.")


def response_type_is_served(request: AuthorizationRequest) -> None:
    """RFC 6749 section 3.1.1."""
    if not request.response_types:
        raise InvalidRequest("The parameter 'response_type' is missing.")
    if request.response_types not in _RESPONSE_TYPES:
        raise UnsupportedResponseType("Supported are: code, token, id_token and their combinations.")


def response_type_is_listed(request: AuthorizationRequest) -> None:
    """The manifest's grantModes and responseTypes permit the response type."""
    types, modes = request.response_types, request.application.grant_modes
    if "code" in types and "authorization_code" not in modes:
        raise UnauthorizedClient("This response_type needs 'authorization_code' in the application's grantModes.")
    if types & FRONT_CHANNEL_TOKENS and "implicit" not in modes:
        raise UnauthorizedClient("This response_type needs 'implicit' in the application's grantModes.")
    if types not in request.application.response_types:
        raise UnauthorizedClient("The application's responseTypes do not list this response_type.")


def response_mode_fits(request: AuthorizationRequest) -> None:
    """OAuth 2.0 Multiple Response Types section 5: tokens never travel in a query, which servers log."""
    mode = request.parameters.first("response_mode")
    if mode is None:
        return
    if mode not in RESPONSE_MODES:
        raise InvalidRequest(
            "Supported values of 'response_mode' are query, fragment and form_post, each also with .jwt."
        )
    if request.response_mode == ResponseMode.QUERY and request.response_types & FRONT_CHANNEL_TOKENS:
        raise InvalidRequest("The response_mode 'query' is not allowed for responses that contain tokens.")


def prompt_is_consistent(request: AuthorizationRequest) -> None:
    """OpenID Connect Core section 3.1.2.1: `none` stands alone."""
    if request.prompts - PROMPTS:
        raise InvalidRequest("Supported values of 'prompt' are: none, login, consent and select_account.")
    if "none" in request.prompts and len(request.prompts) > 1:
        raise InvalidRequest("The prompt 'none' cannot be combined with others.")


def max_age_is_a_number(request: AuthorizationRequest) -> None:
    """OpenID Connect Core section 3.1.2.1: seconds."""
    max_age = request.parameters.first("max_age")
    if max_age is not None and not _SECONDS.fullmatch(max_age):
        raise InvalidRequest("The parameter 'max_age' must be a number of seconds.")


def claims_are_readable(request: AuthorizationRequest) -> None:
    """OpenID Connect Core section 5.5; an essential `acr` that no sign-in can reach fails here (section 5.5.1.1)."""
    acr = request.claims.id_token.get("acr")
    if acr is not None and acr.essential and acr.values and not any(value in SUPPORTED for value in acr.values):
        raise UnmetAuthenticationRequirements("None of the required acr values can be reached here.")


def scope_is_left(request: AuthorizationRequest) -> None:
    """RFC 6749 section 3.3: unknown scopes are dropped, and the response says which were granted."""
    asked = request.parameters.first("scope")
    if asked is None:
        return
    if not _SCOPE.fullmatch(asked):
        raise InvalidScope("The parameter 'scope' must be words separated by single spaces.")
    if not request.scopes:
        raise InvalidScope("None of these scopes can be granted: declare them in the application's scopes.")


def openid_is_complete(request: AuthorizationRequest) -> None:
    """OpenID Connect Core sections 3.1.2.1, 3.2.2.1 and 3.2.2.11."""
    if "id_token" in request.response_types:
        if "openid" not in request.scopes:
            raise InvalidScope("An ID token needs the scope 'openid', asked for and declared.")
        if request.nonce is None:
            raise InvalidRequest("The parameter 'nonce' is required for an ID token in this response.")
    if "openid" in request.scopes and not request.redirect_uri_sent:
        raise InvalidRequest("The parameter 'redirect_uri' is required with the scope 'openid'.")


def code_is_challenged(request: AuthorizationRequest) -> None:
    """RFC 7636, S256 alone. It concerns responses with a code; others ignore it, as nothing could be verified."""
    if "code" not in request.response_types:
        return
    challenge = request.parameters.first("code_challenge")
    method = request.parameters.first("code_challenge_method")
    if challenge is None:
        if request.application.pkce_required:
            raise InvalidRequest("The parameter 'code_challenge' is required: this application must use PKCE (S256).")
        if method is not None:
            raise InvalidRequest("The parameter 'code_challenge_method' was sent without 'code_challenge'.")
        return
    if method != "S256":  # an absent method means plain (RFC 7636 section 4.3)
        raise InvalidRequest("The parameter 'code_challenge_method' must be S256.")
    if not _S256_CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("The parameter 'code_challenge' is not the base64url of a SHA-256 digest.")


# The order is part of what clients see: repetition first, since every later check reads single values; then what no
# value may hold; then what would replace parameters, since judging the replaced ones would mislead; then the response
# type, which decides what the remaining parameters have to be, and whether the client may use it before anything that
# only its use needs.
CHECKS: tuple[Callable[[AuthorizationRequest], None], ...] = (
    sent_once,
    text_can_be_stored,
    no_request_object,
    response_type_is_served,
    response_type_is_listed,
    response_mode_fits,
    prompt_is_consistent,
    max_age_is_a_number,
    scope_is_left,
    openid_is_complete,
    claims_are_readable,
    code_is_challenged,
)


def check(request: AuthorizationRequest) -> None:
    """Raises the OAuthError of the first check that fails."""
    for passes in CHECKS:
        passes(request)
