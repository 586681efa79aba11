"""The headers of every page: no foreign content, no frames, no cache, no trace in a Referer."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from ostiary_state.runtime.issuer import Issuer

_AUTHORITY: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_HTTPS: Final = re.compile(r"https://[\x21-\x7e]+", re.IGNORECASE)
_LOOPBACK: Final = re.compile(
    r"http://(127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)*localhost)(:[0-9]{1,5})?([/?#][\x21-\x7e]*)?", re.IGNORECASE
)

FIXED: Final = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Frame-Options": "DENY",  # for browsers older than frame-ancestors
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex",
}


def page_headers(
    issuer: Issuer,
    *,
    logos: Iterable[str] = (),
    form_leaves: bool = False,
    script: bool = False,
    frames: tuple[str, ...] = (),
) -> dict[str, str]:
    """Headers for a page; `logos` are of other origins.

    `form_leaves` is for sign-in, consent and the form that is the response, alone.

    `form-action` also judges the redirects that follow a form, so it would block the way back to the application, and
    on from there to another of its hosts: pages whose form ends there leave it out. They also keep the window that
    opened them, since applications that sign people in with a popup wait for its answer through `window.opener`.
    """
    images = " ".join(["'self'", *sorted(set(map(_origin, logos)))])
    policy = [
        "default-src 'none'",
        "style-src 'self'",
        f"img-src {images}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    if script:
        policy.insert(1, "script-src 'self'")  # files of ours; nothing in a page is ever run
    if frames:
        policy.append(f"frame-src {' '.join(frames)}")
    if not form_leaves:
        policy.append("form-action 'self'")
    headers = FIXED | {"Content-Security-Policy": "; ".join(policy)}
    if not form_leaves:
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if issuer.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def https_only(url: str | None) -> str | None:
    """An address that may stand in a link or an image: https or nothing, so never `javascript:`."""
    if url is None or not _HTTPS.fullmatch(url) or not _AUTHORITY.fullmatch(urlsplit(url).netloc):
        return None
    return url


def page_address(url: str | None) -> str | None:
    """An address that may stand in a link to an application's own page: also plain http on this very device."""
    return url if url is not None and _LOOPBACK.fullmatch(url) else https_only(url)


def _origin(url: str) -> str:
    return f"https://{urlsplit(url).netloc}"
