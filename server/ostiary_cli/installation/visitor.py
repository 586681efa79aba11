"""Somebody at one authentication address, reached through a server's own: a browser and a relying application."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2

from ostiary_cli.installation.access import CommandFailed

_PAGES_AT_MOST = 6
_SECONDS = 15.0  # for one answer: a password is compared in some tenth of a second, in a queue


class Visitor:
    """Keeps cookies as a browser does; raises CommandFailed for an answer that is not due, without quoting secrets."""

    def __init__(self, server: str, address: str, client: tuple[str, str]) -> None:
        self._address, self._client = address, client
        self._http = httpx2.AsyncClient(
            base_url=server, headers={"Host": urlsplit(address).netloc}, timeout=_SECONDS, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def json(
        self, method: str, path: str, form: Mapping[str, str] | None = None, *, bearer: str | None = None
    ) -> dict[str, Any]:
        """What an endpoint answers; a form is sent with the client's own authentication."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        auth = self._client if form is not None else None
        answer = await self._sent(method, path, data=form, auth=auth, headers=headers)
        if answer.status_code != 200:
            raise CommandFailed(f"{method} {path} answers {answer.status_code}: {_error(answer)}")
        body: dict[str, Any] = answer.json()
        return body

    async def sign_in(self, username: str, password: str, callback: str) -> dict[str, Any]:
        """The tokens for the code that comes back to `callback`."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        request = {
            "client_id": self._client[0],
            "redirect_uri": callback,
            "response_type": "code",
            "scope": "openid profile",
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
            .rstrip(b"=")
            .decode(),
            "code_challenge_method": "S256",
        }
        back = parse_qs(await self._back(request, username, password, callback))
        if back.get("state") != [state] or back.get("iss") != [self._address] or "code" not in back:
            raise CommandFailed(f"the callback gets {back.get('error', ['no code'])[0]}, or another state or iss")
        form = {"grant_type": "authorization_code", "redirect_uri": callback, "code_verifier": verifier}
        return await self.json("POST", "/token", {**form, "code": back["code"][0]})

    async def _back(self, request: Mapping[str, str], username: str, password: str, callback: str) -> str:
        """The query with which the callback is reached, through whatever pages come before."""
        answer = await self._sent("GET", "/authorize", params=request)
        for _ in range(_PAGES_AT_MOST):
            location = answer.headers.get("location", "")
            if location.startswith(callback):
                return urlsplit(location).query
            if location:
                answer = await self._sent("GET", location.removeprefix(self._address))
                continue
            page = _Page(answer.text)
            if answer.status_code != 200 or page.action is None:
                raise CommandFailed(f"a page of the sign-in answers {answer.status_code} and has no form")
            fields = page.fields | ({"username": username, "password": password} if "password" in page.fields else {})
            answer = await self._sent("POST", page.action, data=fields)
        raise CommandFailed("the sign-in does not come to an end")

    async def _sent(self, method: str, path: str, **more: Any) -> httpx2.Response:
        try:
            return await self._http.request(method, path, **more)
        except httpx2.HTTPError as error:
            raise CommandFailed(f"{method} {path.partition('?')[0]}: {type(error).__name__} {error}") from None


class _Page(HTMLParser):
    """The first form: where it goes, and its fields with the values that they have; of the buttons the first one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.action = self.action or attributes.get("action")
        elif tag in ("input", "button") and (name := attributes.get("name")):
            self.fields.setdefault(name, attributes.get("value") or "")


def _error(answer: httpx2.Response) -> str:
    """What the protocol says; it holds no secret."""
    try:
        body = answer.json()
    except ValueError:
        return answer.reason_phrase
    return f"{body.get('error')}: {body.get('error_description')}"
