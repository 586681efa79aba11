"""An authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1), read but not yet judged."""

from collections.abc import Collection
from dataclasses import dataclass

from ostiary_server.protocol.claims import OF_SIGN_IN, scope_of, unopened
from ostiary_server.protocol.claims_request import ClaimsRequest, parse_claims
from ostiary_server.protocol.requests import Parameters
from ostiary_server.protocol.responses import ResponseChannel, ResponseMode
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer

FRONT_CHANNEL_TOKENS = frozenset({"token", "id_token"})
JWT_MODES = frozenset({"jwt", "query.jwt", "fragment.jwt", "form_post.jwt"})


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """The request of a known, enabled application to a redirect URI of its own.

    The properties read single parameters without judging them; `authorization_checks` judges. They answer with the
    first of repeated parameters, since errors must be told somewhere before repetition itself is refused.
    """

    issuer: Issuer
    application: Application
    redirect_uri: str
    parameters: Parameters

    @property
    def redirect_uri_sent(self) -> bool:
        """False: the application has one callback URL and the client relied on that."""
        return "redirect_uri" in self.parameters

    @property
    def response_types(self) -> frozenset[str]:
        """The words of `response_type`; their order does not matter (OAuth 2.0 Multiple Response Types section 3)."""
        return frozenset((self.parameters.first("response_type") or "").split(" ")) - {""}

    @property
    def asked_scopes(self) -> tuple[str, ...]:
        """The words of `scope` in their order, each once."""
        return tuple(dict.fromkeys(word for word in (self.parameters.first("scope") or "").split(" ") if word))

    @property
    def scopes(self) -> tuple[str, ...]:
        """What can be granted: what is asked and declared, or what is declared where nothing is asked.

        `offline_access` counts only where a refresh token can follow: a code, of an application that lists
        refresh_token. It is dropped silently elsewhere (OpenID Connect Core section 11), and so are undeclared ones.
        """
        declared = self.application.scopes
        if "scope" not in self.parameters:
            return tuple(scope for scope in declared if scope not in {"openid", "offline_access"})
        offline = "code" in self.response_types and "refresh_token" in self.application.grant_modes
        return tuple(
            scope for scope in self.asked_scopes if scope in declared and (offline or scope != "offline_access")
        )

    @property
    def prompts(self) -> frozenset[str]:
        """The words of `prompt`."""
        return frozenset((self.parameters.first("prompt") or "").split(" ")) - {""}

    @property
    def max_age(self) -> int | None:
        """Seconds since the sign-in that the client accepts; checked to be a number. Else the manifest's default."""
        value = self.parameters.first("max_age")
        return self.application.openid.default_max_age if value is None else int(value)

    @property
    def nonce(self) -> str | None:
        return self.parameters.first("nonce")

    @property
    def code_challenge(self) -> str | None:
        """The S256 challenge, of requests that ask for a code."""
        return self.parameters.first("code_challenge") if "code" in self.response_types else None

    @property
    def login_hint(self) -> str | None:
        return self.parameters.first("login_hint")

    @property
    def claims(self) -> ClaimsRequest:
        """The claims parameter, of requests for an identity; raises InvalidRequest before it has been checked.

        Left of it is what this application may be told at all: what one of its declared scopes would open.
        """
        if "openid" not in self.scopes:
            return ClaimsRequest()
        asked = parse_claims(self.parameters.first("claims"))
        declared = self.application.scopes
        return asked.only(frozenset(name for name in asked.names if scope_of(name) in declared or name in OF_SIGN_IN))

    @property
    def extra_claims(self) -> frozenset[str]:
        """Claims about the person that none of the scopes opens: the person is asked for each."""
        return unopened(self.claims.names, self.scopes)

    def claims_beside(self, granted: Collection[str]) -> ClaimsRequest:
        """The claims parameter without what only a refused scope would have opened."""
        refused = frozenset(self.scopes).difference(granted)
        asked = self.claims
        return asked.only(
            frozenset(name for name in asked.names if name in OF_SIGN_IN or scope_of(name) not in refused)
        )

    @property
    def response_mode(self) -> str | None:
        """The asked mode without its `jwt`: query, fragment, form_post, another word, or None for the default."""
        mode = self.parameters.first("response_mode")
        return None if mode is None or mode == "jwt" else mode.removesuffix(".jwt")

    @property
    def response_as_jwt(self) -> bool:
        """JARM section 2.3: the response is one JWT."""
        mode = self.parameters.first("response_mode") or ""
        return mode in JWT_MODES

    @property
    def channel(self) -> ResponseChannel:
        """Where this request is answered, its errors included.

        The asked mode where it fits, else the response type's own (OAuth 2.0 Multiple Response Types section 5):
        tokens never go into a query, and an error goes where its success would have gone.
        """
        front = bool(self.response_types & FRONT_CHANNEL_TOKENS)
        mode = ResponseMode.FRAGMENT if front else ResponseMode.QUERY
        asked = self.response_mode
        if asked in {ResponseMode.FORM_POST, ResponseMode.FRAGMENT}:
            mode = ResponseMode(asked)
        return ResponseChannel(
            redirect_uri=self.redirect_uri,
            mode=mode,
            state=self.parameters.first("state"),
            issuer=self.issuer.origin,
        )
