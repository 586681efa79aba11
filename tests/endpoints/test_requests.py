"""Reading a request: one Host, one form, bounded, and nothing taken from a proxy that was not told of."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request

from ostiary_server.endpoints.hosts import TrustedProxies, normalised_host
from ostiary_server.endpoints.requests import LONGEST_BODY, MOST_PARAMETERS, Edge, protocol_request
from ostiary_server.protocol.errors import InvalidRequest, MisdirectedRequest
from ostiary_server.protocol.requests import ProtocolRequest
from tests.granting import ISSUER, NOW, OTHER_ISSUER, World

FORM = (b"content-type", b"application/x-www-form-urlencoded")
HOST = (b"host", b"login.example.com")


async def read(
    *headers: tuple[bytes, bytes],
    body: bytes | list[bytes] = b"",
    query: bytes = b"",
    method: str = "POST",
    proxies: TrustedProxies | None = None,
    peer: str = "192.0.2.1",
) -> ProtocolRequest:
    chunks = body if isinstance(body, list) else [body]
    messages: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
            for number, chunk in enumerate(chunks)
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    scope = {
        "type": "http",
        "method": method,
        "path": "/token",
        "query_string": query,
        "headers": list(headers) or [HOST, FORM],
        "client": (peer, 1),
    }
    edge = Edge(World().directory, lambda: NOW, proxies or TrustedProxies())
    return await protocol_request(Request(scope, receive), edge)


@pytest.mark.parametrize(
    "host", [b"login.example.com", b"LOGIN.Example.com", b"login.example.com.", b"login.example.com:443"]
)
async def test_the_issuer_is_found_by_its_normalised_host(host: bytes) -> None:
    assert (await read((b"host", host))).issuer is ISSUER


async def test_the_port_is_part_of_the_host_where_it_is_not_the_default() -> None:
    assert (await read((b"host", b"app.localhost:8080"))).issuer is OTHER_ISSUER
    with pytest.raises(MisdirectedRequest):
        await read((b"host", b"app.localhost:8081"))


@pytest.mark.parametrize(
    "host", [b"unknown.example", b"", b"login.example.com, x", b"user@login.example.com", b"login.example.com:x", b"/"]
)
async def test_an_unknown_or_malformed_host_is_misdirected(host: bytes) -> None:
    with pytest.raises(MisdirectedRequest):
        await read((b"host", host))


async def test_two_host_headers_are_misdirected_and_so_is_none() -> None:
    with pytest.raises(MisdirectedRequest):
        await read(HOST, HOST)
    with pytest.raises(MisdirectedRequest):
        await read(FORM)


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert normalised_host([(b"host", b"[::1]:8080")]) == "[::1]:8080"
    assert normalised_host([(b"host", b"[::1]:80")]) == "[::1]"


async def test_a_forwarded_host_or_scheme_never_names_the_issuer() -> None:
    forwarded = [(b"x-forwarded-host", b"app.localhost:8080"), (b"x-forwarded-proto", b"http")]
    assert (await read(HOST, *forwarded, proxies=TrustedProxies(["0.0.0.0/0"]))).issuer is ISSUER


async def test_the_form_is_parsed_in_order_with_its_repetitions() -> None:
    request = await read(body=[b"a=1&b=%C3%A9", b"+x&a=2", b"&c="])
    assert list(request.form) == [("a", "1"), ("b", "é x"), ("a", "2"), ("c", "")]
    assert "c" not in request.form


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((HOST, FORM), b"x" * (LONGEST_BODY + 1)),
        ((HOST, FORM), [b"x" * LONGEST_BODY, b"x"]),
        ((HOST, FORM), b"&".join(b"a=1" for _ in range(MOST_PARAMETERS + 1))),
        ((HOST, FORM), b"a=%ff"),
        ((HOST, FORM), b"a=\xff"),
        ((HOST, (b"content-type", b"application/json")), b"{}"),
        ((HOST, (b"content-type", b"multipart/form-data; boundary=x")), b"--x"),
        ((HOST,), b"a=1"),
        ((HOST, FORM, (b"authorization", b"Basic a"), (b"authorization", b"Basic b")), b"a=1"),
    ],
)
async def test_a_body_that_is_no_small_utf8_form_is_refused(headers: Any, body: bytes | list[bytes]) -> None:
    with pytest.raises(InvalidRequest):
        await read(*headers, body=body)


async def test_a_body_that_is_too_long_is_not_read_to_its_end() -> None:
    read_chunks = 0

    async def receive() -> dict[str, Any]:
        nonlocal read_chunks
        read_chunks += 1
        return {"type": "http.request", "body": b"x" * 40_000, "more_body": read_chunks < 100}

    scope = {"type": "http", "method": "POST", "path": "/token", "query_string": b"", "headers": [HOST, FORM]}
    with pytest.raises(InvalidRequest):
        await protocol_request(Request(scope, receive), Edge(World().directory, lambda: NOW))
    assert read_chunks == 2


async def test_a_body_that_ends_early_is_refused() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "path": "/token", "query_string": b"", "headers": [HOST, FORM]}
    with pytest.raises(InvalidRequest):
        await protocol_request(Request(scope, receive), Edge(World().directory, lambda: NOW))


async def test_the_charset_of_the_content_type_does_not_matter() -> None:
    request = await read(HOST, (b"content-type", b"Application/X-WWW-Form-Urlencoded; charset=UTF-8"), body=b"a=1")
    assert request.form.get("a") == "1"


async def test_a_get_has_a_query_and_no_form() -> None:
    request = await read(method="GET", query=b"a=1&a=2", body=b"b=1")
    assert list(request.query) == [("a", "1"), ("a", "2")]
    assert list(request.form) == []


@pytest.mark.parametrize(
    ("forwarded", "remote"),
    [
        (b"203.0.113.9", "203.0.113.9"),
        (b"1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (b"203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (b"nonsense", "10.0.0.1"),
        (b"", "10.0.0.1"),
    ],
)
async def test_the_remote_address_is_the_nearest_that_no_trusted_proxy_has(forwarded: bytes, remote: str) -> None:
    request = await read(HOST, (b"x-forwarded-for", forwarded), proxies=TrustedProxies(["10.0.0.0/8"]), peer="10.0.0.1")
    assert request.remote == remote


async def test_a_peer_that_is_no_trusted_proxy_cannot_say_who_it_is() -> None:
    spoofed = (b"x-forwarded-for", b"127.0.0.1")
    assert (await read(HOST, spoofed)).remote == "192.0.2.1"
    assert (await read(HOST, spoofed, proxies=TrustedProxies(["10.0.0.0/8"]))).remote == "192.0.2.1"
