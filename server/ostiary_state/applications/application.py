"""What a server replica holds of one application: the manifest resolved to a compact value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.applications.openid import DEFAULTS, OpenIDSettings, implied_response_types

if TYPE_CHECKING:
    from ostiary_state.applications.spec import OAuthApplicationSpec


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """Seconds."""

    authorization_code: int
    access_token: int
    id_token: int
    refresh_token_idle: int
    refresh_token_absolute: int


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it is served. 10,000 of these must fit in a worker: tuples and strings only."""

    id: str  # "<namespace>/<name>"
    incarnation: str  # the object's uid: a re-created object inherits nothing
    revision: int  # the intent revision that wrote it
    client_id: str
    issuer_id: str
    enabled: bool
    not_before: float  # tokens, grants and consents issued at or before this are void (0: none)
    display_name: str
    logo_url: str | None
    homepage_url: str | None
    policy_url: str | None
    terms_url: str | None
    confidential: bool
    callback_urls: tuple[str, ...]
    post_logout_redirect_urls: tuple[str, ...]
    cors_origins: tuple[str, ...]
    grant_modes: frozenset[str]
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    allowed_groups: frozenset[str]  # empty: every user
    pkce_required: bool
    consent_required: bool
    lifetimes: TokenLifetimes
    opaque_access_tokens: bool
    signing_algorithm: str  # of access tokens: ES256 | RS256 | EdDSA
    id_token_algorithm: str
    token_endpoint_auth_method: str  # client_secret_basic | client_secret_post | private_key_jwt | none
    credentials: tuple[ClientCredential, ...]  # each secret that authenticates it
    listed_response_types: frozenset[frozenset[str]] = frozenset()  # each as the set of its words
    openid: OpenIDSettings = DEFAULTS

    @property
    def response_types(self) -> frozenset[frozenset[str]]:
        """Those that the manifest lists, else those that its grant modes stand for."""
        return self.listed_response_types or implied_response_types(self.grant_modes)

    @classmethod
    def from_spec(
        cls,
        spec: "OAuthApplicationSpec",
        *,
        id: str,  # noqa: A002 - the column's and the field's name
        incarnation: str,
        revision: int,
        client_id: str,
        issuer_id: str,
        not_before: float,
        credentials: tuple[ClientCredential, ...],
    ) -> "Application":
        """Resolve the defaults that depend on the object or on other fields; `spec` has passed `rules`."""
        lifetimes = spec.token_lifetimes
        confidential = spec.type == "Confidential"
        return cls(
            id=id,
            incarnation=incarnation,
            revision=revision,
            client_id=client_id,
            issuer_id=issuer_id,
            enabled=spec.enabled,
            not_before=not_before,
            display_name=spec.display_name or id.rpartition("/")[2],
            logo_url=spec.logo_url,
            homepage_url=spec.homepage_url,
            policy_url=spec.policy_url,
            terms_url=spec.terms_url,
            confidential=confidential,
            callback_urls=spec.callback_urls,
            post_logout_redirect_urls=spec.post_logout_redirect_urls,
            cors_origins=spec.cors_origins,
            grant_modes=frozenset(spec.grant_modes),
            scopes=spec.scopes,
            audiences=spec.audiences,
            allowed_groups=frozenset(spec.allowed_groups),
            pkce_required=spec.pkce == "Required",
            consent_required=spec.consent == "Prompt",
            lifetimes=TokenLifetimes(
                authorization_code=lifetimes.authorization_code.seconds,
                access_token=lifetimes.access_token.seconds,
                id_token=lifetimes.id_token.seconds,
                refresh_token_idle=lifetimes.refresh_token_idle.seconds,
                refresh_token_absolute=lifetimes.refresh_token_absolute.seconds,
            ),
            opaque_access_tokens=spec.access_token_format == "Opaque",
            signing_algorithm=spec.signing_algorithm,
            id_token_algorithm=spec.id_token_signed_response_alg,
            token_endpoint_auth_method=spec.auth_method,
            credentials=credentials,
            listed_response_types=frozenset(frozenset(listed.split(" ")) for listed in spec.response_types),
            openid=OpenIDSettings.from_spec(spec),
        )
