"""When a person is asked, and what their answer is remembered for."""

import hashlib
import json
from urllib.parse import urlsplit

from ostiary_server.protocol.authorization_request import AuthorizationRequest
from ostiary_state.applications.application import Application
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.session import SignedIn


def consent_needed(request: AuthorizationRequest, signed_in: SignedIn) -> bool:
    """True unless the manifest skips consent, or the person has allowed at least these scopes on these terms."""
    if "consent" in request.prompts or claimable_by_others(request):
        return True
    return request.application.consent_required and not covers(signed_in, request.application, request.scopes)


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


def covers(signed_in: SignedIn, application: Application, scopes: tuple[str, ...]) -> bool:
    """True when a remembered consent is still in force and holds all of `scopes`."""
    consent = signed_in.consent
    return consent is not None and _in_force(consent, signed_in, application) and consent.scopes.issuperset(scopes)


def allowed(request: AuthorizationRequest, signed_in: SignedIn, now: float) -> Consent:
    """What to remember when the person allows `request`: its scopes, and those allowed before on the same terms."""
    application, before = request.application, signed_in.consent
    kept = before.scopes if before and _in_force(before, signed_in, application) else frozenset()
    return Consent(
        issuer_id=request.issuer.id,
        user_id=signed_in.user.id,
        user_incarnation=signed_in.user.incarnation,
        client_id=application.client_id,
        application_id=application.id,
        application_incarnation=application.incarnation,
        scopes=kept.union(request.scopes),
        terms=terms(application),
        granted_at=now,
    )


def terms(application: Application) -> str:
    """A digest of whom the person trusted: the application's incarnation and type, and the hosts it is told at."""
    hosts = sorted({_recipient(url) for url in application.callback_urls})
    content = json.dumps([application.incarnation, application.confidential, hosts])
    return hashlib.sha256(content.encode()).hexdigest()


def _recipient(callback_url: str) -> str:
    address = urlsplit(callback_url)
    return address.hostname or f"{address.scheme}:"


def _in_force(consent: Consent, signed_in: SignedIn, application: Application) -> bool:
    return (
        consent.terms == terms(application)
        and consent.application_incarnation == application.incarnation
        and consent.user_incarnation == signed_in.user.incarnation
        and consent.granted_at > max(application.not_before, signed_in.user.not_before)
    )
