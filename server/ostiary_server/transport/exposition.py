"""What Prometheus scrapes, on a port of its own: counts of every tenant are nothing for the port that people reach."""

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ostiary_server.metrics import Metrics


def exposition(metrics: Metrics) -> ASGIApp:
    """An application that answers `/metrics` in the format that was asked for, and nothing else."""

    async def expose(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), headers={"Content-Type": content_type})

    return Starlette(routes=[Route("/metrics", expose)])
