"""JupyterHub signs its users in at Ostiary: oauthenticator 17, configured by its mounted Secret alone."""

# ruff: noqa: F821 - c is JupyterHub's
import os
from pathlib import Path

SECRET = Path(os.environ.get("OAUTH_SECRET", "/etc/oauth"))
CALLBACK = os.environ.get("OAUTH_CALLBACK_URL", "https://hub.example.com/hub/oauth_callback")

c.JupyterHub.authenticator_class = "generic-oauth"
ostiary = c.GenericOAuthenticator

ostiary.client_id = (SECRET / "client-id").read_text()
ostiary.client_secret = (SECRET / "client-secret").read_text()
ostiary.authorize_url = (SECRET / "authorization-endpoint").read_text()
ostiary.token_url = (SECRET / "token-endpoint").read_text()
ostiary.userdata_url = (SECRET / "userinfo-endpoint").read_text()
ostiary.oauth_callback_url = CALLBACK  # exactly as in callbackURLs
ostiary.basic_auth = True  # client_secret_basic, as in the manifest; PKCE is on by default

ostiary.scope = ["openid", "profile", "email", "groups"]
ostiary.username_claim = "preferred_username"
ostiary.manage_groups = True  # JupyterHub's groups are those of Ostiary
ostiary.auth_state_groups_key = "oauth_user.groups"
ostiary.allowed_groups = {"data-science"}
ostiary.admin_groups = {"hub-admins"}

# Keeps the tokens, encrypted with JUPYTERHUB_CRYPT_KEY, to ask again every five minutes who the person is.
ostiary.enable_auth_state = True

ostiary.login_service = "Ostiary"
ostiary.auto_login = True  # there is nothing else to choose
ostiary.logout_redirect_url = (SECRET / "issuer").read_text() + "/sign-out"  # or the next visit signs in again
