"""The types of fields of an `OAuthApplication` manifest: what each may be, with the words for what it may not."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from ostiary_state.applications.addresses import CALLBACK_PATH, ENDPOINT, HOST_PATTERN, ORIGIN, PAGE, REDIRECT_URI
from ostiary_state.kinds.checks import Check, Checks

ClientType = Literal["Confidential", "Public"]
GrantMode = Literal["authorization_code", "implicit", "password", "refresh_token", "client_credentials"]
ResponseType = Literal[
    "code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"
]
SigningAlgorithm = Literal["ES256", "RS256", "EdDSA"]
ClientAlgorithm = Literal["RS256", "PS256", "ES256", "EdDSA"]
Compatibility = Literal["authing"]
TokenEndpointAuthMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]

CLIENT_ID = Checks.of(
    Check(r"^[A-Za-z0-9._~-]+$", "use letters, digits and - . _ ~ only, which no client library has to escape"),
    Check(r"^u_", "do not begin with u_, by which the subjects of users begin", refuses=True),
)
SCOPE = Checks.of(
    Check(
        r"^[!#-\[\]-~]+$", 'write one scope an item, in printable ASCII without space, " and \\ (RFC 6749 section 3.3)'
    )
)
AUDIENCE = Checks.of(Check(r"^[!#-\[\]-~]+$", "write an address or a name in printable ASCII without spaces"))

Address = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Origin = Annotated[str, StringConstraints(min_length=1, max_length=512), Checks(ORIGIN)]
HostPattern = Annotated[str, StringConstraints(min_length=1, max_length=260), Checks(HOST_PATTERN)]
Page = Annotated[Address, Checks(PAGE)]
Endpoint = Annotated[Address, Checks(ENDPOINT)]
CallbackPath = Annotated[str, StringConstraints(min_length=1, max_length=1024), Checks(CALLBACK_PATH)]
RedirectURI = Annotated[Address, Checks(REDIRECT_URI)]
Scope = Annotated[str, StringConstraints(min_length=1, max_length=128), SCOPE]
Audience = Annotated[str, StringConstraints(min_length=1, max_length=512), AUDIENCE]
ClientID = Annotated[str, StringConstraints(min_length=1, max_length=128), CLIENT_ID]
