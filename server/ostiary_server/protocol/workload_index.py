"""Which applications trust a workload: for tokens that come without a client_id."""

from collections.abc import Mapping, Sequence

from ostiary_server.protocol.ports import Directory
from ostiary_state.applications.application import Application
from ostiary_state.applications.workload_identities import WorkloadIdentity

MOST_ISSUERS = 1000  # remembered at once

Trusting = tuple[Application, WorkloadIdentity]


class WorkloadIndex:
    """By issuer and subject of the token, made once for each set of applications of an OAuth issuer."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._made: dict[str, tuple[Sequence[Application], Mapping[tuple[str, str], Sequence[Trusting]]]] = {}

    def find(self, issuer_id: str, issuer: str, subject: str) -> Sequence[Trusting]:
        """Those at the OAuth issuer `issuer_id` that trust tokens with this `iss` and `sub`."""
        applications = self._directory.applications_of(issuer_id)  # the same object until something changes
        made = self._made.get(issuer_id)
        if made is None or made[0] is not applications:
            if len(self._made) >= MOST_ISSUERS:
                self._made.clear()
            made = self._made[issuer_id] = (applications, _index(applications))
        return made[1].get((issuer, subject), ())


def _index(applications: Sequence[Application]) -> Mapping[tuple[str, str], Sequence[Trusting]]:
    index: dict[tuple[str, str], list[Trusting]] = {}
    for application in applications:
        for identity in application.openid.workloads.of(application.id):
            index.setdefault((identity.issuer, identity.subject), []).append((application, identity))
    return index
