"""What a replica knows by heart: every issuer and every application, compact, never a database access."""

import dataclasses
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ostiary_server.replica.registered import Registered
from ostiary_server.replica.templates import Templates
from ostiary_state.applications.application import Application
from ostiary_state.applications.registration import Registration
from ostiary_state.runtime.issuer import Issuer

_Value = TypeVar("_Value")

MOST_SHARED = 50_000  # values; after that the pool starts anew, so that years of changes do not fill it


class Directory:
    """The protocol's `Directory`. Changes are made in place, a whole load beside what is served and then swapped.

    All of it happens on the event loop without awaiting, so no request sees half of a change.
    """

    def __init__(self) -> None:
        self._content = _Content()

    def issuer_of_host(self, host: str) -> Issuer | None:
        return self._content.issuers_by_host.get(host)

    def application(self, issuer_id: str, client_id: str) -> Application | None:
        found = self._content.by_client.get(issuer_id, _NOTHING).get(client_id)
        if found is not None:
            return found
        if client_id.startswith("https://"):
            return self._content.templates.client(issuer_id, client_id)
        return self._content.registered.client(issuer_id, client_id, self._content.by_id)

    def registration(self, issuer_id: str, client_id: str) -> Registration | None:
        """The registration of a client that is served at this issuer; None for every other."""
        served = self._content.registered.client(issuer_id, client_id, self._content.by_id)
        return None if served is None else self._content.registered.registration(client_id)

    def applications_of(self, issuer_id: str) -> Sequence[Application]:
        listed = self._content.listed.get(issuer_id)
        if listed is None:
            listed = tuple(self._content.by_client.get(issuer_id, _NOTHING).values())
            self._content.listed[issuer_id] = listed
        return listed

    def application_of_id(self, application_id: str) -> Application | None:
        return self._content.by_id.get(application_id)

    def issuer(self, issuer_id: str) -> Issuer | None:
        """The issuer of an id; None: not served."""
        return self._content.issuers.get(issuer_id)

    def issuers(self) -> Sequence[Issuer]:
        """Every issuer that is served."""
        return tuple(self._content.issuers.values())

    def applications(self) -> Sequence[Application]:
        """Every application of every issuer."""
        return tuple(self._content.by_id.values())

    def __len__(self) -> int:
        return len(self._content.by_id)

    def become(self, other: "Directory") -> None:
        """Serve what another one holds, which was loaded beside this one: never empty in between."""
        self._content = other._content  # noqa: SLF001 - of the same class

    def replace_all(self, issuers: Iterable[Issuer], applications: Iterable[Application]) -> None:
        """Serve exactly these."""
        fresh = Directory()
        for issuer in issuers:
            fresh.put_issuer(issuer)
        for application in applications:
            fresh.put_application(application)
        self.become(fresh)

    def put_application(self, application: Application) -> None:
        """Serve this instead of what has its id."""
        self._content.put_application(application)

    def remove_application(self, application_id: str) -> None:
        """Serve it no more; unknown ids are ignored."""
        self._content.remove_application(application_id)

    def put_registration(self, registration: Registration) -> None:
        """Serve this registered client."""
        self._content.registered.put(registration)

    def remove_registration(self, client_id: str) -> None:
        """Serve it no more; unknown ids are ignored."""
        self._content.registered.remove(client_id)

    def put_issuer(self, issuer: Issuer) -> None:
        """Serve this issuer at its host, or no longer when it is retired."""
        self._content.put_issuer(issuer)

    def remove_issuer(self, issuer_id: str) -> None:
        """Answer its host with 421; unknown ids are ignored."""
        self._content.remove_issuer(issuer_id)


_NOTHING: Mapping[str, Application] = {}


class _Content:
    def __init__(self) -> None:
        self.issuers: dict[str, Issuer] = {}
        self.issuers_by_host: dict[str, Issuer] = {}
        self.by_id: dict[str, Application] = {}
        self.by_client: dict[str, dict[str, Application]] = {}
        self.listed: dict[str, tuple[Application, ...]] = {}
        self.templates = Templates()
        self.registered = Registered()
        self._shared: dict[Any, Any] = {}

    def put_application(self, application: Application) -> None:
        self.remove_application(application.id)
        application = self._compact(application)
        self.by_id[application.id] = application
        if application.openid.registered_by is not None:
            self.registered.declare(application)
            return
        self.by_client.setdefault(application.issuer_id, {})[application.client_id] = application
        self.templates.put(application)
        self.registered.template_changed(application)
        self.listed.pop(application.issuer_id, None)

    def remove_application(self, application_id: str) -> None:
        former = self.by_id.pop(application_id, None)
        if former is None:
            return
        if former.openid.registered_by is not None:
            self.registered.undeclare(former)
            return
        self.templates.remove(former)
        self.registered.template_changed(former)
        clients = self.by_client[former.issuer_id]
        # A client id that has passed to another object since stays with that one.
        if clients.get(former.client_id) is former:
            del clients[former.client_id]
        self.listed.pop(former.issuer_id, None)

    def put_issuer(self, issuer: Issuer) -> None:
        self.remove_issuer(issuer.id)
        if issuer.retired_at is None:
            self.issuers[issuer.id] = issuer
            self.issuers_by_host[issuer.host] = issuer

    def remove_issuer(self, issuer_id: str) -> None:
        former = self.issuers.pop(issuer_id, None)
        # A host that another namespace has claimed since stays with that one.
        if former is not None and self.issuers_by_host.get(former.host) is former:
            del self.issuers_by_host[former.host]

    def _compact(self, application: Application) -> Application:
        """Equal parts of different applications become one object: most differ in names and addresses only."""
        if len(self._shared) > MOST_SHARED:
            self._shared.clear()
        return dataclasses.replace(
            application,
            issuer_id=sys.intern(application.issuer_id),
            policy_url=self._share(application.policy_url),
            terms_url=self._share(application.terms_url),
            logo_url=self._share(application.logo_url),
            cors_origins=self._share(application.cors_origins),
            grant_modes=self._share(application.grant_modes),
            listed_response_types=self._share(application.listed_response_types),
            openid=self._share(application.openid),
            scopes=self._share(tuple(map(sys.intern, application.scopes))),
            audiences=self._share(application.audiences),
            allowed_groups=self._share(application.allowed_groups),
            lifetimes=self._share(application.lifetimes),
            signing_algorithm=sys.intern(application.signing_algorithm),
            id_token_algorithm=sys.intern(application.id_token_algorithm),
            token_endpoint_auth_method=sys.intern(application.token_endpoint_auth_method),
        )

    def _share(self, value: _Value) -> _Value:
        shared: _Value = self._shared.setdefault(value, value)
        return shared
