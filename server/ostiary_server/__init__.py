"""The OAuth 2.0 / OpenID Connect server: FastAPI on authlib, one process a replica.

`endpoints` and `pages` speak HTTP, inside what `transport` puts around every answer. `protocol` decides, and says in
its ports what it needs of the store. `replica` keeps in memory what manifests declare and follows its changes; `keys`
are what it signs with. `app` wires a request's way, `assembly` all parts over one database, and `server` runs them in
this process with `settings`, `metrics` and `log_lines`. Never imports kopf, kubernetes or the operator.
"""
