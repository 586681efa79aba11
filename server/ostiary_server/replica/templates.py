"""Templates for clients that describe themselves: which one admits a client id, and the client that comes of it."""

from dataclasses import replace
from urllib.parse import urlsplit

from ostiary_state.applications.addresses import CLIENT_ID_URL
from ostiary_state.applications.application import Application

LONGEST_CLIENT_ID = 1024  # characters
MOST_KEPT = 4096  # clients; they are cheap to make again


class Templates:
    """By issuer. A client is its template with another client id, and the redirect URIs are still to be learnt."""

    def __init__(self) -> None:
        self._by_issuer: dict[str, dict[str, Application]] = {}
        self._clients: dict[tuple[str, str], Application] = {}

    def put(self, application: Application) -> None:
        """Take it, if it is a template."""
        if application.openid.metadata_hosts:
            self._by_issuer.setdefault(application.issuer_id, {})[application.id] = application
            self._clients.clear()

    def remove(self, application: Application) -> None:
        """Forget it, and every client that came of it."""
        if application.openid.metadata_hosts:
            self._by_issuer.get(application.issuer_id, {}).pop(application.id, None)
            self._clients.clear()

    def client(self, issuer_id: str, client_id: str) -> Application | None:
        """None where no template of the issuer admits it, or where it is no such address."""
        kept = self._clients.get((issuer_id, client_id))
        if kept is not None:
            return kept
        templates = self._by_issuer.get(issuer_id)
        if not templates or len(client_id) > LONGEST_CLIENT_ID:
            return None
        if not all(check.passes(client_id) for check in CLIENT_ID_URL):
            return None
        host = urlsplit(client_id).netloc.lower()
        admitting = [(rank, each.id, each) for each in templates.values() if (rank := _rank(each, host)) is not None]
        if not admitting:
            return None
        client = replace(max(admitting, key=lambda found: found[:2])[2], client_id=client_id)
        if len(self._clients) >= MOST_KEPT:
            self._clients.clear()
        self._clients[issuer_id, client_id] = client
        return client


def _rank(template: Application, host: str) -> int | None:
    """How specifically a template admits a host: the host itself, then the longest suffix, then any."""
    ranks = [
        len(pattern) + (1000 if pattern == host else 0)
        for pattern in template.openid.metadata_hosts
        if pattern in (host, "*") or (pattern.startswith("*.") and host.endswith(pattern[1:]))
    ]
    return max(ranks, default=None)
