"""Every text that a person reads, in English; the one file that a translation replaces."""

from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup, escape

TEXTS: Final = {
    # sign-in
    "sign_in.title": "Sign in to {application}",
    "sign_in.heading": "Sign in",
    "sign_in.onward": "to continue to <strong>{application}</strong>",
    "sign_in.alone": "to your account at <strong>{host}</strong>",
    "sign_in.username": "Username",
    "sign_in.password": "Password",
    "sign_in.submit": "Sign in",
    "sign_in.failed": "The username or password is not correct.",
    "sign_in.throttled": "Too many attempts. Wait {wait}, then try again.",
    "sign_in.busy": "Too many people are signing in right now. Try again in a few seconds.",
    "sign_in.unavailable": "Signing in does not work right now. Try again in a few seconds.",
    "sign_in.stale": "This page was open for too long, or your browser refuses cookies. Please try again.",
    "choose.heading": "Choose an account",
    "choose.go_on": "Continue as {name}",
    "choose.another": "Use another account",
    # consent
    "consent.title": "Allow {application}?",
    "consent.heading": "<strong>{application}</strong> asks for access to your account",
    "consent.account": "Signed in as <strong>{name}</strong>",
    "consent.other_account": "Use another account",
    "consent.scopes": "It will be able to:",
    "consent.described_at": "Nobody here has registered it. It describes itself at <strong>{host}</strong>.",
    "consent.again": "You allowed this before:",
    "consent.before": "Already allowed",
    "consent.optional": "What has a box is up to you. The rest is needed.",
    "consent.nothing": "It learns that you signed in, and nothing else about you.",
    "consent.destination": "Afterwards you return to <strong>{host}</strong>.",
    "consent.destination_device": "Afterwards you return to an app on this device.",
    "consent.allow": "Allow",
    "consent.deny": "Deny",
    "consent.policy": "Privacy policy",
    "consent.terms": "Terms of service",
    "consent.homepage": "Home page",
    "consent.links": "About {application}",
    "scope.openid": "Know that it is you, by an id that never changes",
    "scope.profile": "See your name, username and profile",
    "scope.email": "See your e-mail address",
    "scope.phone": "See your telephone number",
    "scope.address": "See your postal address",
    "scope.groups": "See the groups that you belong to",
    "scope.offline_access": "Keep this access after you sign out",
    "scope.other": "Use its permission <code>{scope}</code>",
    "scope.claim": "See your <code>{claim}</code>",
    "permissions.person": "About you",
    "permissions.own": "In {application}",
    "permissions.lasting": "Lasting access",
    # the account
    "account.title": "Applications with access",
    "account.text": "<strong>{name}</strong>, these applications know you at {host}.",
    "account.nothing": "<strong>{name}</strong>, no application has access to your account.",
    "account.withdrawn": "<strong>{application}</strong> no longer has access to your account.",
    "account.since": "Access since {date}",
    "account.last_used": "Last used {ago}",
    "account.never_used": "Not used lately",
    "account.lasting": "Keeps access after you sign out",
    "account.can": "It can:",
    "account.identity": "It knows that you sign in here, and nothing else about you.",
    "account.open": "Open",
    "account.open_application": "Open {application}",
    "account.withdraw": "Remove access",
    "account.withdraw_application": "Remove access of {application}",
    "account.explanation": "An application whose access you remove gets none until you sign in to it again. What it "
    "has stored about you is not deleted by this.",
    "account.back": "Your account",
    # the way back by a form
    "form_post.title": "Going back to the application",
    "form_post.submit": "Continue",
    # sign-out
    "sign_out.title": "Sign out?",
    "sign_out.text": "You are signed in as <strong>{name}</strong>. Signing out ends your session at {host}.",
    "sign_out.asked": "<strong>{application}</strong> asks whether you want to sign out here, too.",
    "sign_out.submit": "Sign out",
    "sign_out.stay": "Stay signed in",
    "leaving.title": "You are signed out",
    "leaving.text": "The applications that you opened are being told.",
    "leaving.onward": "Continue",
    "leaving.frame": "Signing out of an application",
    "check_session.title": "Session",
    "signed_out.title": "You are signed out",
    "signed_out.text": "Your session at {host} has ended. Applications that you opened may keep sessions of their own.",
    "signed_out.again": "Sign in again",
    # landing
    "landing.title": "Your account",
    "landing.text": "You are signed in as <strong>{name}</strong>.",
    "landing.applications": "Applications with access",
    "landing.sign_out": "Sign out",
    "landing.nobody_title": "Nobody is signed in",
    "landing.nobody_text": "Open the application that you want to use, and it brings you back here to sign in.",
    "landing.sign_in": "Sign in",
    # errors
    "error.title": "This did not work",
    "error.text": "The application sent you here in a way that cannot be answered. Go back to it and try again; "
    "if it happens again, show its developers what is written below.",
    "error.unavailable_title": "One moment, please",
    "error.unavailable_text": "The service cannot answer right now. Load this page again in a few seconds.",
    "error.details": "For developers",
    "wait.seconds": "{count} seconds",
    "wait.second": "1 second",
    "wait.minutes": "{count} minutes",
    "ago.now": "just now",
    "ago.minutes": "{count} minutes ago",
    "ago.hour": "an hour ago",
    "ago.hours": "{count} hours ago",
    "ago.day": "a day ago",
    "ago.days": "{count} days ago",
    "date": "{day} {month} {year}",
}
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def text(key: str, **values: str) -> Markup:
    """The text of `key`; `values` are escaped, the text itself is ours and may hold markup."""
    return Markup(TEXTS[key]).format(**values)  # noqa: S704 - only constants of this file are trusted


def scope_text(scope: str, description: str | None = None) -> Markup:
    """What granting `scope` means: in the manifest's words, in ours, or by its name."""
    if description:
        return escape(description)
    key = f"scope.{scope}"
    return text(key) if key in TEXTS and scope not in {"other", "claim"} else text("scope.other", scope=scope)


def wait_text(seconds: int) -> Markup:
    """A time to wait, rounded up to minutes where seconds would be too exact."""
    if seconds > 90:
        return text("wait.minutes", count=str(-(-seconds // 60)))
    return text("wait.second") if seconds == 1 else text("wait.seconds", count=str(seconds))


def ago_text(seconds: float) -> Markup:
    """How long ago, rounded down: the same wherever its reader is."""
    minutes = int(seconds // 60)
    if minutes < 2:
        return text("ago.now")
    if minutes < 60:
        return text("ago.minutes", count=str(minutes))
    hours = minutes // 60
    if hours < 24:
        return text("ago.hour") if hours == 1 else text("ago.hours", count=str(hours))
    return text("ago.day") if hours < 48 else text("ago.days", count=str(hours // 24))


def date_text(instant: float) -> Markup:
    """A day, in UTC."""
    day = datetime.fromtimestamp(instant, UTC)
    return text("date", day=str(day.day), month=MONTHS[day.month - 1], year=str(day.year))
