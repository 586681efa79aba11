"""The kind OAuthApplication: what a manifest may say, which rules it must keep, and what is served from it.

`spec` is the manifest's text as a frozen value and the source of `kubectl explain`; `addresses` and `rules` refuse what
the types cannot; `identity` names what the manifest leaves unnamed; `application` is the compact value that a server
replica holds; `redirect_uris` decides whether a redirect URI is registered, `origins` how an address is written; `crd`
writes the CustomResourceDefinitions. Never imports a database, a web framework or a Kubernetes client.
"""
