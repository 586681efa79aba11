"""Forms that only the browser they were shown to can send."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from ostiary_server.protocol.cookies import BROWSER, read_cookie, set_cookie
from ostiary_server.protocol.form_tokens import FormTokens
from ostiary_server.protocol.requests import ProtocolRequest

TOKEN_FIELD = "form_token"


@dataclass(frozen=True, slots=True)
class Forms:
    """Makes and checks the hidden token of each form; `bound` names the form and what it was shown for."""

    tokens: FormTokens
    random_token: Callable[[], str]

    def browser(self, request: ProtocolRequest) -> str:
        """The browser's random value, or a new one for `remember` to set."""
        return read_cookie(request.issuer, BROWSER, request.cookies) or self.random_token()

    def token(self, browser: str, request: ProtocolRequest, *bound: str) -> str:
        """The hidden field's value."""
        return self.tokens.token(browser, request.issuer.id, *bound)

    def genuine(self, request: ProtocolRequest, *bound: str) -> bool:
        """True when this browser sends a form that it was shown."""
        browser = read_cookie(request.issuer, BROWSER, request.cookies)
        return self.tokens.valid(request.form.first(TOKEN_FIELD), browser, request.issuer.id, *bound)

    def remember(self, response: Response, request: ProtocolRequest, browser: str) -> None:
        """Set the browser's cookie where it has none yet."""
        if read_cookie(request.issuer, BROWSER, request.cookies) != browser:
            response.headers.append("Set-Cookie", set_cookie(request.issuer, BROWSER, browser))
