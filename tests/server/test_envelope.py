"""Every answer has a request id and an API's headers, one log line without its query, and one bounded measurement."""

import asyncio
import io
import json
import logging
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest
from starlette.responses import PlainTextResponse, Response

from ostiary_server.log_lines import request_lines
from ostiary_server.metrics import Metrics
from ostiary_server.transport.access_log import INTERVAL, AccessLog
from ostiary_server.transport.envelope import Envelope, Templates


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request_lines())
    logger = logging.getLogger("ostiary_server")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


def enveloped(metrics: Metrics, access_log: AccessLog | None = None) -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None)

    @app.get("/things/{name}")
    async def thing(name: str) -> Response:
        logging.getLogger("ostiary_server.test").warning("inside")
        return PlainTextResponse(name)

    @app.get("/page")
    async def page() -> Response:
        return PlainTextResponse("page", headers={"Content-Security-Policy": "default-src 'self'"})

    @app.get("/healthz")
    async def healthz() -> Response:
        return PlainTextResponse("ok")

    @app.get("/broken")
    async def broken() -> Response:
        raise RuntimeError("broken")

    transport = httpx.ASGITransport(
        Envelope(app, Templates(app.routes), metrics, access_log=access_log), raise_app_exceptions=False
    )
    return httpx.AsyncClient(transport=transport, base_url="http://login.example.com")


async def test_an_answer_may_be_neither_framed_nor_sniffed_and_names_its_request() -> None:
    async with enveloped(Metrics()) as client:
        first, second = await client.get("/things/a"), await client.get("/things/a")
    assert first.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["referrer-policy"] == "no-referrer"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_a_page_keeps_its_own_policy() -> None:
    async with enveloped(Metrics()) as client:
        answer = await client.get("/page")
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]


async def test_the_log_line_of_a_request_has_its_path_but_never_its_query(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    output = io.BytesIO()
    access_log = AccessLog(output, lambda: 1_700_000_000.25)
    async with enveloped(Metrics(), access_log) as client:
        answer = await client.get("/things/a?code=s3cret", headers={"Authorization": "Basic s3cret"})
    access_log.flush()
    (inside,) = lines()
    request = json.loads(output.getvalue())
    assert request["time"] == "2023-11-14T22:13:20.250+00:00"
    assert request["path"] == "/things/a"
    assert request["status"] == 200
    assert request["host"] == "login.example.com"
    assert request["request_id"] == inside["request_id"] == answer.headers["x-request-id"]
    assert "s3cret" not in json.dumps(lines()) + output.getvalue().decode()


async def test_probes_write_no_lines() -> None:
    output = io.BytesIO()
    access_log = AccessLog(output, time.time)
    async with enveloped(Metrics(), access_log) as client:
        await client.get("/healthz")
    access_log.flush()
    assert output.getvalue() == b""


async def test_lines_are_written_by_themselves_soon_after_their_requests() -> None:
    output = io.BytesIO()
    async with enveloped(Metrics(), AccessLog(output, time.time)) as client:
        for name in "abc":
            await client.get(f"/things/{name}")
    assert output.getvalue() == b""
    await asyncio.sleep(2 * INTERVAL)
    assert [json.loads(line)["path"][-1] for line in output.getvalue().splitlines()] == ["a", "b", "c"]


async def test_what_fails_inside_is_measured_as_500() -> None:
    metrics = Metrics()
    async with enveloped(metrics) as client:
        assert (await client.get("/broken")).status_code == 500
    assert 'route="/broken",status="500"' in generate_latest(metrics.registry).decode()


async def test_labels_are_templates_and_known_methods_whatever_is_sent() -> None:
    metrics = Metrics()
    async with enveloped(metrics) as client:
        for n in range(5):
            await client.get(f"/things/{n}")
            await client.get(f"/absent/{n}")
            await client.request(f"METHOD{n}", "/absent")
    text = generate_latest(metrics.registry).decode()
    count = 'ostiary_http_request_duration_seconds_count{method="GET",route="%s",status="%s"} 5.0'
    assert count % ("/things/{name}", 200) in text
    assert count % ("unmatched", 404) in text
    assert 'method="other",route="unmatched"' in text
    assert "METHOD" not in text


def test_grants_that_nobody_knows_share_one_label() -> None:
    metrics = Metrics()
    metrics.tokens("refresh_token", "issued")
    metrics.tokens("urn:made-up:1", "unsupported_grant_type")
    metrics.tokens("urn:made-up:2", "unsupported_grant_type")
    text = generate_latest(metrics.registry).decode()
    assert 'ostiary_token_responses_total{grant="refresh_token",outcome="issued"} 1.0' in text
    assert 'ostiary_token_responses_total{grant="unsupported",outcome="unsupported_grant_type"} 2.0' in text
