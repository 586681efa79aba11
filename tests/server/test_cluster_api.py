"""What this server asks the API server of its cluster: real TLS on loopback."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from ostiary_server.outbound.cluster_api import ClusterAPI, mounted
from ostiary_server.outbound.requests import LONGEST_BODY
from ostiary_server.protocol.ports import FetchFailed
from tests.cluster.certificates import Authority

PATH = "/openid/v1/jwks"


class APIServer:
    """Answers what it is told to, and keeps what it was asked with."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.address = ""
        self.asked: list[str | None] = []
        self.answer = web.Response

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("Authorization"))
        return self.answer()

    async def start(self) -> web.AppRunner:
        leaf = self.authority.issue("kube-apiserver", hosts=("127.0.0.1",))
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(leaf.certificate, leaf.key)
        application = web.Application()
        application.router.add_get("/{path:.*}", self._answer)
        await (runner := web.AppRunner(application)).setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        self.address = f"https://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    def client(self, token: Path | None, *, authority: Path | None = None) -> ClusterAPI:
        return ClusterAPI(self.address, authority=authority or self.authority.path, token=token)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[APIServer]:
    api = APIServer(Authority(tmp_path))
    runner = await api.start()
    yield api
    await runner.cleanup()


async def test_the_token_is_read_each_time_since_the_kubelet_replaces_it(api: APIServer, tmp_path: Path) -> None:
    api.answer = lambda: web.Response(body=b"{}", content_type="application/jwk-set+json")
    (file := tmp_path / "token").write_text("one\n")
    assert await api.client(file).get(PATH) == b"{}"
    file.write_text("two")
    await api.client(file).get(PATH)
    await api.client(None).get(PATH)
    assert api.asked == ["Bearer one", "Bearer two", None]


async def test_a_server_of_another_authority_sees_no_token(api: APIServer, tmp_path: Path) -> None:
    (other := tmp_path / "other").mkdir()
    (file := tmp_path / "token").write_text("one")
    with pytest.raises(FetchFailed, match="certificate verify failed"):
        await api.client(file, authority=Authority(other).path).get(PATH)
    assert api.asked == []


async def test_missing_rights_say_what_to_bind(api: APIServer, tmp_path: Path) -> None:
    (file := tmp_path / "token").write_text("one")
    api.answer = lambda: web.Response(status=403)
    with pytest.raises(FetchFailed, match="bind the ClusterRole system:service-account-issuer-discovery"):
        await api.client(file).get(PATH)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [(500, b"", "answered 500"), (302, b"", "answered 302"), (200, b"x" * (LONGEST_BODY + 1), "more than")],
)
async def test_anything_but_a_short_200_is_none(api: APIServer, status: int, body: bytes, says: str) -> None:
    api.answer = lambda: web.Response(status=status, body=body, headers={"Location": "/elsewhere"})
    with pytest.raises(FetchFailed, match=says):
        await api.client(None).get(PATH)
    assert len(api.asked) == 1, "a redirect is not followed"


async def test_a_file_that_is_missing_is_no_crash(api: APIServer, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="cannot be read"):
        await api.client(tmp_path / "absent").get(PATH)
    with pytest.raises(FetchFailed, match="cannot be read"):
        await api.client(None, authority=tmp_path / "absent").get(PATH)


def test_what_is_set_counts_before_what_is_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary_server.outbound.cluster_api.MOUNTED", tmp_path)
    assert mounted(None, "token") is None
    (tmp_path / "token").write_text("x")
    assert mounted(None, "token") == tmp_path / "token"
    assert mounted(tmp_path / "other", "token") == tmp_path / "other"
