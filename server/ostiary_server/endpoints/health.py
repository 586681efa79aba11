"""`/healthz` and `/readyz`, whatever the Host: a kubelet's probe carries the pod's IP."""

from collections.abc import Callable

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ostiary_server.replica.readiness import Readiness

NO_STORE = {"Cache-Control": "no-store"}


def router(readiness: Callable[[], Readiness]) -> APIRouter:
    """Liveness is that this process answers at all; readiness is what `Readiness` says."""
    routes = APIRouter()

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        current = readiness()
        body = orjson.dumps(current.report(), option=orjson.OPT_APPEND_NEWLINE)
        return Response(body, 200 if current.ready else 503, NO_STORE, "application/json")

    routes.add_route("/healthz", healthz, methods=["GET"])
    routes.add_route("/readyz", readyz, methods=["GET"])
    return routes
