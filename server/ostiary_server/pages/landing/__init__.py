"""/: who is signed in here, for people who come without an application.

Links to /sign-in, /account/applications and /sign-out; knows nothing of applications itself.
"""
