"""/static: the style sheet, the icon and the scripts, under names that change with their content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    # An SVG opened by itself is a document: it may run and load nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file held in memory: a few kilobytes, read once."""

    name: str
    content: bytes
    media_type: str

    @classmethod
    def read(cls, file_name: str, media_type: str) -> "Asset":
        """The file beside this module, its digest in its name, so that a cache may keep it for ever."""
        content = (Path(__file__).parent / file_name).read_bytes()
        stem, _, suffix = file_name.rpartition(".")
        return cls(f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}", content, media_type)

    @property
    def address(self) -> str:
        return f"/static/{self.name}"


STYLE: Final = Asset.read("ostiary.css", "text/css; charset=utf-8")
ICON: Final = Asset.read("ostiary.svg", "image/svg+xml")
SEND_FORM: Final = Asset.read("send_form.js", "text/javascript; charset=utf-8")
LEAVE_PAGE: Final = Asset.read("leave_page.js", "text/javascript; charset=utf-8")
CHECK_SESSION: Final = Asset.read("check_session.js", "text/javascript; charset=utf-8")
_ASSETS: Final = {asset.name: asset for asset in (STYLE, ICON, SEND_FORM, LEAVE_PAGE, CHECK_SESSION)}


def router() -> APIRouter:
    """Only the names of this release; another release's are 404, never another content."""
    routes = APIRouter()

    async def static(request: Request) -> Response:
        asset = _ASSETS.get(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("Not found.\n", 404, {"Cache-Control": "no-store"})
        return Response(asset.content, 200, HEADERS, asset.media_type)

    routes.add_route("/static/{name}", static, methods=["GET", "HEAD"])
    return routes
