"""One installation for the clients that we did not write, with an application of each kind that they can be."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet
from playwright.async_api import Page

from tests.flows.installation import Installation, installation
from tests.person import Person
from tests.processes import free_port

MANIFESTS = """
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: shop, namespace: clients}
spec:
  displayName: Corner Shop
  authenticationAddress: http://shop.localhost
  callbackURLs: [http://app.localhost:CALLBACK_PORT/callback]
  grantModes: [authorization_code, refresh_token]
  scopes: [openid, profile, email]
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: portal, namespace: clients}
spec:
  displayName: Portal
  authenticationAddress: http://portal.localhost
  callbackURLs: [http://portal-app.localhost:CALLBACK_PORT/callback]
  postLogoutRedirectURLs: [http://portal-app.localhost:CALLBACK_PORT/bye]
  grantModes: [authorization_code, implicit]
  responseTypes: [code, id_token, code id_token]
  scopes: [openid, profile, email]
  subjectType: Pairwise
  userinfoSignedResponseAlg: ES256
  jwks: PORTAL_KEYS
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: registering, namespace: clients}
spec:
  authenticationAddress: http://registering.localhost
  grantModes: [authorization_code, refresh_token]
  scopes: [openid, profile]
  dynamicRegistration: {maxClients: 10}
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: till, namespace: clients}
spec:
  displayName: Till
  authenticationAddress: http://till.localhost
  callbackURLs: [http://app.localhost:CALLBACK_PORT/callback]
  grantModes: [authorization_code, refresh_token]
  scopes: [openid, profile, email]
  tokenEndpointAuthMethod: client_secret_post
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: desktop, namespace: clients}
spec:
  displayName: Desktop
  type: Public
  authenticationAddress: http://desktop.localhost
  callbackURLs: [http://127.0.0.1/callback]
  grantModes: [authorization_code]
  scopes: [openid, profile]
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: robot, namespace: clients}
spec:
  displayName: Robot
  authenticationAddress: http://robot.localhost
  grantModes: [client_credentials]
  scopes: ["stock:read", "stock:write"]
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: notes, namespace: clients}
spec:
  displayName: Notes
  type: Public
  authenticationAddress: http://notes.localhost
  callbackURLs: [http://spa.localhost:CALLBACK_PORT/notes]
  grantModes: [implicit]
  scopes: [openid, profile]
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata: {name: billing, namespace: clients}
spec:
  displayName: Billing 1998
  authenticationAddress: http://billing.localhost
  grantModes: [password, refresh_token]
  scopes: [openid, profile]
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthUser
metadata: {name: ada, namespace: clients}
spec:
  username: ada
  displayName: Ada Lovelace
  email: ada@example.com
  emailVerified: true
  passwordSecretRef: {name: ada-password}
---
apiVersion: v1
kind: Secret
metadata:
  name: ada-password
  namespace: clients
  labels: {ostiary.dev/secret: "true"}
stringData: {password: analytical-engine-1843}
"""


PORTAL_KEY = ECKey.generate_key("P-256", parameters={"kid": "portal", "use": "sig", "alg": "ES256"})


@pytest.fixture(scope="session")
def callback_port() -> int:
    """Where the clients' callbacks lead; Person answers there while it waits to come back."""
    return free_port()


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory, callback_port: int) -> Iterator[Installation]:
    """`ostiary up` over the manifests above."""
    keys = json.dumps(KeySet([PORTAL_KEY]).as_dict(private=False))
    manifests = MANIFESTS.replace("CALLBACK_PORT", str(callback_port)).replace("PORTAL_KEYS", keys)
    names = ("shop", "portal", "registering", "till", "desktop", "robot", "notes", "billing")
    with installation(tmp_path_factory.mktemp("provider"), manifests, until_served=names) as served:
        yield served


@pytest.fixture
def app(callback_port: int) -> str:
    """The shop's callback."""
    return f"http://app.localhost:{callback_port}/callback"


@pytest.fixture
def spa(callback_port: int) -> str:
    """The notes' callback."""
    return f"http://spa.localhost:{callback_port}/notes"


@pytest.fixture
def ada(page: Page) -> Person:
    """The user that the manifests declare, at a browser that knows nothing yet."""
    return Person(page, "ada", "analytical-engine-1843")


@pytest.fixture
def localhost_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names under .localhost lead to this machine in this process, too, as they do in browsers."""
    resolve = socket.getaddrinfo

    def loopback(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        return resolve("127.0.0.1" if name.endswith(".localhost") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", loopback)
