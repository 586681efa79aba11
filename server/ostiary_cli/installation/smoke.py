"""`ostiary smoke`: an application and a user of the test's own, signed in as a browser would, then deleted.

Everything on the way is what a relying application meets: admission, the operator, the generated Secret, the pages, the
token endpoint. The address is one on *.localhost, which nobody outside reaches; the password is random.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from ostiary_cli.installation.access import CommandFailed, cluster, finish, patiently
from ostiary_cli.installation.visitor import Visitor
from ostiary_operator.cluster import Cluster
from ostiary_operator.objects import GROUP, VERSION, Key, ObjectKind, collection
from ostiary_operator.reconcile.secret_port import LABEL

NAME = "ostiary-smoke"
ADDRESS = f"http://{NAME}.localhost"
CALLBACK = "http://127.0.0.1/callback"
_PASSWORD_SECRET, _CLIENT_SECRET = f"{NAME}-password", f"{NAME}-oauth"
_LOOK = 0.5  # seconds between looks at a status


def try_out(namespace: str, server: str, *, timeout: float) -> int:
    """The exit status; one line a step."""

    async def work() -> None:
        try:
            async with asyncio.timeout(timeout):
                await _try_out(namespace, server, timeout)
        except TimeoutError:
            raise CommandFailed(f"not done within {timeout:.0f} seconds") from None

    return finish("smoke", work)


async def _try_out(namespace: str, server: str, patience: float) -> None:
    password = secrets.token_urlsafe(24)
    async with cluster() as api:
        objects = _Objects(api, namespace)
        await patiently(objects.delete, seconds=patience)
        async with objects.applied(password) as (client_id, client_secret):
            print("served: the application and the user are Ready")
            async with Visitor(server, ADDRESS, (client_id, client_secret)) as visitor:
                await _walk(visitor, password)
    print("deleted: the application and the user")


async def _walk(visitor: Visitor, password: str) -> None:
    metadata = await visitor.json("GET", "/.well-known/openid-configuration")
    _expect(metadata.get("issuer") == ADDRESS, f"discovery names the issuer {metadata.get('issuer')}")
    tokens = await visitor.sign_in(NAME, password, CALLBACK)
    person = await visitor.json("GET", "/userinfo", bearer=tokens["access_token"])
    _expect(person.get("preferred_username") == NAME, "userinfo tells of somebody else")
    print("signed in: a code for tokens, and userinfo by the access token")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    _expect("access_token" in await visitor.json("POST", "/token", form), "the refresh token gives nothing")
    machine = await visitor.json("POST", "/token", {"grant_type": "client_credentials"})
    told = await visitor.json("POST", "/introspect", {"token": machine["access_token"]})
    _expect(told.get("active") is True, "introspection does not know the application's own token")
    print("fetched: a token by refresh_token and one by client_credentials, which introspection knows")


def _expect(so: bool, otherwise: str) -> None:
    if not so:
        raise CommandFailed(otherwise)


class _Objects:
    """What the test declares."""

    def __init__(self, api: Cluster, namespace: str) -> None:
        self._api = api
        self._secrets = f"/api/v1/namespaces/{namespace}/secrets"
        self._application = Key(ObjectKind.APPLICATION, namespace, NAME)
        self._user = Key(ObjectKind.USER, namespace, NAME)

    @asynccontextmanager
    async def applied(self, password: str) -> AsyncIterator[tuple[str, str]]:
        """Client id and secret once both are served; they are deleted whatever happens."""
        try:
            await self._create(password)
            for key in (self._user, self._application):
                await self._ready(key)
            data = (await self._api.get(f"{self._secrets}/{_CLIENT_SECRET}"))["data"]
            yield _text(data["client-id"]), _text(data["client-secret"])
        finally:
            await self.delete()

    async def delete(self) -> None:
        """Returns when nothing of it is left."""
        paths = (self._application.path, self._user.path, f"{self._secrets}/{_PASSWORD_SECRET}")
        for path in paths:
            if await self._api.find(path) is not None:
                await self._api.delete(path)
        for path in paths:
            await self._gone(path)

    async def _create(self, password: str) -> None:
        await self._api.create(
            self._secrets,
            {
                "metadata": {"name": _PASSWORD_SECRET, "labels": {LABEL: "true"}},
                "stringData": {"password": password},
            },
        )
        user = {"username": NAME, "displayName": "Smoke test", "passwordSecretRef": {"name": _PASSWORD_SECRET}}
        application = {
            "displayName": "Smoke test",
            "authenticationAddress": ADDRESS,
            "callbackURLs": [CALLBACK],
            "grantModes": ["authorization_code", "refresh_token", "client_credentials"],
            "consent": "Skip",
        }
        for (kind, namespace, name), spec in ((self._user, user), (self._application, application)):
            body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind.value, "metadata": {"name": name}, "spec": spec}
            await self._api.create(collection(kind, namespace), body)

    async def _ready(self, key: Key) -> None:
        said = ""
        while True:
            body = await self._api.find(key.path) or {}
            ready = _ready_condition(body)
            if ready.get("status") == "True":
                return
            text = f"{ready.get('reason')}: {ready.get('message')}" if ready else "the operator has not looked at it"
            if text != said:
                said = text
                print(f"waiting for {key.kind.plural}/{key.name}: {text}")
            await asyncio.sleep(_LOOK)

    async def _gone(self, path: str) -> None:
        while await self._api.find(path) is not None:  # noqa: ASYNC110 - nothing in this process knows of it
            await asyncio.sleep(_LOOK)


def _ready_condition(body: Mapping[str, Any]) -> Mapping[str, Any]:
    conditions = body.get("status", {}).get("conditions", ())
    return next((each for each in conditions if each["type"] == "Ready"), {})


def _text(value: str) -> str:
    return base64.b64decode(value).decode()
