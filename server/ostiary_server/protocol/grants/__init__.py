"""The grants of the token endpoint, one file each: load, let authlib decide, claim by one atomic statement.

Each is a `Grant` of `token_endpoint`: it gets a request whose client has authenticated and may use this grant, and
gives a TokenResponse whose rows are stored, or raises an OAuthError having changed nothing, unless the error is the
reuse of something that was used up. Grants do not import each other; what they share is in `engine`,
`token_response`, `standing` and `scopes`. The implicit grant belongs to the authorization endpoint.
"""
