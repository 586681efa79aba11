"""An operator that is killed at random while applications come, rotate and go; what must hold when it is over."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from ostiary_state.intent import StoredApplication
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from tests.cluster.operating import application, eventually, is_ready, secret_values
from tests.cluster.stack import Stack

STEADY, ROTATED = 6, 6
LONGEST = 1.2  # seconds that an operator lives


@dataclass
class Trial:
    """Applies, rotates and deletes between two kills; `settled` says what became of it all."""

    stack: Stack
    namespace: str
    chance: random.Random
    secrets: dict[str, str] = field(default_factory=dict)  # of those that nobody rotates
    may_keep_secrets: bool = False  # the operator may already
    living: set[str] = field(default_factory=set)
    rotations: int = 0
    made: int = 0

    def prepare(self) -> None:
        """What is there before the first kill."""
        if not self.may_keep_secrets:
            self.stack.may_keep_secrets_in(self.namespace)
        self._apply(*(f"steady-{number}" for number in range(STEADY)))
        self._apply(*(f"rotated-{number}" for number in range(ROTATED)))
        eventually(self._all_ready, within=60)
        self.secrets = {name: self._secret(name) for name in self.living if name.startswith("steady")}

    def round(self) -> None:
        """One life of the operator, of random length, with work for it."""
        begun = [f"fleeting-{self.made + number}" for number in range(3)]
        self.made += len(begun)
        self._apply(*begun)
        for name in self.chance.sample([name for name in self.living if name.startswith("rotated")], 2):
            self.rotations += 1
            self._kubectl("annotate", "oauthapplication", name, f"ostiary.dev/rotate={self.rotations}", "--overwrite")
        going = self.chance.sample(sorted(name for name in self.living if name.startswith("fleeting")), 2)
        self._kubectl("delete", "oauthapplication", *going, "--wait=false")
        self.living -= set(going)
        time.sleep(self.chance.uniform(0, LONGEST))
        self.stack.operator.child.kill()
        self.stack.operator.child.start()

    def settled(self, within: float = 120.0) -> None:
        """No orphan, no lost secret, no client with a wrong one. Raises AssertionError."""
        eventually(self._all_ready, within=within)
        eventually(lambda: self._names("oauthapplication") == self.living, within=within)
        eventually(lambda: set(self._rows()) == self.living, within=within)
        for name, row in self._rows().items():
            assert not [each for each in row.credentials if each.pending], (
                f"{name} has one that was never in its Secret"
            )
            self._authenticates(name)
        assert {name: self._secret(name) for name in self.secrets} == self.secrets, "a secret was lost"
        owned = {f"{name}-oauth" for name in self.living}
        eventually(lambda: self._names("secret") == owned, within=90)  # the garbage collector takes its time

    def _authenticates(self, name: str) -> None:
        values = secret_values(self.stack.access, f"{name}-oauth", self.namespace)
        with self.stack.client() as http:
            form = {"grant_type": "client_credentials"}
            answer = http.post("/token", data=form, auth=(values["client-id"], values["client-secret"]))
        assert answer.status_code == 200, f"{name}: the secret in its Secret is refused"

    def _apply(self, *names: str) -> None:
        machine: dict[str, Any] = {"grantModes": ["client_credentials"], "callbackURLs": []}
        self.stack.access.apply(*(application(name, self.namespace, **machine) for name in names))
        self.living |= set(names)

    def _all_ready(self) -> bool:
        items = self._list("oauthapplication")
        return {each["metadata"]["name"] for each in items if is_ready(each)} >= self.living

    def _names(self, kind: str) -> set[str]:
        return {each["metadata"]["name"] for each in self._list(kind)}

    def _list(self, kind: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self._kubectl("get", kind, "-o", "json"))["items"]
        return listed

    def _kubectl(self, *arguments: str) -> str:
        return self.stack.access.kubectl(*arguments, "--namespace", self.namespace)

    def _secret(self, name: str) -> str:
        return secret_values(self.stack.access, f"{name}-oauth", self.namespace)["client-secret"]

    def _rows(self) -> dict[str, StoredApplication]:
        async def read() -> dict[str, StoredApplication]:
            database = open_database(self.stack.database_url)
            try:
                rows = await IntentRepository(database).applications()
            finally:
                await database.close()
            return {row.id.partition("/")[2]: row for row in rows if row.id.startswith(f"{self.namespace}/")}

        return asyncio.run(read())
