"""Whether a manifest that admission let through is followed: what it says, and whether its names are free."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredApplication, DeclaredUser
from ostiary_operator.reconcile.manifest import application_spec, user_spec
from ostiary_operator.reconcile.refusal import Refusal
from ostiary_operator.reconcile.registered import RegisteredClient
from ostiary_state.applications.identity import client_id_of
from ostiary_state.applications.spec import AdoptSpec, OAuthApplicationSpec
from ostiary_state.intent import IntentStore, StoredApplication, StoredUser
from ostiary_state.users.spec import OAuthUserSpec


@dataclass(frozen=True, slots=True)
class Accepted:
    """An application's spec with everything resolved that does not stand in it."""

    spec: OAuthApplicationSpec
    client_id: str
    origin: str
    claimant: str  # the namespace that claims the origin; "": the default issuer, open to all
    adopted: StoredApplication | None = None  # the one whose client id it takes over
    withheld: str = ""  # in words, what a client that registered itself asks for and its template does not permit


@dataclass(frozen=True, slots=True)
class ApplicationAcceptance:
    """Every check of an application, cheapest first: the manifest itself, then what other objects hold."""

    store: IntentStore
    default_issuer: str | None
    client_id_prefixes: frozenset[str]
    served_at: Callable[[str], str]
    trusts_cluster: bool = False

    async def accept(
        self,
        declared: DeclaredApplication,
        held: StoredApplication | None,
        registered: RegisteredClient | None = None,
    ) -> Accepted:
        """`registered`: what is known of it where it is a client that registered itself. Raises Refusal."""
        verified_sector = registered.verified_sector if registered is not None else None
        spec = application_spec(declared, held, self.client_id_prefixes, verified_sector)
        self._workloads_are_trusted(spec)
        origin = self._origin(spec) if registered is None else registered.template.origin
        client_id = client_id_of(spec, namespace=declared.namespace, name=declared.name)
        # the client id first: it can never be changed, an address can
        adopted = None
        if held is None or held.client_id != client_id:
            adopted = await self._adopted(declared, client_id, spec.adopt)
        accepted = Accepted(
            spec=spec,
            client_id=client_id,
            adopted=adopted,
            origin=origin,
            claimant="" if origin == self.default_issuer else declared.namespace,
            withheld=registered.withheld(spec) if registered is not None else "",
        )
        if accepted.claimant and (held is None or held.origin != accepted.origin):
            await self._address_is_free(declared, accepted.origin)
        return accepted

    def _origin(self, spec: OAuthApplicationSpec) -> str:
        if spec.authentication_address is not None:
            return self.served_at(spec.authentication_address)
        if self.default_issuer is None:
            raise Refusal(
                Reason.NO_ADDRESS,
                "this installation has no default issuer: set spec.authenticationAddress, or OSTIARY_DEFAULT_ISSUER",
            )
        return self.default_issuer

    def _workloads_are_trusted(self, spec: OAuthApplicationSpec) -> None:
        """What could never authenticate is said here, and not first by the token endpoint."""
        said = spec.client_authentication
        if said is not None and said.service_account_ref is not None and not self.trusts_cluster:
            raise Refusal(
                Reason.NO_CLUSTER_ISSUER,
                "this installation does not trust the tokens of its cluster's service accounts: remove"
                " spec.clientAuthentication.serviceAccountRef, or have server.clusterIssuer.enabled of the chart set",
            )

    async def _adopted(
        self, declared: DeclaredApplication, client_id: str, adopt: AdoptSpec | None
    ) -> StoredApplication | None:
        """What another object holds is its own, however alike they look: to take it would be a takeover. What one has
        left behind may be taken over by who names it. None where the client id is free."""
        holder = await self.store.application_of_client(client_id)
        if holder is None or holder.id == declared.id:
            return None
        if holder.owned:
            raise Refusal.conflict("client_id", client_id, f"OAuthApplication {holder.id}")
        if adopt is None:
            text = f"client id {client_id!r} was left behind by OAuthApplication {holder.id}: spec.adopt takes it over"
            raise Refusal(Reason.CONFLICT, text, contested=True)
        if not hmac.compare_digest(adopt.uid.encode(), holder.incarnation.encode()):
            text = f"spec.adopt.uid is not the uid of the object that left client id {client_id!r} behind"
            raise Refusal(Reason.ADOPTION_NOT_PROVEN, text)
        return holder

    async def _address_is_free(self, declared: DeclaredApplication, origin: str) -> None:
        """An address belongs to the namespace that claimed it first; one that was left is the store's to judge."""
        issuer = await self.store.issuer_of_origin(origin)
        if issuer is None or issuer.vacated_at is not None or issuer.retired_at is not None:
            return
        if issuer.namespace not in (None, "", declared.namespace):
            raise Refusal.conflict("origin", origin, f"namespace {issuer.namespace}")


@dataclass(frozen=True, slots=True)
class UserAcceptance:
    """Every check of a user: may this namespace declare users at all, the manifest itself, then its username."""

    store: IntentStore
    namespaces: frozenset[str] | None

    async def accept(self, declared: DeclaredUser, held: StoredUser | None) -> OAuthUserSpec:
        """Raises Refusal."""
        if self.namespaces is not None and declared.namespace not in self.namespaces:
            raise Refusal(
                Reason.NAMESPACE_NOT_ALLOWED,
                f"namespace {declared.namespace} may not declare users: "
                f"OSTIARY_USER_NAMESPACES allows {', '.join(sorted(self.namespaces)) or 'none'}",
            )
        spec = user_spec(declared)
        if held is None or held.username != spec.username:
            holder = await self.store.user_of_username(spec.username)
            if holder is not None and holder.id != declared.id:
                raise Refusal.conflict("username", spec.username, f"OAuthUser {holder.id}")
        return spec
