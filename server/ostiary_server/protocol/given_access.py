"""What a person has given to applications, and taking it back."""

import unicodedata
from collections import defaultdict
from dataclasses import dataclass

from ostiary_server.protocol.claims import unopened
from ostiary_server.protocol.claims_request import ClaimsRequest
from ostiary_server.protocol.consent import stands
from ostiary_server.protocol.ports import Directory, Holdings
from ostiary_server.protocol.standing import last_token_ends
from ostiary_state.applications.application import Application
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.holdings import GrantsAlike
from ostiary_state.runtime.session import SignedIn
from ostiary_state.users.user import User


@dataclass(frozen=True, slots=True)
class AccessGiven:
    """What one application holds: what its person has allowed for good, and what it can use right now."""

    application: Application
    scopes: tuple[str, ...]  # in the manifest's order
    claims: tuple[str, ...]  # single ones, beside the scopes
    since: float
    last_used: float | None  # None: too long ago to be known, or never
    lasting: bool  # goes on after the sign-out


@dataclass(frozen=True, slots=True)
class GivenAccess:
    """Lists and withdraws; an application that is not served at this issuer any more holds nothing."""

    directory: Directory
    holdings: Holdings

    async def of(self, signed_in: SignedIn, now: float) -> tuple[AccessGiven, ...]:
        """By name. One statement."""
        session, user = signed_in.session, signed_in.user
        held = await self.holdings.of_user(session.issuer_id, user.id, user.incarnation, now)
        consents = {consent.client_id: consent for consent in held.consents}
        grants: dict[str, list[GrantsAlike]] = defaultdict(list)
        for alike in held.grants:
            grants[alike.client_id].append(alike)
        found = []
        for client_id in {*consents, *grants}:
            application = self.directory.application(session.issuer_id, client_id)
            if application is not None:
                found.append(_given(application, user, consents.get(client_id), grants[client_id]))
        return tuple(sorted((each for each in found if each is not None), key=_by_name))

    async def withdraw(self, signed_in: SignedIn, client_id: str, now: float) -> None:
        """Everything that the client holds of this person at this issuer ends; it has to ask again."""
        session, user = signed_in.session, signed_in.user
        until = last_token_ends(now)
        await self.holdings.withdraw(session.issuer_id, user.id, user.incarnation, client_id, until, now)


def _by_name(given: AccessGiven) -> tuple[str, str]:
    """Letters with marks stand beside those without."""
    application = given.application
    return unicodedata.normalize("NFKD", application.display_name).casefold(), application.client_id


def _given(
    application: Application, user: User, consent: Consent | None, grants: list[GrantsAlike]
) -> AccessGiven | None:
    """None where nothing of it is in force any more."""
    ended = max(application.not_before, user.not_before)
    own = [alike for alike in grants if alike.application_incarnation == application.incarnation]
    live = [alike for alike in own if alike.last_live is not None and alike.last_live > ended]
    if consent is not None and not stands(consent, user, application):
        consent = None
    if consent is None and not live:
        return None
    scopes = set(consent.scopes) if consent else set()
    claims = set(consent.claims) if consent else set()
    since = [consent.granted_at] if consent else []
    for alike in live:
        scopes.update(alike.scopes)
        claims.update(unopened(ClaimsRequest.of(alike.claims).names, alike.scopes))
        since.append(max(alike.first_live or 0.0, ended))
    declared = {scope: place for place, scope in enumerate(application.scopes)}
    return AccessGiven(
        application=application,
        scopes=tuple(sorted(scopes, key=lambda scope: (declared.get(scope, len(declared)), scope))),
        claims=tuple(sorted(unopened(claims, scopes))),
        since=min(since),
        last_used=max((alike.last_used for alike in own), default=None),
        lasting=any(alike.last_lasting is not None and alike.last_lasting > ended for alike in live),
    )
