"""Initiating login from a third party (OpenID Connect Core section 4), of which this server is one."""

from urllib.parse import unquote_plus, urlencode

from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer


def login_address(application: Application, issuer: Issuer) -> str | None:
    """Where the application begins to sign a person in at `issuer`; None where it has no such address, or is disabled.

    The address keeps its own query, but for an `iss` of its own: the application must not read two.
    """
    address = application.openid.initiate_login_url
    if address is None or not application.enabled:
        return None
    before, mark, fragment = address.partition("#")
    page, _, query = before.partition("?")
    own = [piece for piece in query.split("&") if piece and unquote_plus(piece.partition("=")[0]) != "iss"]
    return f"{page}?{'&'.join([*own, urlencode({'iss': issuer.origin})])}{mark}{fragment}"
