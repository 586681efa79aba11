"""The server's settings: one frozen value, read once from the environment when the process starts."""

from collections.abc import Callable
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ostiary_server.keys.material import KeyMaterial
from ostiary_server.keys.schedule import KeySchedule

PREFIX = "OSTIARY_"

Network = IPv4Network | IPv6Network


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(word, strict=False) for word in value.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f"{error}; expected addresses or networks such as 10.0.0.0/8, separated by commas") from None


def _cluster_address(value: object) -> object:
    if isinstance(value, str):
        parts = urlsplit(value)
        if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("expected an https address without a path, such as https://kubernetes.default.svc")
    return value


ClusterAddress = Annotated[str, BeforeValidator(_cluster_address)]


class ServerSettings(BaseSettings):
    """Environment variables with the prefix OSTIARY_. Secrets never appear in errors or in the repr."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    database_url: SecretStr
    """Where the state is: `postgresql://user:password@host/name` (or `postgres://`), or `sqlite+aiosqlite:///path` on a
    local disk. Several hosts are listed, `host:5432,other:5432`, and the one that takes writes is found. TLS is said
    as for libpq: `sslmode` and `sslrootcert` in the URL, or `PGSSLMODE` and `PGSSLROOTCERT`. No default: a server
    without its state has nothing to serve."""

    listen_url: SecretStr | None = None
    """A direct connection for LISTEN, where `database_url` goes through a pooler in transaction mode, which loses
    notifications without an error. Default: `database_url`."""

    database_pool_size: int = Field(default=10, ge=1, le=200)
    """Connections that this process keeps to PostgreSQL at most, beside the one that listens. Ten are more than a core
    keeps busy; eight such replicas and an operator hold 93 together, within PostgreSQL's default of 100."""

    database_pooler: bool = False
    """Whether a pooler in transaction mode, such as pgbouncer, stands before PostgreSQL. It hands each transaction to
    another connection, so nothing may be kept on one: no prepared statements, no session settings. Default: false,
    since that costs about a tenth of a millisecond a statement."""

    key_encryption_keys: SecretStr | None = None
    """Keys that seal the signing keys at rest: 32 bytes each in base64, separated by commas. The first seals, all of
    them open, so that a new one is put in front and an old one leaves when nothing is sealed with it any more. No
    default: a key that came with the software would protect nothing. This or `key_encryption_keys_file` is needed."""

    key_encryption_keys_file: Path | None = None
    """A file with the content of `key_encryption_keys`, such as a mounted Secret; it is not seen by `ps` and `env`."""

    cookie_keys: SecretStr | None = None
    """Keys that seal what goes through browsers (sign-in in progress, form tokens), in the form of
    `key_encryption_keys`. All replicas need the same. This or `cookie_keys_file` is needed."""

    cookie_keys_file: Path | None = None
    """A file with the content of `cookie_keys`."""

    host: str = ""
    """Address to listen on. Default: all of them, IPv4 and IPv6, as a pod's address is not known beforehand."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port of the OAuth endpoints, pages, `/healthz` and `/readyz`. 8080: a port that needs no privilege. 0: any free
    one."""

    metrics_port: int = Field(default=9090, ge=-1, le=65535)
    """Port of `/metrics`, apart from the endpoints so that it is not published with them. 0: any free one; -1: none."""

    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = ()
    """Addresses or networks of proxies, separated by commas, whose X-Forwarded-For names the client for throttling
    and logs. Default: none, since anybody can send that header. The issuer never comes from forwarded headers."""

    outbound_networks: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = ()
    """Networks that are not public, separated by commas, in which applications may have the addresses that this server
    asks: backChannelLogoutURL, jwksURL, requestURLs. Default: none, so that whoever may write a manifest cannot reach
    through this server what they cannot reach themselves."""

    cluster_issuer_discovery: ClusterAddress | None = None
    """Address of the API server whose service accounts' tokens applications may authenticate with
    (`clientAuthentication.serviceAccountRef`), such as `https://kubernetes.default.svc`. It says itself what its issuer
    is called and which keys it has. Default: none, and no such token is accepted. The operator needs the same value."""

    cluster_ca_file: Path | None = None
    """Certificates that the API server is trusted by. Default: `ca.crt` where Kubernetes mounts a service account, if
    it is there; else the system's."""

    cluster_token_file: Path | None = None
    """A token that the API server lets read its discovery, read anew each time. Default: `token` where Kubernetes
    mounts a service account, if it is there; else none is sent."""

    signing_key_lifetime: int = Field(default=30 * 86_400, ge=3_600)
    """Seconds that a signing key signs before the next takes over. 30 days: rotation is routine, not an event, and
    relying parties that cache keys by hand notice early rather than years later."""

    jwks_cache_lifetime: int = Field(default=3_600, ge=300, le=86_400)
    """Seconds that a key is published at `/jwks` before it signs, so that clients' copies have it by then. One hour:
    what common libraries cache for at most, whatever Cache-Control says."""

    session_lifetime: int = Field(default=12 * 3_600, ge=60, le=30 * 86_400)
    """Seconds after which a person must sign in again in the same browser. Twelve hours: people sign in once in the
    morning, and a browser that was left open is signed out by the next."""

    drain_delay: float = Field(default=5.0, ge=0, le=300)
    """Seconds between SIGTERM, which turns `/readyz` red, and the end of accepting connections. 5: what kube-proxy
    and ingress controllers need to take a pod out of rotation."""

    drain_timeout: int = Field(default=20, ge=1, le=300)
    """Seconds that running requests may take to finish after that. With `drain_delay` below Kubernetes' default of
    30 until SIGKILL."""

    password_workers: int = Field(default=2, ge=1, le=64)
    """Passwords compared at a time, each in 64 MiB. 2: a login storm then leaves the processor to tokens."""

    access_log: bool = True
    """One line for each request: method, path without its query, status, milliseconds. Costs some 10 microseconds."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe lines that are written. info: what an operator of the service wants to read afterwards."""

    @model_validator(mode="after")
    def _keys_are_there(self) -> Self:
        _ = self.sealing_keys, self.browser_keys
        return self

    @cached_property
    def sealing_keys(self) -> KeyMaterial:
        """The key-encryption keys. Raises ValueError."""
        return _material("KEY_ENCRYPTION_KEYS", self.key_encryption_keys, self.key_encryption_keys_file)

    @property
    def key_schedule(self) -> KeySchedule:
        """When signing keys are made, published and used."""
        return KeySchedule(signing=self.signing_key_lifetime, publication=self.jwks_cache_lifetime)

    @cached_property
    def browser_keys(self) -> KeyMaterial:
        """The cookie keys. Raises ValueError."""
        return _material("COOKIE_KEYS", self.cookie_keys, self.cookie_keys_file)


def complaints(refusal: ValidationError) -> list[str]:
    """One line for each setting that is wrong, without its value."""
    lines = []
    for error in refusal.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in error["loc"]).upper()
        lines.append(f"  {PREFIX}{name}: {error['msg']}" if name else f"  {error['msg'].removeprefix('Value error, ')}")
    return lines


def _material(name: str, text: SecretStr | None, file: Path | None) -> KeyMaterial:
    variable = PREFIX + name
    if text is not None and file is None:
        return _named(variable, lambda: KeyMaterial.from_text(text.get_secret_value()))
    if file is not None and text is None:
        return _named(f"{variable}_FILE", lambda: KeyMaterial.from_file(file))
    raise ValueError(f"set either {variable} or {variable}_FILE: 32 random bytes in base64")


def _named(variable: str, read: Callable[[], KeyMaterial]) -> KeyMaterial:
    try:
        return read()
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from None
