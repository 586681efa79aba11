"""A `ProtocolRequest` as authlib reads it."""

from typing import Any, Final

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from ostiary_server.protocol.errors import InvalidRequest
from ostiary_server.protocol.requests import ProtocolRequest

REPEATABLE: Final = frozenset({"resource", "audience"})  # RFC 8707 section 2, RFC 8693 section 2.1


class EngineRequest(OAuth2Request):
    """The form of one POST; the query never counts (RFC 6749 section 2.3.1, 3.2).

    Raises InvalidRequest when a parameter is sent more than once, which authlib checks at /authorize only. The URI is
    the issuer's in its https form: authlib refuses http on `x.localhost`, and whether TLS ended at a proxy is not for
    a request to say.
    """

    def __init__(self, request: ProtocolRequest) -> None:
        # Not super().__init__: it parses the URI and asks the environment whether http is allowed, in 5 microseconds,
        # of a URI that is https by construction. A test holds these to be all that authlib sets.
        self.method = request.method
        self.uri = f"https://{request.issuer.host}{request.path}"
        self.headers: dict[str, str] = {}
        self.client = self.user = self.auth_method = None
        self.authorization_code = self.refresh_token = self.credential = None
        self._body = self._scope = None
        parameters: dict[str, str] = {}
        for name, value in request.form:
            if not value:
                continue  # sent without a value: omitted (RFC 6749 section 3.2)
            if name in parameters and name not in REPEATABLE:
                raise InvalidRequest(f"The parameter '{name}' must not be sent more than once.")
            parameters[name] = value
        self.payload = BasicOAuth2Payload(parameters)
        self.issuer = request.issuer
        self.authorization = request.authorization
        self.now = request.now
        self.remote = request.remote
        self._parameters = parameters

    @property
    def form(self) -> dict[str, Any]:
        """The parameters that have a value."""
        return self._parameters
