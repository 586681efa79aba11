"""The OAuth 2.0 / OpenID Connect server: FastAPI on authlib, one process a replica.

`app` wires; `endpoints` and `pages` speak HTTP; `protocol` decides; `directory` and `following` keep in memory
what manifests declare; `store_ports` gives the protocol the store. Never imports kopf, kubernetes or the operator.
"""
