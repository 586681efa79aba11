"""The operator: OAuthApplication and OAuthUser objects become rows that the server reads.

`handlers` turns kopf's events into values; `reconcile` decides, knowing neither kopf nor Kubernetes;
`credentials` and `status` write Secrets and status; `lifecycle` holds the Lease and the probes. Never imports
the server, and never touches codes, tokens, sessions or private keys in the store.
"""
