"""Values of runtime state: what the server makes while people sign in, and which never becomes a custom resource.

One module a noun: `issuer`, `signing_key`, `session`, `consent`, `grant` (with its code), `refresh_token`,
`revocation`. All are frozen; times are seconds since the epoch in UTC as float; secrets appear only as SHA-256
digests or sealed. Imports nothing but the standard library and `ostiary_state.users.user`.
"""
