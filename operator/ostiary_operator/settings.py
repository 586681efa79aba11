"""The operator's settings: one frozen value, read once from the environment when the process starts."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ostiary_operator.addresses.exposure import Exposure
from ostiary_state.applications.origins import origin_of

PREFIX = "OSTIARY_"
EVERY = "*"
_SERVICE_ACCOUNT_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def _words(value: object) -> object:
    return frozenset(value.replace(",", " ").split()) if isinstance(value, str) else value


def _own_namespace() -> str:
    try:
        return _SERVICE_ACCOUNT_NAMESPACE.read_text().strip()
    except OSError:
        return "default"


Words = Annotated[frozenset[str], NoDecode, BeforeValidator(_words)]
Address = Annotated[str, BeforeValidator(lambda value: origin_of(value) if isinstance(value, str) else value)]


class OperatorSettings(BaseSettings):
    """Environment variables with the prefix OSTIARY_. Secrets never appear in errors or in the repr."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    database_url: SecretStr
    """Where the state is: `postgresql://user:password@host/name`, or `sqlite+aiosqlite:///path`. The server's value, in
    any of its forms. No default: there is nothing to do without it."""

    database_pool_size: int = Field(default=5, ge=1, le=100)
    """Connections to PostgreSQL at most. Five: one writes, the others read for reconciles that run meanwhile."""

    database_pooler: bool = False
    """Whether a pooler in transaction mode, such as pgbouncer, stands before PostgreSQL: nothing is then kept on a
    connection, no prepared statements and no session settings."""

    default_issuer: Address | None = None
    """Origin at which applications without `authenticationAddress` are served, such as `https://login.example.com`.
    Default: none, and such applications are refused with the reason NoAddress."""

    namespace: str = Field(
        default_factory=_own_namespace, validation_alias=AliasChoices(f"{PREFIX}NAMESPACE", "POD_NAMESPACE")
    )
    """The operator's own namespace, where its Lease is. Default: `POD_NAMESPACE`, else the service account's."""

    service_account: str = "ostiary-operator"
    """Name of the operator's service account, for the commands that a status shows to grant it access."""

    secrets_cluster_role: str = "ostiary-secrets"
    """Name of the ClusterRole that allows Secrets, in whatever namespace it is bound; bindings get the same name."""

    bind_secrets: bool = False
    """Whether the operator binds that role to itself in a namespace with its first object that needs a Secret, and
    unbinds it with the last. Default: false, as it takes rights that somebody has to give."""

    watch_namespaces: Words = frozenset()
    """Namespaces whose objects are followed, separated by commas. Default: all of them."""

    cluster_issuer_discovery: str | None = None
    """The server's value: where it is set, applications may authenticate by tokens of the cluster's service accounts.
    Default: none, and applications that want to are refused with the reason NoClusterIssuer."""

    user_namespaces: Words | None = None
    """Namespaces that may declare users, separated by commas; `*` for all. Default: the operator's own, since whoever
    declares users can sign in anywhere as anybody whom they declare."""

    client_id_prefixes: Words = frozenset()
    """First labels that client ids of any namespace may begin with, separated by commas, beside that namespace's own
    name. Default: none, so that no tenant can pose as another."""

    policies: bool | None = None
    """Whether OAuthApplicationPolicies count. Where they do, nothing is decided before they and the labels of
    namespaces are known, which takes rights to list both in the whole cluster. Where they do not, they are not looked
    at, and no namespace is bounded by one. Default: true, unless OSTIARY_WATCH_NAMESPACES is set, since such an
    operator mostly has no rights beyond those namespaces."""

    policy_grace_seconds: float = Field(default=300, ge=0)
    """Seconds that what policies no longer allow is served still. Five minutes: a policy or a label that was changed
    by mistake can be put right before anybody is signed out."""

    address_kind: Literal["None", "Ingress", "HTTPRoute"] = "None"
    """What the operator keeps in its own namespace for each https `authenticationAddress`, so that it is reachable.
    Default: nothing, as somebody else may lead those addresses to the server."""

    address_service: str = ""
    """Name and port of the server's Service, such as `ostiary-server:80`, in the operator's own namespace: where those
    objects lead."""

    address_ingress_class: str = ""
    """Class of those Ingresses. Default: the cluster's default class."""

    address_annotations: dict[str, str] = {}
    """Annotations of those objects as a JSON object, such as `{"cert-manager.io/cluster-issuer": "letsencrypt"}`.
    Default: none."""

    address_tls: bool = True
    """Whether those Ingresses name a Secret for their certificate, `<name>-tls`, which cert-manager fills. Default:
    true, as the addresses are https; false where the controller has a certificate for all of them."""

    address_parent_refs: list[dict[str, Any]] = []
    """`parentRefs` of those HTTPRoutes as a JSON list, such as `[{"name": "public", "namespace": "gateways"}]`. No
    default: a route without a gateway leads nowhere."""

    server_url: str = ""
    """Where the servers answer inside the cluster, such as `http://ostiary-server`: there each client secret is tried
    after a change, which the condition CredentialVerified tells. Default: none is tried."""

    lease_name: str = "ostiary-operator"
    """Name of the Lease that the one working operator holds. Empty: no Lease, for a single operator on a desk."""

    parallelism: int = Field(default=32, ge=1, le=500)
    """Objects reconciled at a time. 32: enough to share transactions, few enough for the API server's fair queues."""

    resync_seconds: float = Field(default=600, ge=5)
    """Seconds between comparisons of everything with everything, which repair what no event told. Ten minutes: drift
    without an event is rare, and 10,000 objects take about half a minute of a core."""

    rotation_spacing_seconds: float = Field(default=10, ge=0)
    """Seconds between replacements of client secrets by schedule, over all applications. Ten: three hundred of them
    take an hour, and what rolls with them does not roll all at once. What the annotation asks for does not wait."""

    unused_after_days: float = Field(default=30, ge=0)
    """Days without a token after which an application gets the condition Unused. 0: never."""

    restarts_cluster_role: str = "ostiary-restarts"
    """Name of the ClusterRole that allows to roll Deployments and StatefulSets, in whatever namespace it is bound."""

    probe_port: int = Field(default=8081, ge=0, le=65535)
    """Port of `/healthz`, `/readyz` and `/metrics`, on all addresses. 0: any free one."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe lines that are written."""

    @model_validator(mode="after")
    def _addresses_lead_somewhere(self) -> Self:
        _ = self.exposure
        return self

    @property
    def exposure(self) -> Exposure | None:
        """How addresses are made reachable; None: not by the operator. Raises ValueError."""
        if self.address_kind == "None":
            return None
        service, _, port = self.address_service.rpartition(":")
        if not service or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(
                f"{PREFIX}ADDRESS_SERVICE: write the server's Service and its port, such as ostiary-server:80"
            )
        if self.address_kind == "HTTPRoute" and not self.address_parent_refs:
            raise ValueError(f"{PREFIX}ADDRESS_PARENT_REFS: name the gateway of the routes")
        return Exposure(
            kind=self.address_kind,
            namespace=self.namespace,
            service=service,
            port=int(port),
            annotations=self.address_annotations,
            ingress_class=self.address_ingress_class,
            tls=self.address_tls,
            parent_refs=tuple(self.address_parent_refs),
        )

    @property
    def follows_policies(self) -> bool:
        """Whether policies count."""
        return not self.watch_namespaces if self.policies is None else self.policies

    @property
    def users_allowed_in(self) -> frozenset[str] | None:
        """Namespaces that may declare users; None: all."""
        if self.user_namespaces is None:
            return frozenset({self.namespace})
        return None if EVERY in self.user_namespaces else self.user_namespaces
