"""Probes answer whatever the Host; nothing else does until everything is loaded."""

import httpx
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from ostiary_server.endpoints import health
from ostiary_server.replica.readiness import Readiness
from ostiary_server.transport.loaded_first import LoadedFirst

READY = Readiness(loaded=True, draining=False, revision=7, revision_age=0.5, revocations_age=0.2, applications=3)


class Replica:
    def __init__(self, readiness: Readiness) -> None:
        self.readiness = readiness


def client(replica: Replica) -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None)
    app.include_router(health.router(lambda: replica.readiness))

    @app.get("/token")
    async def token() -> Response:
        return PlainTextResponse("token")

    gate = LoadedFirst(app, lambda: replica.readiness.loaded)
    return httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://10.1.2.3:8080")


LOADING = Readiness(loaded=False, draining=False, revision=0, revision_age=None, revocations_age=None, applications=0)
DRAINING = Readiness(loaded=True, draining=True, revision=7, revision_age=0.5, revocations_age=0.2, applications=3)


async def test_a_process_that_loads_is_live_but_not_ready_and_asks_to_try_again() -> None:
    replica = Replica(LOADING)
    async with client(replica) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        refused = await http.get("/token")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "2"
        replica.readiness = READY
        assert (await http.get("/token")).status_code == 200


async def test_readiness_tells_what_is_served_and_how_old_it_is() -> None:
    async with client(Replica(READY)) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "loaded": True,
        "draining": False,
        "revision": 7,
        "revision_age": 0.5,
        "revocations_age": 0.2,
        "applications": 3,
    }


async def test_a_replica_that_drains_is_not_ready_but_still_answers() -> None:
    async with client(Replica(DRAINING)) as http:
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/token")).status_code == 200
