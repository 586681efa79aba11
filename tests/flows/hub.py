"""JupyterHub with oauthenticator, as PyPI has them, at the guide's own configuration: a process of its own."""

from __future__ import annotations

import http.client
import secrets
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.processes import Child

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "docs" / "examples" / "jupyterhub" / "jupyterhub_config.py"
PROGRAM = ROOT / "tests" / "jupyterhub"  # what to install, and the proxy that it does without
READY_S = 60.0
ASK = """path => fetch(path, {headers: {"X-XSRFToken": window.jhdata.xsrf_token}})
  .then((answer) => answer.json())"""


class Hub:
    """What a browser reaches at `home`, with its state and its log in `directory`."""

    def __init__(self, python: Path, directory: Path, secret: Path, port: int) -> None:
        self.home = f"http://hub.localhost:{port}/hub/"
        self.callback = f"{self.home}oauth_callback"
        self.log = directory / "hub.log"
        self._port = port
        environment = {
            "OAUTH_SECRET": secret,
            "OAUTH_CALLBACK_URL": self.callback,
            "JUPYTERHUB_CRYPT_KEY": secrets.token_hex(32),
            "PYTHONPATH": PROGRAM,
        }
        options = (
            f"--JupyterHub.hub_bind_url=http://127.0.0.1:{port}",
            "--JupyterHub.proxy_class=no_proxy.NoProxy",
            "--Authenticator.auth_refresh_age=1",  # seconds, for the guide's five minutes
        )
        self._process = Child(
            [
                *("env", "-C", directory, *(f"{name}={value}" for name, value in environment.items())),
                *(python, "-m", "jupyterhub", "-f", CONFIGURATION, *options),
            ],
            self.log,
        )

    def start(self) -> None:
        """Returns when it answers; one that runs ends first, and what it had stored is there again."""
        self._process.start()
        self._process.wait_until(self._healthy, READY_S)

    def stop(self) -> None:
        """It is gone when this returns."""
        self._process.stop()

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/hub/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


async def asked(page: Page, path: str) -> dict[str, Any]:
    """What the API of JupyterHub answers to the person whose page of it this is."""
    answer: dict[str, Any] = await page.evaluate(ASK, f"/hub/api/{path}")
    return answer
