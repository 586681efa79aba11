"""Runs `ostiary example-app` until Ctrl-C."""

import contextlib
import sys
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Host, Mount, Route
from starlette.staticfiles import StaticFiles

from ostiary_cli.example.billing import Billing
from ostiary_cli.example.credentials import Credentials
from ostiary_cli.example.notes import Notes
from ostiary_cli.example.page import HERE, Pages
from ostiary_cli.example.shop import Shop
from ostiary_cli.loopback_sockets import PortInUse, loopback

BILLING_SECRET = "quickstart.billing-oauth.yaml"  # beside the shop's


def serve_example(*, port: int, issuer: str, secret_file: Path) -> int:
    """The exit status: 0 after Ctrl-C."""
    try:
        app = example(port=port, issuer=issuer.rstrip("/"), secret_file=secret_file)
        sockets = loopback(port)
    except (OSError, ValueError) as error:
        text = f"cannot read the generated Secret: {error}\nstart this first: ostiary up docs/examples/quickstart"
        print(text, file=sys.stderr)
        return 1
    except PortInUse as error:
        print(error, file=sys.stderr)
        return 1
    for name, host in (("Corner Shop", "app"), ("Notes", "spa"), ("Billing 1998", "legacy")):
        print(f"{name:12}   http://{host}.localhost:{port}/")
    print("Sign in as alice; her password is in docs/examples/quickstart/alice.yaml. Ctrl-C stops.", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=2)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn hands the signal on after it has shut down
        uvicorn.Server(config).run(sockets=list(sockets))
    return 0


def example(*, port: int, issuer: str, secret_file: Path) -> Starlette:
    """The three applications by their hosts. Raises OSError or ValueError where a Secret cannot be read."""
    billing_file = secret_file.with_name(BILLING_SECRET)
    shop = Shop(Credentials.of_file(secret_file), pages=Pages(issuer, port), address=_own("app", port))
    notes = Notes(pages=Pages(_beside(issuer, "notes"), port), address=_own("spa", port))
    billing = Billing(
        Credentials.of_file(billing_file),
        pages=Pages(_beside(issuer, "billing"), port),
        secret_file=str(billing_file),
    )

    async def elsewhere(_request: Request) -> Response:
        return RedirectResponse(_own("app", port) + "/", status_code=303)

    return Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=HERE / "static")),
            Host("app.localhost", shop.app()),
            Host("spa.localhost", notes.app()),
            Host("legacy.localhost", billing.app()),
            Route("/{path:path}", elsewhere),
        ]
    )


def _own(name: str, port: int) -> str:
    return f"http://{name}.localhost:{port}"


def _beside(issuer: str, name: str) -> str:
    """The quickstart's other addresses differ from the shop's in their first label alone."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{name}.{parts.netloc.partition('.')[2]}"
