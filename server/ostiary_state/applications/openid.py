"""What a replica holds of an application's OpenID Connect settings. Most applications share one value: the default."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import orjson

from ostiary_state.applications.claim_mapping import MappedClaim
from ostiary_state.applications.workload_identities import NO_WORKLOADS, WorkloadIdentities

if TYPE_CHECKING:
    from ostiary_state.applications.spec import OAuthApplicationSpec

CODE: Final = frozenset({"code"})
FRONT_CHANNEL: Final = (frozenset({"token"}), frozenset({"id_token"}), frozenset({"id_token", "token"}))


@dataclass(frozen=True, slots=True)
class LogoutAddresses:
    """Where an application is told that a session has ended."""

    back_channel: str | None = None
    front_channel: str | None = None
    front_channel_session: bool = False  # with iss and sid

    def __bool__(self) -> bool:
        return self.back_channel is not None or self.front_channel is not None


class KeySource(Protocol):
    """Where public keys come from: at most one of the two."""

    @property
    def jwks(self) -> bytes | None:
        """JSON of a JWK Set."""

    @property
    def jwks_url(self) -> str | None:
        """Address of one."""


@dataclass(frozen=True, slots=True)
class SoftwareStatementIssuer:
    """Who is trusted to describe clients. Satisfies KeySource."""

    issuer: str
    jwks: bytes | None
    jwks_url: str | None


@dataclass(frozen=True, slots=True)
class RegistrationLimits:
    """Of one template."""

    max_clients: int
    unused_for: int  # seconds
    statement_issuers: tuple[SoftwareStatementIssuer, ...] = ()
    statement_required: bool = False


NO_LOGOUT: Final = LogoutAddresses()


@dataclass(frozen=True, slots=True)
class OpenIDSettings:
    """Resolved from the manifest; hashable, so that equal ones are one object in memory."""

    sector: str | None = None  # of a pairwise application; None: its subjects are public
    id_token_claims_always: bool = True
    userinfo_algorithm: str | None = None  # None: plain JSON
    authorization_algorithm: str = "RS256"  # of JARM
    default_max_age: int | None = None  # seconds
    claims: tuple[MappedClaim, ...] = ()
    jwks: bytes | None = None  # JSON
    jwks_url: str | None = None
    request_object_algorithm: str | None = None  # None: any that the keys fit
    request_urls: tuple[str, ...] = ()
    assertion_algorithm: str | None = None  # of private_key_jwt; None: any that the keys fit
    workloads: WorkloadIdentities = NO_WORKLOADS  # whose tokens authenticate it; not empty: nothing else does
    logout: LogoutAddresses = NO_LOGOUT
    initiate_login_url: str | None = None
    compatibility: frozenset[str] = frozenset()
    registration: RegistrationLimits | None = None  # a template for clients that register themselves
    registered_by: str | None = None  # name of the template by which this client registered itself
    metadata_hosts: tuple[str, ...] = ()  # patterns; not empty: a template for clients that describe themselves
    optional_scopes: frozenset[str] = frozenset()
    scope_descriptions: tuple[tuple[str, str], ...] = ()

    @property
    def uses_request_objects(self) -> bool:
        """True when it has keys that can verify one."""
        return self.jwks is not None or self.jwks_url is not None

    @classmethod
    def from_spec(cls, spec: "OAuthApplicationSpec") -> "OpenIDSettings":
        """`spec` has passed `rules`."""
        return cls(
            sector=sector_of(spec) if spec.subject_type == "Pairwise" else None,
            id_token_claims_always=spec.id_token_claims == "Always",
            userinfo_algorithm=spec.userinfo_signed_response_alg,
            authorization_algorithm=spec.authorization_signed_response_alg,
            default_max_age=spec.default_max_age.seconds if spec.default_max_age else None,
            claims=tuple(map(MappedClaim.from_spec, spec.claims)),
            jwks=_encoded(spec.jwks),
            jwks_url=spec.jwks_url,
            request_object_algorithm=spec.request_object_signing_alg,
            request_urls=spec.request_urls,
            assertion_algorithm=spec.token_endpoint_auth_signing_alg,
            workloads=WorkloadIdentities.from_spec(spec),
            logout=LogoutAddresses(
                spec.back_channel_logout_url,
                spec.front_channel_logout_url,
                spec.front_channel_logout_session_required,
            ),
            initiate_login_url=spec.initiate_login_url,
            compatibility=frozenset(spec.compatibility),
            registration=_limits(spec),
            registered_by=spec.registered_by,
            metadata_hosts=spec.client_id_metadata.allowed_hosts if spec.client_id_metadata else (),
            optional_scopes=frozenset(spec.optional_scopes),
            scope_descriptions=tuple((each.scope, each.description) for each in spec.scope_descriptions),
        )


DEFAULTS: Final = OpenIDSettings()


def callback_hosts(spec: "OAuthApplicationSpec") -> frozenset[str]:
    """The hosts of the callback URLs, lower case; a private-use scheme stands for itself."""
    return frozenset(_host(url) for url in spec.callback_urls)


def sector_of(spec: "OAuthApplicationSpec") -> str:
    """OpenID Connect Core section 8.1: the host of the sector identifier, else of the callback URLs."""
    if spec.sector_identifier_url is not None:
        return _host(spec.sector_identifier_url)
    return min(callback_hosts(spec), default="")


def implied_response_types(grant_modes: frozenset[str]) -> frozenset[frozenset[str]]:
    """What an application may ask for that lists no response types: no hybrid ones."""
    code = {CODE} if "authorization_code" in grant_modes else set()
    return frozenset(code.union(FRONT_CHANNEL if "implicit" in grant_modes else ()))


def _limits(spec: "OAuthApplicationSpec") -> RegistrationLimits | None:
    registration = spec.dynamic_registration
    if registration is None:
        return None
    return RegistrationLimits(
        registration.max_clients,
        registration.unused_for.seconds,
        tuple(
            SoftwareStatementIssuer(each.issuer, _encoded(each.jwks), each.jwks_url)
            for each in registration.software_statement_issuers
        ),
        registration.require_software_statement,
    )


def _host(url: str) -> str:
    address = urlsplit(url)
    return (address.hostname or f"{address.scheme}:").lower()


def _encoded(jwks: dict[str, Any] | None) -> bytes | None:
    return None if jwks is None else orjson.dumps(jwks)
