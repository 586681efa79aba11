"""The guide's last section as it stands: a kube-apiserver that takes from an ID token who a person is."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import yaml
from playwright.async_api import Browser

from ostiary_state.store.engine import open_database
from tests.cluster.access import Access, KubectlFailed
from tests.cluster.build import binaries
from tests.cluster.certificates import Authority
from tests.cluster.control_plane import ControlPlane
from tests.forwarder import forwarding
from tests.person import Person
from tests.processes import free_port
from tests.server.declared import PASSWORD, stored_application, stored_user, write
from tests.server.polling import until
from tests.server.serving import CHALLENGE, VERIFIER, serving

DOCS = Path(__file__).parents[2] / "docs"
MANIFEST = DOCS / "examples" / "roles-and-groups" / "kubernetes.yaml"
CALLBACK = f"http://127.0.0.1:{free_port()}/"
VIEWERS = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "platform"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "ostiary:platform"}],
}


@dataclass(frozen=True, slots=True)
class Platform:
    """Ostiary behind TLS, and a cluster that trusts it."""

    issuer: str
    trust: ssl.SSLContext
    browser: Browser
    access: Access

    async def id_token(self, username: str, client_id: str = "platform.kubectl") -> str:
        """What kubectl's plugin holds after this person has signed in."""
        request = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile groups",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        context = await self.browser.new_context(ignore_https_errors=True)
        person = Person(await context.new_page(), username, PASSWORD)
        back = await person.visit(f"{self.issuer}/authorize?{urlencode(request)}", CALLBACK)
        (code,) = parse_qs(urlsplit(back).query)["code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": client_id, "redirect_uri": CALLBACK}
        async with httpx.AsyncClient(verify=self.trust) as client:
            answer = await client.post(f"{self.issuer}/token", data=form | {"code_verifier": VERIFIER})
        return str(answer.json()["id_token"])

    async def kubectl(self, token: str, *arguments: str) -> str:
        """As whoever the token says; raises KubectlFailed."""
        mine = json.loads(self.access.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        del mine["users"][0]["user"]
        (file := self.access.directory / "person.kubeconfig").write_text(json.dumps(mine))
        return await asyncio.to_thread(self.access.kubectl, "--token", token, *arguments, kubeconfig=file)


@pytest.fixture
async def platform(
    postgresql_url: str, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> AsyncIterator[Platform]:
    authority = Authority(tmp_path_factory.mktemp("login"))
    leaf = authority.issue("login", hosts=("localhost",))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(leaf.certificate, leaf.key)
    async with serving(postgresql_url) as served, forwarding(served.server.port, tls) as outside:
        issuer = f"https://localhost:{outside.port}"
        database = open_database(postgresql_url)
        await write(database, *_declared(issuer))
        await database.close()
        trust = ssl.create_default_context(cafile=str(authority.path))
        host = {"Host": f"localhost:{outside.port}"}
        await until(lambda: _is_served(served.client, host))
        async with _cluster(tmp_path_factory.mktemp("kube"), _configuration(issuer, authority)) as access:
            yield Platform(issuer, trust, browser, access)


def _declared(issuer: str) -> list[object]:
    """The guide's application, one of another team, and two people of whom one is in the group `platform`."""
    spec = yaml.safe_load(MANIFEST.read_text())["spec"] | {"authenticationAddress": issuer}
    kubectl = stored_application("kubectl", origin=issuer, **spec)
    kubectl = replace(kubectl, id="platform/kubectl", client_id="platform.kubectl", credentials=())
    other = stored_application("other", origin=issuer, **spec)
    ada, bob = stored_user("ada"), stored_user("bob")
    ada = replace(ada, spec={**ada.spec, "groups": ["platform"]})
    return [kubectl, replace(other, credentials=()), ada, bob]


def _configuration(issuer: str, authority: Authority) -> Path:
    """The guide's, for this issuer and its authority."""
    guide = (DOCS / "guides" / "roles-and-groups.md").read_text()
    (text,) = re.findall(r"```yaml\n([^`]*kind: AuthenticationConfiguration[^`]*)```", guide)
    configuration = yaml.safe_load(text)
    (jwt,) = configuration["jwt"]
    jwt["issuer"] |= {"url": issuer, "certificateAuthority": authority.path.read_text()}
    (file := authority.path.with_name("authentication.yaml")).write_text(yaml.safe_dump(configuration))
    return file


@asynccontextmanager
async def _cluster(directory: Path, authentication: Path) -> AsyncIterator[Access]:
    control_plane = ControlPlane(binaries(), directory, authentication)
    try:
        await asyncio.to_thread(control_plane.start)
        yield Access(control_plane.kubectl, control_plane.kubeconfig, directory, control_plane)
    finally:
        control_plane.stop()


async def _is_served(client: httpx.AsyncClient, host: dict[str, str]) -> bool:
    return (await client.get("/.well-known/openid-configuration", headers=host)).is_success


async def test_the_api_server_takes_name_and_groups_from_the_id_token_and_rbac_counts_on_them(
    platform: Platform,
) -> None:
    platform.access.apply(VIEWERS)
    ada, bob = await platform.id_token("ada"), await platform.id_token("bob")

    told = json.loads(await platform.kubectl(ada, "auth", "whoami", "-o", "json"))["status"]["userInfo"]

    assert told["username"] == "ostiary:ada"
    assert told["groups"] == ["ostiary:platform", "system:authenticated"]
    assert "kube-root-ca.crt" in await platform.kubectl(ada, "get", "configmaps", "-n", "default")
    with pytest.raises(KubectlFailed, match='User "ostiary:bob" cannot list resource "configmaps"'):
        await platform.kubectl(bob, "get", "configmaps", "-n", "default")
    with pytest.raises(KubectlFailed, match=r"(?i)unauthorized|must be logged in"):
        await platform.kubectl(await platform.id_token("ada", "shop.other"), "auth", "whoami")
