"""What an `OAuthApplicationPolicy` manifest may say. Each text here is what `kubectl explain` prints."""

from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from ostiary_state.applications.spec_types import Audience, GrantMode, Origin, Scope
from ostiary_state.applications.texts import Text
from ostiary_state.applications.workload_spec import TrustedIssuer
from ostiary_state.kinds.checks import Checks
from ostiary_state.kinds.durations import Between, Duration
from ostiary_state.kinds.manifest import EachOnce, Manifest
from ostiary_state.policies.callback_hosts import CALLBACK_HOST
from ostiary_state.policies.selector import NamespaceSelector

CallbackHost = Annotated[str, StringConstraints(min_length=1, max_length=253), Checks(CALLBACK_HOST)]


class MaxLifetimesSpec(Manifest):
    """The longest that tokenLifetimes of an application may say. One that does not concern its grantModes is not
    looked at: refresh tokens without refresh_token, for example."""

    authorization_code: Annotated[Duration, Between.of("10s", "10m")] | None = None
    """How long an authorization code can be exchanged at most. Default: no limit."""

    access_token: Annotated[Duration, Between.of("1m", "24h")] | None = None
    """How long an access token is accepted at most. Default: no limit."""

    id_token: Annotated[Duration, Between.of("1m", "24h")] | None = None
    """How long an ID token is valid at most. Default: no limit."""

    refresh_token_idle: Annotated[Duration, Between.of("1h", "2160h")] | None = None
    """How long a refresh token may stay unused at most. Default: no limit."""

    refresh_token_absolute: Annotated[Duration, Between.of("1h", "8760h")] | None = None
    """When a person must sign in again at the latest. Default: no limit."""


class UserPolicySpec(Manifest):
    """That the selected namespaces may declare OAuthUsers, and in which groups. {} allows every group."""

    groups: Annotated[tuple[Text, ...], Field(max_length=256), EachOnce()] | None = None
    """Groups that their users may be in. Default: any. []: none."""


class OAuthApplicationPolicySpec(Manifest):
    """What the applications and users of some namespaces may be. Every policy that selects a namespace must hold; as
    soon as there is one policy, a namespace that none selects may have no application. What is absent here is not
    restricted by this policy; an empty list allows nothing."""

    namespace_selector: NamespaceSelector
    """The namespaces that this policy is about, by their labels; {} is every namespace."""

    callback_hosts: Annotated[tuple[CallbackHost, ...], Field(max_length=128), EachOnce()] | None = None
    """Hosts that callbackURLs and postLogoutRedirectURLs may have: app.example.com, *.example.com for those below one,
    com.example.app: for a private-use scheme; loopback has to be listed, too. Ports are free. Templates
    (dynamicRegistration, clientIDMetadata) are refused with it: their clients bring callback URLs of their own.
    Default: any."""

    authentication_addresses: Annotated[tuple[Origin, ...], Field(max_length=64), EachOnce()] | None = None
    """What authenticationAddress may be. Applications without one are served at the default issuer, which is open to
    every namespace. Default: any."""

    grant_modes: Annotated[tuple[GrantMode, ...], Field(max_length=5), EachOnce()] | None = None
    """Ways in which applications may obtain tokens. Default: any."""

    scopes: Annotated[tuple[Scope, ...], Field(max_length=128), EachOnce()] | None = None
    """Scopes that applications may have. An application that lists none has openid, profile and email. Default: any."""

    audiences: Annotated[tuple[Audience, ...], Field(max_length=64), EachOnce()] | None = None
    """Resources that access tokens may name in aud beside the issuer. Default: any."""

    federated_issuers: Annotated[tuple[TrustedIssuer, ...], Field(max_length=64), EachOnce()] | None = None
    """Issuers whose workloads clientAuthentication.federated may let in: whoever runs one can act as the application.
    Service accounts of the application's own namespace need not be listed. Default: any."""

    max_lifetimes: MaxLifetimesSpec | None = None
    """The longest that tokenLifetimes of an application may say. One that does not concern its grantModes is not
    looked at: refresh tokens without refresh_token, for example."""

    require_pkce: StrictBool = False
    """Whether pkce must be Required where grantModes has authorization_code. dynamicRegistration is refused with it:
    Confidential clients that register themselves may leave PKCE out."""

    require_consent: StrictBool = False
    """Whether consent must be Prompt where people sign in on a page."""

    max_applications: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """How many applications a namespace may have. The oldest objects keep their place, whatever state they are in;
    clients that registered themselves are not counted. Default: no limit."""

    users: UserPolicySpec | None = None
    """That the selected namespaces may declare OAuthUsers. Without any policy that has this, OSTIARY_USER_NAMESPACES
    alone says who may; as soon as one has it, a namespace needs both."""
