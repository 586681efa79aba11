"""Clients that registered themselves, as a replica serves them: each from its template, as that is now, and from its
own OAuthApplication where it has one."""

from collections.abc import Mapping

from ostiary_state.applications.application import Application
from ostiary_state.applications.registered import registered_application
from ostiary_state.applications.registration import Registration


class Registered:
    """Registrations by client id, and the applications that come of them, made when they are first asked for."""

    def __init__(self) -> None:
        self._registrations: dict[str, Registration] = {}
        self._declared: dict[str, Application] = {}  # their objects
        self._applications: dict[str, Application] = {}

    def put(self, registration: Registration) -> None:
        """Serve this instead of what has its client id."""
        self._registrations[registration.client_id] = registration
        self._applications.pop(registration.client_id, None)

    def remove(self, client_id: str) -> None:
        """Serve it no more."""
        self._registrations.pop(client_id, None)
        self._applications.pop(client_id, None)

    def declare(self, application: Application) -> None:
        """Its OAuthApplication is stored so."""
        self._declared[application.client_id] = application
        self._applications.pop(application.client_id, None)

    def undeclare(self, application: Application) -> None:
        """Its OAuthApplication is gone; another one's stays."""
        if self._declared.get(application.client_id) is application:
            del self._declared[application.client_id]
            self._applications.pop(application.client_id, None)

    def template_changed(self, application: Application) -> None:
        """Whatever came of it is made again; an application that is no template has no clients."""
        if application.openid.registration is not None:
            self._applications.clear()

    def registration(self, client_id: str) -> Registration | None:
        """As it was registered."""
        return self._registrations.get(client_id)

    def client(self, issuer_id: str, client_id: str, templates: Mapping[str, Application]) -> Application | None:
        """None where it is another issuer's, or where its template is gone or no template any more."""
        known = self._applications.get(client_id)
        if known is not None:
            return known if known.issuer_id == issuer_id else None
        registration = self._registrations.get(client_id)
        if registration is None or registration.issuer_id != issuer_id:
            return None
        template = templates.get(registration.application_id)
        if template is None or template.openid.registration is None or template.issuer_id != issuer_id:
            return None
        if template.incarnation != registration.application_incarnation:
            return None
        declared = self._declared.get(client_id)
        if declared is not None and template_id_of(declared) != template.id:
            declared = None
        application = registered_application(template, registration, declared)
        self._applications[client_id] = application
        return application


def template_id_of(application: Application) -> str:
    """The object by which a registered client's OAuthApplication says that it registered itself."""
    return f"{application.id.partition('/')[0]}/{application.openid.registered_by}"
