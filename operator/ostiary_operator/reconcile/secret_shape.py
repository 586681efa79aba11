"""What an application's Secret looks like, by its manifest: which keys, which files, which labels."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary_operator.reconcile.outcome import Endpoints
from ostiary_operator.reconcile.secret_port import Applied
from ostiary_state.applications.secret_spec import ClientSecretSpec
from ostiary_state.applications.secret_template import render
from ostiary_state.applications.spec import OAuthApplicationSpec

_USUAL = ClientSecretSpec()


@dataclass(frozen=True, slots=True)
class SecretShape:
    """Of one application. `values` are named as in the manifest; `clientSecret` is missing where it signs."""

    spec: ClientSecretSpec
    has_client_secret: bool

    @classmethod
    def of(cls, spec: OAuthApplicationSpec) -> "SecretShape":
        """Also where the manifest says nothing of it."""
        return cls(spec.secret or _USUAL, has_client_secret=not spec.authenticates_by_key)

    @property
    def secret_key(self) -> str:
        """Where the client secret stands."""
        return self.spec.keys.client_secret

    def values(self, client_id: str, origin: str, client_secret: str | None) -> dict[str, str]:
        """All that keys, aliases and templates can name."""
        endpoints = Endpoints.of(origin)
        known = {
            "clientID": client_id,
            "issuer": endpoints.issuer,
            "authorizationEndpoint": endpoints.authorization,
            "tokenEndpoint": endpoints.token,
            "userinfoEndpoint": endpoints.userinfo,
            "jwksURI": endpoints.jwks,
            "endSessionEndpoint": endpoints.end_session,
            "introspectionEndpoint": endpoints.introspection,
            "revocationEndpoint": endpoints.revocation,
        }
        return known if client_secret is None else {**known, "clientSecret": client_secret}

    def data(self, values: Mapping[str, str]) -> dict[str, bytes]:
        """The keys of the Secret. The rules have rendered the templates before, with these names."""
        keys = self.spec.keys.model_dump(by_alias=True)
        texts = {key: values[name] for name, key in keys.items() if name in values}
        texts |= {alias.name: values[alias.from_] for alias in self.spec.aliases}
        texts |= {name: render(text, values) for name, text in self.spec.template.items()}
        return {key: text.encode() for key, text in texts.items()}

    def applied(self, data: Mapping[str, bytes]) -> Applied:
        """What the operator has put there, by name."""
        return Applied(
            keys=frozenset(data),
            labels=frozenset(self.spec.labels),
            annotations=frozenset(self.spec.annotations),
            secret_key=self.secret_key,
        )
