"""Where a browser goes next, as a response: 303, or a form that sends itself.

303 after a form: the browser follows with GET, never repeating a password (RFC 9700 section 4.12).
"""

from starlette.responses import Response

from ostiary_server.pages.rendering import page
from ostiary_server.protocol.responses import FormPost, Onward
from ostiary_state.runtime.issuer import Issuer

HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}


def see_other(location: str, *cookies: str) -> Response:
    """A redirect that sets `cookies` (values of Set-Cookie)."""
    response = Response(status_code=303, headers=HEADERS | {"Location": location})
    for cookie in cookies:
        response.headers.append("Set-Cookie", cookie)
    return response


def send(onward: Onward, issuer: Issuer) -> Response:
    """The browser on its way. A form needs no JavaScript: without it, a person presses its button."""
    if not isinstance(onward, FormPost):
        return see_other(onward.location)
    return page(
        "form_post.html",
        issuer,
        form_leaves=True,
        script=True,
        action=onward.action,
        fields=onward.fields,
    )
