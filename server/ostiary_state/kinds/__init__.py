"""What every kind is made of, so that `applications` and `users` hold only what is their own.

`manifest` is how a kind is written and read, `durations` and `checks` are what its fields may hold, `violation` is a
mistake in one; `structural`, `custom_resource` and `status` turn a spec into what the API server reads. Never imports
a kind, a database, a web framework or a Kubernetes client.
"""
