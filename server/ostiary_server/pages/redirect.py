"""303 after a form: the browser follows with GET, never repeating a password (RFC 9700 section 4.12)."""

from starlette.responses import Response

HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}


def see_other(location: str, *cookies: str) -> Response:
    """A redirect that sets `cookies` (values of Set-Cookie)."""
    response = Response(status_code=303, headers=HEADERS | {"Location": location})
    for cookie in cookies:
        response.headers.append("Set-Cookie", cookie)
    return response
