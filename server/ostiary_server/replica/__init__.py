"""What keeps a replica's memory true: loaded once, followed a revision at a time, and never emptied.

Owns the `directory` of issuers and applications and the `revocation_set`, both asked without a database access; what
keeps them equal to the store (`following`, `revocations`, woken by `listening`, paced by `backoff`); the `heartbeat`
that tells the operator what is served, the `sweeping`, and the `readiness` that a probe reads. `replica` runs them all.
Never imports fastapi, starlette, `endpoints`, `pages`, `transport` or `protocol`.
"""
