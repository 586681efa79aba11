"""The Secrets that docs/guides/secrets.md shows are what their consumers read, whatever the secret is."""

import configparser
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ostiary_operator.reconcile.secret_port import HeldSecret
from tests.reconciling.fakes import World, application

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "secrets"
ISSUER = "https://login.example.com"


@pytest.fixture
def example() -> Any:
    """Reconciles the application of a file; its Secret and its client secret."""

    async def reconcile(name: str) -> tuple[HeldSecret, str]:
        manifest = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
        world, metadata = World(), manifest["metadata"]
        declared = application(manifest["spec"], namespace=metadata["namespace"], name=metadata["name"])
        await world.applications.reconcile(declared)
        (secret,) = world.secrets.held.values()
        return secret, world.minted[0]

    return reconcile


async def test_env(example: Any) -> None:
    secret, value = await example("env")
    lines = dict(line.split("=", 1) for line in secret.data[".env"].decode().splitlines())
    assert lines == {
        "OAUTH_CLIENT_ID": "shop.shop",
        "OAUTH_CLIENT_SECRET": value,
        "OAUTH_ISSUER": ISSUER,
        "DATABASE_URL": f"postgresql://shop.shop:{value}@db/shop",
    }
    assert {name: secret.data[name].decode() for name in lines if name in secret.data} == {
        name: lines[name] for name in ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_ISSUER")
    }


async def test_grafana(example: Any) -> None:
    secret, value = await example("grafana")
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(secret.data["grafana.ini"].decode())
    section = settings["auth.generic_oauth"]
    assert (section["client_id"], section["client_secret"]) == ("monitoring.grafana", value)
    assert section["token_url"] == f"{ISSUER}/token"
    assert section["role_attribute_path"] == "contains(groups[*], 'platform') && 'Admin' || 'Viewer'"
    assert secret.name == "grafana-ini"


async def test_argo_cd(example: Any) -> None:
    secret, value = await example("argo-cd")
    assert secret.labels["app.kubernetes.io/part-of"] == "argocd"
    assert (secret.data["oidc.clientID"], secret.data["oidc.clientSecret"].decode()) == (b"argocd.argocd", value)


async def test_oauth2_proxy(example: Any) -> None:
    secret, value = await example("oauth2-proxy")
    settings = tomllib.loads(secret.data["oauth2-proxy.cfg"].decode())
    assert (settings["client_id"], settings["client_secret"]) == ("wiki.wiki", value)
    assert settings["oidc_issuer_url"] == ISSUER


async def test_envoy(example: Any) -> None:
    secret, value = await example("envoy")
    (resource,) = yaml.safe_load(secret.data["token.yaml"])["resources"]
    assert resource["generic_secret"]["secret"]["inline_string"] == value
    assert secret.data["client-secret"].decode() == value


def test_each_example_is_tried() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == {"env", "grafana", "argo-cd", "oauth2-proxy", "envoy"}
