"""Claims by which tokens are checked: no manifest may say them (RFC 7519, 9068, 8693, 7800, OpenID Connect Core)."""

REGISTERED_CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash",
    "s_hash", "sid", "client_id", "scope", "cnf", "act", "may_act", "events",
)  # fmt: skip
