"""/: who is signed in here, for people who come without an application."""
