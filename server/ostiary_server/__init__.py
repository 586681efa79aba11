"""The OAuth 2.0 / OpenID Connect server: FastAPI on authlib, one process a replica.

`app` wires; `endpoints` and `pages` speak HTTP; `protocol` decides and says in its ports what it needs of the
store. `replica` keeps in memory what manifests declare (`directory`, `revocation_set`, signing keys) and follows
its changes; `serving` runs both in this process. Never imports kopf, kubernetes or the operator.
"""
