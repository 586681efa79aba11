"""Orders: a back end that signs its users in, configured by its mounted Secret alone."""

import os
from pathlib import Path

from authlib.integrations.starlette_client import OAuth, OAuthError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

SECRET = Path(os.environ.get("OAUTH_SECRET", "/etc/oauth"))
CALLBACK = os.environ["CALLBACK_URL"]  # exactly as in callbackURLs
ISSUER = (SECRET / "issuer").read_text()

ostiary = OAuth().register(
    "ostiary",
    client_id=(SECRET / "client-id").read_text(),
    client_secret=(SECRET / "client-secret").read_text(),
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)


async def home(request: Request) -> Response:
    """Who is signed in."""
    return JSONResponse(request.session.get("person")) if "person" in request.session else RedirectResponse("/sign-in")


async def sign_in(request: Request) -> Response:
    """Off to Ostiary; state, nonce and PKCE verifier wait in the session."""
    return await ostiary.authorize_redirect(request, CALLBACK)


async def callback(request: Request) -> Response:
    """Back with a code. authlib compares state, sends the verifier, and verifies the ID token with its nonce."""
    if request.query_params.get("iss") != ISSUER:  # RFC 9207: the answer is from whom we asked
        return PlainTextResponse("This answer is another issuer's.", 400)
    try:
        token = await ostiary.authorize_access_token(request)
    except OAuthError as error:  # access_denied, for one: the person said no
        return PlainTextResponse(f"Not signed in: {error.error}.", 403)
    request.session.clear()
    # The cookie is signed, not encrypted: a token that you want to keep belongs into a store of yours.
    request.session["person"] = {name: token["userinfo"].get(name) for name in ("sub", "name", "email")}
    return RedirectResponse("/", 303)


app = Starlette(
    routes=[Route("/", home), Route("/sign-in", sign_in), Route("/callback", callback)],
    middleware=[
        Middleware(
            SessionMiddleware,
            secret_key=os.environ["SESSION_KEY"],
            https_only=CALLBACK.startswith("https://"),
            same_site="lax",  # strict would not be sent on the way back from Ostiary
        )
    ],
)
