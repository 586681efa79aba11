"""Clients that authenticate by a token that their workload has anyway (RFC 7523 section 3, with another issuer).

Such a token is issued by the cluster, a pipeline or a cloud, about a workload: its `iss` and `sub` are theirs and never
the client_id, so that rule of private_key_jwt does not hold here. In its place the manifest says whose token counts,
and each of these is compared character by character: issuer, subject, and one audience.

It is presented again and again until it expires (the kubelet replaces a projected one at 80 % of its life), so its
`jti` cannot be good for one use. The replay rule is its life: at most a day, and for nobody beside this issuer.
"""

from collections.abc import Sequence
from typing import Final

from ostiary_server.protocol.assertion_times import Times
from ostiary_server.protocol.client_assertions import FAILED, TYPES, Claimed
from ostiary_server.protocol.client_keys import LEEWAY, KeysAway, NotSigned, SignedClaims
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidClient, TemporarilyUnavailable
from ostiary_server.protocol.ports import Directory, FetchFailed
from ostiary_server.protocol.trusted_issuers import TrustedIssuers
from ostiary_server.protocol.workload_index import WorkloadIndex
from ostiary_state.applications.application import Application
from ostiary_state.applications.workload_identities import CLUSTER, WorkloadIdentity

LONGEST_LIFE: Final = 86_400.0  # seconds; the kubelet asks for another after a day, however long one would live
RETRY_AFTER: Final = 10  # seconds: when an issuer that was away is asked again
_CHOOSES_A_KEY: Final = frozenset({"jku", "jwk", "x5c", "x5u"})  # by the token itself; nobody's do
_OF_CLUSTER: Final = "system:serviceaccount:"


class WorkloadAssertions:
    """Judges a token against the manifest. Until its signature is good, the answer is that to an unknown client."""

    def __init__(self, directory: Directory, issuers: TrustedIssuers) -> None:
        self._index = WorkloadIndex(directory)
        self._issuers = issuers

    async def application(self, request: EngineRequest, claimed: Claimed) -> Application | None:
        """The one application at this issuer that trusts such a token; nothing of it has been verified yet.

        Raises InvalidClient where several do.
        """
        cluster = await self._cluster_issuer(claimed)
        found = [
            (application, identity)
            for issuer in (CLUSTER, claimed.issuer)
            for application, identity in self._index.find(request.issuer.id, issuer, claimed.subject)
            if _is_of(identity, claimed, cluster)
        ]
        # Where none has this audience, the one that it is meant for says which it should have.
        fitting = [each for each in found if claimed.audience == _audience(each[1], request)] or found
        # A service account is its own namespace's: what another's manifest says of it, with whatever keys, is nothing.
        own = [each for each in fitting if each[1].issuer == CLUSTER] or fitting
        trusting = {application.id: application for application, _ in own}
        if len(trusting) > 1:
            await self.verify(request, next(iter(trusting.values())), claimed)  # a stranger is not told
            raise InvalidClient("Several applications trust this token: name one of them by client_id.")
        return next(iter(trusting.values()), None)

    async def verify(self, request: EngineRequest, application: Application, claimed: Claimed) -> None:
        """Raises InvalidClient unless this is a token of one of its workloads, for this issuer alone and for now.

        Raises TemporarilyUnavailable where the keys of the workload's issuer have never been read.
        """
        trusted = await self._trusted(application, claimed)
        trusted.sort(key=lambda each: claimed.audience != _audience(each, request))
        identity, signed = await self._signed(request.form["client_assertion"], trusted)
        if signed.header.get("typ") not in TYPES:
            raise InvalidClient("The client_assertion is a token of another type.")
        audience = _audience(identity, request)
        if signed.claims.get("aud") not in (audience, [audience]):
            raise InvalidClient(f"The aud of the client_assertion must be {audience} and nobody else.")
        times = Times.of(signed.claims, request.now)
        if times.issued_at is None:
            raise InvalidClient("The client_assertion needs an iat in seconds.")
        if times.expires_at - times.issued_at > LONGEST_LIFE + LEEWAY:
            raise InvalidClient(f"The client_assertion must live for at most {LONGEST_LIFE:.0f} seconds.")

    async def _trusted(self, application: Application, claimed: Claimed) -> list[WorkloadIdentity]:
        of_subject = [
            each for each in application.openid.workloads.of(application.id) if each.subject == claimed.subject
        ]
        if not of_subject:
            raise _refused("its sub is none that the manifest trusts")
        cluster = await self._cluster_issuer(claimed)
        trusted = [each for each in of_subject if _is_of(each, claimed, cluster)]
        if not trusted:
            raise _refused("its iss is none that the manifest trusts for its sub")
        return trusted

    async def _signed(self, token: str, trusted: Sequence[WorkloadIdentity]) -> tuple[WorkloadIdentity, SignedClaims]:
        reason = NotSigned("nobody is trusted")
        for identity in trusted:
            try:
                signed = await self._issuers.verified(token, identity)
            except NotSigned as failed:
                reason = failed
                continue
            if _CHOOSES_A_KEY & signed.header.keys():
                raise _refused("its header names a key")
            return identity, signed
        if isinstance(reason, KeysAway):
            raise _away(reason)
        raise _refused(str(reason)) from reason

    async def _cluster_issuer(self, claimed: Claimed) -> str | None:
        """None also where the subject is no service account: others do not wait for the cluster."""
        try:
            return await self._issuers.cluster_issuer() if claimed.subject.startswith(_OF_CLUSTER) else None
        except FetchFailed as failed:
            raise _away(failed) from failed


def _audience(identity: WorkloadIdentity, request: EngineRequest) -> str:
    """One, and alone in the token: whoever else could receive it could present it here (RFC 7523bis has it so, too)."""
    return identity.audience or request.issuer.origin


def _is_of(identity: WorkloadIdentity, claimed: Claimed, cluster: str | None) -> bool:
    """Where discovery is to say whose keys count, this cluster's tokens are a `serviceAccountRef`'s alone: by
    `federated`, a service account of any namespace could be named. Other clusters may well have the same issuer, but
    then the manifest has their keys."""
    if identity.issuer == CLUSTER:
        return claimed.issuer == cluster
    return identity.issuer == claimed.issuer and (identity.has_keys or claimed.issuer != cluster)


def _refused(why: str) -> InvalidClient:
    return InvalidClient(FAILED, detail=f"by a token of a workload: {why}")


def _away(why: Exception) -> TemporarilyUnavailable:
    said = "The keys of the issuer of the client_assertion cannot be read. Try again."
    return TemporarilyUnavailable(said, detail=str(why), retry_after=RETRY_AFTER)
