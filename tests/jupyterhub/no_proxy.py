"""JupyterHub without its proxy, a Node program: the browser talks to the hub itself, and no server of a user runs."""

from __future__ import annotations

from typing import Any

from jupyterhub.proxy import Proxy
from traitlets import Bool


class NoProxy(Proxy):
    """Knows no route and is told of none that matters."""

    should_start = Bool(False)

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """The hub's own, at its start."""

    async def delete_route(self, routespec: str) -> None:
        """There is none."""

    async def get_all_routes(self) -> dict[str, Any]:
        """None."""
        return {}
