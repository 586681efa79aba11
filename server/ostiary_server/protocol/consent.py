"""When a person is asked, and what their answer is remembered for."""

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from ostiary_server.protocol.authorization_request import AuthorizationRequest
from ostiary_server.protocol.claims import scope_of
from ostiary_state.applications.application import Application
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.session import SignedIn
from ostiary_state.users.user import User


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a person decides on: a scope, or a claim that no scope of the request opens."""

    name: str
    claim: bool = False
    optional: bool = False  # the person signs in without it, too
    preset: bool = True  # how an optional one is offered: not what was refused before
    allowed_before: bool = False  # on the same terms


def question(request: AuthorizationRequest, signed_in: SignedIn) -> tuple[Asked, ...]:
    """All that `request` asks for, in its order, and what of it the person has answered before."""
    new, optional = unanswered(request, signed_in), request.application.openid.optional_scopes
    granted = granted_scopes(request, signed_in)
    scopes = (
        Asked(scope, optional=scope in optional, preset=scope in granted, allowed_before=scope not in new)
        for scope in request.scopes
    )
    claims = (Asked(claim, claim=True, allowed_before=claim not in new) for claim in sorted(request.extra_claims))
    return (*scopes, *claims)


def consent_needed(request: AuthorizationRequest, signed_in: SignedIn) -> bool:
    """True unless the manifest skips consent, or the person has allowed at least these scopes on these terms.

    Also where all that is asked for was refused before: a grant of nothing helps nobody, a second thought might.
    """
    if "consent" in request.prompts or claimable_by_others(request):
        return True
    if request.application.consent_required and not covers(signed_in, request):
        return True
    return grants_nothing(request, signed_in)


def claimable_by_others(request: AuthorizationRequest) -> bool:
    """RFC 8252 section 8.6: any program on the device can pose as a public client on loopback or a private-use scheme.

    So an answer given once, to whoever it was, cannot stand for the next.
    """
    if request.application.confidential:
        return False
    address = urlsplit(request.redirect_uri)
    host = address.hostname or ""
    loopback = host in {"127.0.0.1", "::1", "localhost"} or host.endswith(".localhost")
    return address.scheme not in {"https", "http"} or loopback


def covers(signed_in: SignedIn, request: AuthorizationRequest) -> bool:
    """True when a remembered consent is still in force and the person has answered for all that is asked."""
    consent = in_force(signed_in, request.application)
    if consent is None:
        return False
    answered = consent.scopes | (consent.declined & request.application.openid.optional_scopes)
    return answered.issuperset(request.scopes) and consent.claims.issuperset(request.extra_claims)


def granted_scopes(request: AuthorizationRequest, signed_in: SignedIn) -> tuple[str, ...]:
    """Those of the request, without the optional ones that the person has refused."""
    consent = in_force(signed_in, request.application)
    if consent is None:
        return request.scopes
    refused = (consent.declined - consent.scopes) & request.application.openid.optional_scopes
    return tuple(scope for scope in request.scopes if scope not in refused)


def grants_nothing(request: AuthorizationRequest, signed_in: SignedIn) -> bool:
    """True where scopes are asked for and the person has refused every one."""
    return bool(request.scopes) and not granted_scopes(request, signed_in)


def unanswered(request: AuthorizationRequest, signed_in: SignedIn) -> frozenset[str]:
    """The scopes and single claims of a request that the person has not allowed before: what is new about it.

    All of it where the answer of before may have been given to somebody else.
    """
    consent = None if claimable_by_others(request) else in_force(signed_in, request.application)
    if consent is None:
        return request.extra_claims.union(request.scopes)
    return (frozenset(request.scopes) - consent.scopes) | (request.extra_claims - consent.claims)


def allowed(
    request: AuthorizationRequest, signed_in: SignedIn, now: float, declined: frozenset[str] = frozenset()
) -> Consent:
    """What to remember when the person allows `request` but for `declined`, of which only optional scopes count.

    What was allowed before on the same terms is kept, unless it is declined now.
    """
    application, before = request.application, in_force(signed_in, request.application)
    refused = declined & application.openid.optional_scopes & frozenset(request.scopes)
    kept = before.scopes if before else frozenset()
    before_refused = before.declined if before else frozenset()
    # Who refuses a scope refuses what it opens, also where that was allowed by itself before.
    claims = frozenset(claim for claim in before.claims if scope_of(claim) not in refused) if before else frozenset()
    scopes = kept.union(request.scopes) - refused
    return Consent(
        issuer_id=request.issuer.id,
        user_id=signed_in.user.id,
        user_incarnation=signed_in.user.incarnation,
        client_id=application.client_id,
        application_id=application.id,
        application_incarnation=application.incarnation,
        scopes=scopes,
        terms=terms(application),
        granted_at=now,
        declined=(before_refused | refused) - scopes,
        claims=claims | request.extra_claims,
    )


def terms(application: Application) -> str:
    """A digest of whom the person trusted: the application's incarnation and type, and the hosts it is told at."""
    hosts = sorted({_recipient(url) for url in application.callback_urls})
    content = json.dumps([application.incarnation, application.confidential, hosts])
    return hashlib.sha256(content.encode()).hexdigest()


def _recipient(callback_url: str) -> str:
    address = urlsplit(callback_url)
    return address.hostname or f"{address.scheme}:"


def in_force(signed_in: SignedIn, application: Application) -> Consent | None:
    """The remembered consent, unless something has happened since that voids it."""
    consent = signed_in.consent
    if consent is None or not stands(consent, signed_in.user, application):
        return None
    return consent


def stands(consent: Consent, user: User, application: Application) -> bool:
    """True while the person and the application are who they were, and are trusted with the same."""
    return (
        consent.terms == terms(application)
        and consent.application_incarnation == application.incarnation
        and consent.user_incarnation == user.incarnation
        and consent.granted_at > max(application.not_before, user.not_before)
    )
