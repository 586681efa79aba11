"""Requests that go past FastAPI's stack are answered as those that go through it."""

import httpx
import pytest
from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from ostiary_server.endpoints.errors import internal_error_response
from ostiary_server.transport.hot_path import HotPath


class Refused(Exception):
    """What the application has a handler for."""


def application(*, hot: bool) -> ASGIApp:
    app = FastAPI(openapi_url=None)

    async def token(request: Request) -> Response:
        match request.query_params.get("then"):
            case "refuse":
                raise Refused
            case "fail":
                raise ValueError("a fault of ours")
        return PlainTextResponse(f"token for {await request.body()!r}")

    async def other(_: Request) -> Response:
        return PlainTextResponse("another endpoint")

    def refused(_: Request, __: Exception) -> Response:
        return PlainTextResponse("refused", 418)

    app.router.add_route("/token", token, methods=["POST"])
    app.router.add_route("/other", other, methods=["GET"])
    app.add_exception_handler(Refused, refused)
    return HotPath(app, app.routes) if hot else app


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/token"),
        ("POST", "/token?then=refuse"),
        ("POST", "/token/"),
        ("GET", "/token"),
        ("PUT", "/token"),
        ("GET", "/other"),
        ("GET", "/nowhere"),
    ],
)
async def test_it_changes_no_answer(method: str, path: str) -> None:
    answers = []
    for hot in (True, False):
        transport = httpx.ASGITransport(application(hot=hot))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answer = await client.request(method, path, content=b"a=b")
            answers.append((answer.status_code, answer.headers, answer.content))
    assert answers[0] == answers[1]


async def test_a_fault_reaches_what_surrounds_it() -> None:
    transport = httpx.ASGITransport(application(hot=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        with pytest.raises(ValueError, match="a fault of ours"):
            await client.post("/token?then=fail")


async def test_a_fault_is_told_as_server_error_and_with_nothing_of_it() -> None:
    app = ServerErrorMiddleware(application(hot=True), handler=internal_error_response)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/token?then=fail")
    assert answer.status_code == 500
    assert answer.json()["error"] == "server_error"
    assert "fault of ours" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
