"""Everything that can go wrong in the protocol.

OAuthError                        answered with its RFC's code, by `endpoints.errors` alone
├── InvalidRequest                RFC 6749 4.1.2.1, 5.2
├── InvalidClient                 RFC 6749 5.2 (401, WWW-Authenticate when Authorization was used)
├── InvalidGrant                  RFC 6749 5.2
├── UnauthorizedClient            RFC 6749 4.1.2.1, 5.2
├── UnsupportedGrantType          RFC 6749 5.2
├── UnsupportedResponseType       RFC 6749 4.1.2.1
├── InvalidScope                  RFC 6749 4.1.2.1, 5.2
├── AccessDenied                  RFC 6749 4.1.2.1
├── ServerError / TemporarilyUnavailable   RFC 6749 4.1.2.1 (503 with Retry-After where there is a status)
├── LoginRequired, ConsentRequired   OpenID Connect Core 3.1.2.6
├── UnmetAuthenticationRequirements   OpenID Connect Core Error Code unmet_authentication_requirements
├── InvalidRequestObject, InvalidRequestURI   RFC 9101 section 7
├── RequestNotSupported, RequestUriNotSupported, RegistrationNotSupported           OpenID Connect Core 3.1.2.6
├── InvalidRedirectURI, InvalidClientMetadata             RFC 7591 3.2.2
├── InvalidSoftwareStatement, UnapprovedSoftwareStatement RFC 7591 3.2.2
├── InvalidToken, MissingToken, InsufficientScope   RFC 6750 3.1
└── UnsupportedTokenType          RFC 7009 2.2.1
PageError                         before the redirect URI is known good: a page for the person, never a redirect
MisdirectedRequest                unknown Host (RFC 9110 15.5.20)
"""

from typing import ClassVar


class OAuthError(Exception):
    """An error that a client gets. `description` is public ASCII and says what to fix; `detail` is logged only."""

    code: ClassVar[str] = "server_error"
    status: ClassVar[int] = 400

    def __init__(self, description: str, *, detail: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.detail = detail
        self.retry_after = retry_after  # seconds


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated, malformed or contradicts another."""

    code = "invalid_request"


class InvalidClient(OAuthError):
    """Client authentication failed, or the client is disabled or unknown."""

    code = "invalid_client"
    status = 401


class InvalidGrant(OAuthError):
    """The code, refresh token or password is wrong, expired, revoked, or not this client's."""

    code = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """The manifest does not list this grant mode."""

    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """The server has no such grant."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """The server has no such response type."""

    code = "unsupported_response_type"


class InvalidScope(OAuthError):
    """The scope is unknown, malformed, or more than was granted or declared."""

    code = "invalid_scope"


class AccessDenied(OAuthError):
    """The person, or `allowedGroups`, said no."""

    code = "access_denied"
    status = 403


class ServerError(OAuthError):
    """Our fault."""

    code = "server_error"
    status = 500


class TemporarilyUnavailable(OAuthError):
    """The database is away, or the password pool is full: try again after `retry_after` seconds."""

    code = "temporarily_unavailable"
    status = 503


class LoginRequired(OAuthError):
    """`prompt=none` without a session that fits."""

    code = "login_required"


class ConsentRequired(OAuthError):
    """`prompt=none` and the person has not consented."""

    code = "consent_required"


class UnmetAuthenticationRequirements(OAuthError):
    """An essential `acr` that cannot be reached (OpenID Connect Core Error Code unmet_authentication_requirements)."""

    code = "unmet_authentication_requirements"


class InvalidRequestObject(OAuthError):
    """The request object is malformed, not signed by the application, expired, or not for this issuer."""

    code = "invalid_request_object"


class InvalidRequestURI(OAuthError):
    """The `request_uri` is not one of the application's, or cannot be read."""

    code = "invalid_request_uri"


class InvalidRedirectURI(OAuthError):
    """A redirect URI that a client wants to register is not acceptable (RFC 7591 section 3.2.2)."""

    code = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """What a client says of itself is not acceptable (RFC 7591 section 3.2.2)."""

    code = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    """The software statement cannot be verified, or is not valid now (RFC 7591 section 3.2.2)."""

    code = "invalid_software_statement"


class UnapprovedSoftwareStatement(OAuthError):
    """The software statement is of nobody who is trusted here (RFC 7591 section 3.2.2)."""

    code = "unapproved_software_statement"


class RequestNotSupported(OAuthError):
    """The `request` parameter (OpenID Connect Core section 6.1) is not served."""

    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    """The `request_uri` parameter (OpenID Connect Core section 6.2) is not served."""

    code = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    """The `registration` parameter (OpenID Connect Core section 7.2.1) is not served."""

    code = "registration_not_supported"


class InvalidToken(OAuthError):
    """A bearer token that is expired, revoked, malformed or another issuer's."""

    code = "invalid_token"
    status = 401


class MissingToken(InvalidToken):
    """No token at all: the challenge says nothing but the scheme (RFC 6750 section 3.1)."""


class InsufficientScope(OAuthError):
    """A bearer token without the scope that the resource asks for."""

    code = "insufficient_scope"
    status = 403


class UnsupportedTokenType(OAuthError):
    """A token type that cannot be revoked here."""

    code = "unsupported_token_type"


class PageError(Exception):
    """Shown to the person as a page, since no redirect URI can be trusted yet.

    `title` and `text` are for the person; `description` for the developer who reads the page, `code` the RFC's.
    """

    def __init__(
        self,
        code: str,
        description: str,
        *,
        status: int = 400,
        detail: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status
        self.detail = detail
        self.retry_after = retry_after  # seconds


class MisdirectedRequest(Exception):
    """No issuer is served at this Host."""
