"""The kind OAuthApplication: what a manifest may say, which rules it must keep, and what is served from it.

`spec` is the manifest's text as a frozen value and the source of `kubectl explain`; `rules` refuses what the
schema cannot; `application` is the compact value that a server replica holds; `redirect_uris` decides whether
a redirect URI is registered; `crd` writes the CustomResourceDefinition. Never imports a database, a web
framework or a Kubernetes client.
"""
