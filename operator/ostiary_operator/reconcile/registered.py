"""A client that registered itself, and its OAuthApplication.

The object is what counts, for Git and kubectl and for what is served, except that an update of the client's own is
brought into it first, once: whoever changes the object afterwards has the last word.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.refusal import Refusal
from ostiary_state.applications.registered import object_name_of, registered_spec
from ostiary_state.applications.registration import Registration
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.intent import Held, IntentStore, StoredApplication


class RegisteredObjects(Protocol):
    """Where the OAuthApplications of registered clients are written."""

    async def apply(
        self, namespace: str, name: str, spec: dict[str, Any], template: StoredApplication, uid: str | None
    ) -> DeclaredApplication:
        """Make the object say this, beside what others made it say; None for a uid where it is to be made.

        As it is afterwards. Raises ClusterUnavailable and ApiRefused.
        """


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """What the store knows of one."""

    registration: Registration
    template: StoredApplication

    @property
    def held(self) -> Held:
        """With the write of its object, this version is not pending any more."""
        return Held(self.registration.client_id, self.registration.version)

    @property
    def verified_sector(self) -> str | None:
        """A sector identifier whose document the server has read, when the client registered."""
        address = self.registration.metadata.get("sector_identifier_uri")
        return str(address) if address is not None else None

    def withheld(self, spec: OAuthApplicationSpec) -> str:
        """What the template does not permit, whatever the object says."""
        permitted = OAuthApplicationSpec.model_validate(self.template.spec, extra="ignore")
        beyond = [
            *(f"grant mode {mode}" for mode in spec.grant_modes if mode not in permitted.grant_modes),
            *(f"scope {scope}" for scope in spec.scopes if scope not in permitted.scopes),
        ]
        if not beyond:
            return ""
        return f"OAuthApplication {self.template.id} does not permit, and nobody is granted: {', '.join(beyond)}"


@dataclass(frozen=True, slots=True)
class RegisteredClients:
    """Settles objects with `registeredBy`."""

    store: IntentStore
    objects: RegisteredObjects | None  # None: without a cluster

    async def find(self, declared: DeclaredApplication) -> RegisteredClient | None:
        """None for every other application. Raises Refusal where no such client registered itself."""
        if "registeredBy" not in declared.spec:
            return None
        if self.objects is None:
            raise Refusal(
                Reason.NOT_REGISTERED,
                "without a cluster, clients that registered themselves are in the database and not in files: "
                "remove this one",
            )
        client_id = str(declared.spec.get("clientID", ""))
        template_id = f"{declared.namespace}/{declared.spec['registeredBy']}"
        registration = await self.store.registration(client_id)
        template = await self.store.application(template_id)
        if registration is None or registration.application_id != template_id:
            raise Refusal(Reason.NOT_REGISTERED, f"no client registered itself as {client_id!r} by {template_id}")
        if template is None or template.incarnation != registration.application_incarnation:
            raise Refusal(Reason.NOT_REGISTERED, f"OAuthApplication {template_id} by which it registered is gone")
        if template.issuer_id != registration.issuer_id:
            raise Refusal(
                Reason.NOT_REGISTERED, f"OAuthApplication {template_id} has moved: it registered at another address"
            )
        if object_name_of(template_id.partition("/")[2], client_id) != declared.name:
            name = object_name_of(template_id.partition("/")[2], client_id)
            raise Refusal(Reason.NOT_REGISTERED, f"the object of client {client_id} is {name}: delete this one")
        return RegisteredClient(registration, template)

    async def bring(self, client: RegisteredClient, declared: DeclaredApplication) -> DeclaredApplication:
        """The object with the client's own update in it. Raises ClusterUnavailable and ApiRefused."""
        if not client.registration.pending:
            return declared
        assert self.objects is not None  # noqa: S101 - `find` refuses
        spec = registered_spec(client.registration)
        return await self.objects.apply(declared.namespace, declared.name, spec, client.template, declared.uid)
