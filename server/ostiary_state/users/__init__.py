"""The kind OAuthUser: a person who signs in, declared in a manifest, with a password read from a Secret.

The same files as `ostiary_state.applications`: `spec`, `rules`, `user` (the value that the server reads).
Usernames are unique across the installation. Never imports a database, a web framework or a Kubernetes client.
"""
