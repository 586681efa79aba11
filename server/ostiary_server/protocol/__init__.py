"""OAuth 2.0 and OpenID Connect, without HTTP framework, database or templates.

A frozen request value comes in, a decision or an `errors.OAuthError` goes out; what it needs of the store it
says in `ports`. authlib's grants, client authentication, revocation and introspection are the engine of the
token side; the authorization endpoint is ours, whole. Never imports fastapi, starlette, sqlalchemy, jinja2 or
`ostiary_state.store`.
"""
