"""The single-page application: no back end of its own, so what its page needs stands in the page."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ostiary_cli.example.page import Pages

CLIENT_ID = "quickstart.notes"


class Notes:
    """Notes at spa.localhost, on the implicit grant."""

    def __init__(self, *, pages: Pages, address: str) -> None:
        self._pages, self._address = pages, address

    def app(self) -> Starlette:
        """Its routes; the script is a static file."""
        return Starlette(routes=[Route("/", self.start), Route("/notes", self.home)])

    async def start(self, _request: Request) -> Response:
        """The page is where its callback is."""
        return RedirectResponse("/notes", status_code=303)

    async def home(self, _request: Request) -> Response:
        """The page that reads the hash."""
        return self._pages.show("notes.html", client_id=CLIENT_ID, callback=f"{self._address}/notes")
