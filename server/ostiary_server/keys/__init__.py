"""The signing keys of every issuer, and the keys from outside that seal them in the database.

`schedule` says when a key is made, published, used and forgotten; `sealing` how it rests in the database; `material`
reads the keys of the environment; `keeper` does what is due and fills the key ring of `protocol.signing`, which signs.
Never imports fastapi, starlette, `endpoints`, `pages`, `transport` or `replica`.
"""
