"""What an `OAuthApplication` manifest may say. Each text here is what `kubectl explain` prints."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from ostiary_state.applications.callback_sources import CallbackSources
from ostiary_state.applications.claim_mapping import ClaimSpec
from ostiary_state.applications.client_templates import ClientIDMetadataSpec, DynamicRegistrationSpec
from ostiary_state.applications.rotation_spec import RotationSpec
from ostiary_state.applications.secret_spec import ClientSecretSpec
from ostiary_state.applications.spec_types import (
    Audience,
    ClientAlgorithm,
    ClientID,
    ClientType,
    Compatibility,
    Endpoint,
    GrantMode,
    Origin,
    Page,
    RedirectURI,
    ResponseType,
    Scope,
    SigningAlgorithm,
    TokenEndpointAuthMethod,
)
from ostiary_state.applications.texts import ObjectName, Text
from ostiary_state.applications.workload_spec import ClientAuthenticationSpec
from ostiary_state.kinds.durations import Between, Duration
from ostiary_state.kinds.manifest import EachKeyOnce, EachOnce, Manifest


class TokenLifetimesSpec(Manifest):
    """How long what this application receives stays valid, as durations such as 90s, 10m or 1h30m (a day is 24h)."""

    authorization_code: Annotated[Duration, Between.of("10s", "10m")] = Duration.parse("60s")
    """How long an authorization code can be exchanged, 10s to 10m. The exchange follows the redirect at once, so
    60s, the default, is enough for a slow network."""

    access_token: Annotated[Duration, Between.of("1m", "24h")] = Duration.parse("10m")
    """How long an access token is accepted, 1m to 24h, default 10m. A resource server that checks JWTs by itself
    accepts one until it expires, whatever has been revoked meanwhile."""

    id_token: Annotated[Duration, Between.of("1m", "24h")] = Duration.parse("10m")
    """How long an ID token is valid, 1m to 24h, default 10m. It proves one sign-in; the application's own session
    lives on by the application's rules."""

    refresh_token_idle: Annotated[Duration, Between.of("1h", "2160h")] = Duration.parse("336h")
    """How long a refresh token may stay unused, 1h to 2160h (90 days), default 336h (14 days)."""

    refresh_token_absolute: Annotated[Duration, Between.of("1h", "8760h")] = Duration.parse("2160h")
    """When a person must sign in again however often tokens were refreshed, 1h to 8760h (365 days), default 2160h
    (90 days). Never shorter than refreshTokenIdle."""


class ScopeDescriptionSpec(Manifest):
    """What a scope means, in words for the consent page."""

    scope: Scope
    """The scope."""

    description: Text
    """What granting it allows, such as: See your invoices. It follows the words: It will be able to."""


class AdoptSpec(Manifest):
    """Which application is taken over."""

    uid: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """The metadata.uid that its object had. Events and the refusal without this block do not tell it."""


class OAuthApplicationSpec(Manifest):
    """An application that signs its users in through Ostiary, or that calls other services with Ostiary's tokens."""

    display_name: Text | None = None
    """Name shown to people on the sign-in and consent pages. Default: the name of this object."""

    description: Annotated[str, StringConstraints(max_length=1024)] | None = None
    """What the application is, for the people who read this manifest. Not shown to users."""

    logo_url: Page | None = None
    """Picture shown on the sign-in and consent pages: an https address."""

    homepage_url: Page | None = None
    """The application's own front page: the pages of Ostiary link to it. An https address."""

    policy_url: Page | None = None
    """Privacy policy, linked from the consent page. An https address."""

    terms_url: Page | None = None
    """Terms of service, linked from the consent page. An https address."""

    contacts: Annotated[tuple[Text, ...], Field(max_length=16), EachOnce()] = ()
    """Whom to ask about this application, usually e-mail addresses."""

    client_id: ClientID | None = None
    """The OAuth client_id. Default: <namespace>.<name>. Cannot be changed, set or removed later. If it holds a dot
    and the text before the first one could name a namespace, that must be the namespace of this object."""

    authentication_address: Origin | None = None
    """Origin where users of this application sign in, such as https://login.example.com: an issuer of its own with its
    own metadata, keys and cookies. Lower case, without path or default port; https, or http on loopback and
    *.localhost. The namespace that claims an address first keeps it. Default: the default issuer of the server."""

    enabled: StrictBool = True
    """Set to false to refuse this application at every endpoint at once and to end what it was issued."""

    suspend: StrictBool = False
    """Set to true to stop reconciling: what is served stays as it is until this is false again."""

    type: ClientType = "Confidential"
    """Confidential: runs where it can keep a secret, such as a back end. Public: runs on its user's device, such as a
    single-page, desktop or mobile app, and has no secret. Cannot be changed."""

    callback_urls: Annotated[tuple[RedirectURI, ...], Field(max_length=64), EachOnce()] = ()
    """Redirect URIs, compared character by character; only the port of http://127.0.0.1 and http://[::1] is free.
    https, or http on loopback and *.localhost, or, for a Public application, a private-use scheme with a dot such as
    com.example.app:/callback."""

    callback_urls_from: CallbackSources = ()
    """Routes of this namespace whose hosts are callback URLs, too, and are followed when they change. Always https on
    port 443: TLS often ends before the route. status.resolvedCallbackURLs lists what came of it."""

    post_logout_redirect_urls: Annotated[tuple[RedirectURI, ...], Field(max_length=64), EachOnce()] = ()
    """Where the browser may be sent after signing out. The rules of callbackURLs apply."""

    cors_origins: Annotated[tuple[Origin, ...], Field(max_length=64), EachOnce()] = ()
    """Origins whose scripts may call the token, userinfo and revocation endpoints, such as https://app.example.com."""

    grant_modes: Annotated[tuple[GrantMode, ...], Field(min_length=1, max_length=5), EachOnce()] = (
        "authorization_code",
    )
    """Ways in which this application obtains tokens. Add refresh_token to stay signed in, client_credentials to act
    on its own behalf. implicit and password are for applications that cannot be changed yet: they set the condition
    DiscouragedGrantMode."""

    response_types: Annotated[tuple[ResponseType, ...], Field(max_length=7), EachOnce()] = ()
    """Which response_type it may use at the authorization endpoint. Default: code where grantModes has
    authorization_code; token, id_token and id_token token where it has implicit. The hybrid types, of code with
    others, need both grant modes and have to be listed here."""

    scopes: Annotated[tuple[Scope, ...], Field(max_length=64), EachOnce()] = ("openid", "profile", "email")
    """Scopes that this application may be granted. Others are dropped at the authorization endpoint and refused at
    the token endpoint. offline_access lets refresh tokens outlive the sign-in."""

    optional_scopes: Annotated[tuple[Scope, ...], Field(max_length=32), EachOnce()] = ()
    """Those of scopes that a person may refuse on the consent page and still sign in."""

    scope_descriptions: Annotated[tuple[ScopeDescriptionSpec, ...], Field(max_length=64), EachKeyOnce("scope")] = ()
    """What scopes mean, in words for the consent page. Ostiary knows words for openid, profile, email, phone, address,
    groups and offline_access."""

    claims: Annotated[tuple[ClaimSpec, ...], Field(max_length=32), EachKeyOnce("name")] = ()
    """Further claims for this application, taken from the user or constant, under the names that it expects."""

    audiences: Annotated[tuple[Audience, ...], Field(max_length=32), EachOnce()] = ()
    """Resources that its access tokens may name in aud. Empty: the issuer."""

    allowed_groups: Annotated[tuple[Text, ...], Field(max_length=64), EachOnce()] = ()
    """Only users in one of these groups may sign in to this application. Empty: every user may."""

    pkce: Literal["Required", "Optional"] = "Required"
    """Required: an authorization code needs a PKCE challenge by S256 (RFC 7636). Optional, for Confidential
    applications whose library has no PKCE: a challenge that was sent is still verified."""

    consent: Literal["Prompt", "Skip"] = "Prompt"
    """Prompt: users are asked before the application learns about them, and their answer is remembered. Skip: they are
    not asked; for applications of your own organisation."""

    token_lifetimes: TokenLifetimesSpec = TokenLifetimesSpec()
    """How long what this application receives stays valid, as durations such as 90s, 10m or 1h30m (a day is 24h)."""

    access_token_format: Literal["JWT", "Opaque"] = "JWT"
    """JWT: resource servers check access tokens by themselves (RFC 9068). Opaque: they ask the introspection endpoint
    and see a revocation at once."""

    signing_algorithm: SigningAlgorithm = "ES256"
    """Algorithm of access tokens in JWT format."""

    id_token_signed_response_alg: SigningAlgorithm = "RS256"
    """Algorithm of ID tokens and logout tokens. RS256, the default, is what every client accepts unconfigured."""

    userinfo_signed_response_alg: SigningAlgorithm | None = None
    """Answer the userinfo endpoint with a JWT of this algorithm. Default: with plain JSON."""

    authorization_signed_response_alg: SigningAlgorithm = "RS256"
    """Algorithm of authorization responses in one of the response modes that end in jwt (JARM)."""

    id_token_claims: Literal["Always", "AsRequested"] = "Always"
    """Always: the claims that scopes open are in the ID token, too, since many applications never call userinfo.
    AsRequested: they are only where no access token is issued, as OpenID Connect Core section 5.4 has it, and in
    userinfo; what the claims parameter asks for the ID token is always in it."""

    subject_type: Literal["Public", "Pairwise"] = "Public"
    """Public: sub is the same at every application. Pairwise: each sector sees another sub for the same person, so
    that applications cannot compare what they know. Changing it makes every user a new one to the application."""

    sector_identifier_url: Page | None = None
    """https address whose host is the sector of a Pairwise application. Needed where the callback URLs have several
    hosts; its host must be one of them. Default: the host of the callback URLs."""

    default_max_age: Annotated[Duration, Between.of("0s", "8760h")] | None = None
    """How long ago a person may have signed in, where the request does not say with max_age. Default: as long as the
    session lives."""

    jwks: Annotated[dict[str, Any] | None, Field(max_length=1)] = None
    """Public keys of the application as a JWK Set (RFC 7517), which verify its request objects and the assertions of
    private_key_jwt."""

    jwks_url: Endpoint | None = None
    """https address of its JWK Set, instead of jwks; fetched when it is needed and kept for minutes."""

    request_object_signing_alg: ClientAlgorithm | None = None
    """The one algorithm that its request objects are signed with. Default: any that its keys can be used for."""

    request_urls: Annotated[tuple[Endpoint, ...], Field(max_length=16), EachOnce()] = ()
    """https addresses that request_uri may name (OpenID Connect Core section 6.2), compared without a fragment."""

    back_channel_logout_url: Endpoint | None = None
    """Where a logout token is posted when a person's session ends (OpenID Connect Back-Channel Logout)."""

    front_channel_logout_url: Endpoint | None = None
    """Page that is loaded in a frame when a person signs out (OpenID Connect Front-Channel Logout). Scheme, host and
    port are those of a callback URL."""

    front_channel_logout_session_required: StrictBool = False
    """Add iss and sid to frontChannelLogoutURL."""

    initiate_login_url: Page | None = None
    """Where the account page sends people who want to sign in to this application (OpenID Connect Core section 4)."""

    client_id_metadata: ClientIDMetadataSpec | None = None
    """Make this object a template for clients that describe themselves at their client_id. What it says of grantModes,
    scopes, audiences, groups and lifetimes holds for each of them; names, logos and callback URLs are theirs. They are
    Public, use PKCE, and people are asked before they learn anything."""

    dynamic_registration: DynamicRegistrationSpec | None = None
    """Make this object a template for clients that register themselves at /register. The client-secret in its Secret is
    the initial access token that they need for it. What it says of grantModes, scopes, audiences, groups and lifetimes
    is the most that each of them can get; people are always asked for consent."""

    registered_by: ObjectName | None = None
    """The template, an object of this namespace with dynamicRegistration, by which this client registered itself. The
    operator makes such objects; the client's own updates change them, and so may you. What is not the client's alone,
    such as lifetimes, audiences and groups, is said in the template, which is also the most that is granted. Cannot be
    changed, set or removed later."""

    compatibility: Annotated[tuple[Compatibility, ...], Field(max_length=1), EachOnce()] = ()
    """Serve this application under the paths of another product, too. authing: /oauth/auth, /oauth/token, /oauth/me,
    /oidc/..., /session/end."""

    token_endpoint_auth_method: TokenEndpointAuthMethod | None = None
    """How the application authenticates at the token endpoint. Default: client_secret_basic if Confidential, none if
    Public. private_key_jwt: by a JWT that it signs with a key of jwks or jwksURL (RFC 7523); it then has no secret, and
    no Secret is made."""

    token_endpoint_auth_signing_alg: ClientAlgorithm | None = None
    """The one algorithm that those JWTs are signed with. Default: any that its keys can be used for."""

    client_authentication: ClientAuthenticationSpec | None = None
    """Authenticate by tokens that the workload has anyway, such as those of its service account: it then has no secret,
    and no Secret is made. Only for Confidential applications, and instead of tokenEndpointAuthMethod."""

    secret: ClientSecretSpec | None = None
    """The Kubernetes Secret with this application's credentials. Only for Confidential applications, which get a
    generated one where this is absent and they do not authenticate by private_key_jwt or clientAuthentication. For
    those that do, one without a client secret is made where this is there."""

    rotation: RotationSpec | None = None
    """How the client secret is replaced, by schedule and when the annotation ostiary.dev/rotate of this object gets
    another value. Where the Secret is yours (secret.mode Require), what is said of the overlap holds when you change
    it. Default: only by the annotation, with the defaults of what is said here."""

    drift_policy: Literal["Correct", "Report"] = "Correct"
    """What happens when somebody changes the database beside Ostiary. Correct: it is as this manifest says again
    within seconds. Report: it is left until this manifest changes. Either way the condition Drifted names each field,
    as declared and as found."""

    deletion_policy: Literal["Delete", "Orphan", "Disable"] = "Delete"
    """What happens when this object is deleted. Delete: the application is served no more and its tokens are revoked.
    Orphan: it is served on as it was. Disable: its tokens are revoked and it is refused, and nobody else gets its
    client id. An object of this namespace and name, or one that adopts it, takes it over again from either."""

    adopt: AdoptSpec | None = None
    """Take over the client id of an application whose object is gone and left it behind by deletionPolicy Orphan or
    Disable. A Confidential one proves by the client secret, in a Secret of yours, that it is the same. The secret stays
    as it is; people sign in again."""

    @property
    def authenticates_by_key(self) -> bool:
        """True where it has no secret, though it is Confidential."""
        return self.signs_by_itself or self.client_authentication is not None

    @property
    def auth_method(self) -> TokenEndpointAuthMethod:
        """The default resolved: a token of a workload is a client assertion, as private_key_jwt's are."""
        if self.token_endpoint_auth_method is not None:
            return self.token_endpoint_auth_method
        if self.client_authentication is not None:
            return "private_key_jwt"
        return "client_secret_basic" if self.type == "Confidential" else "none"

    @property
    def signs_by_itself(self) -> bool:
        """True where its JWTs are signed with a key of its own."""
        return self.token_endpoint_auth_method == "private_key_jwt"


def canonical(spec: OAuthApplicationSpec) -> dict[str, Any]:
    """The JSON form in which a spec is stored and compared: manifests that mean the same are equal."""
    return spec.canonical()
