"""The page of every `PageError`, at whatever path it happened: where no application can be told.

Installed as the exception handler, so that endpoints, which never import pages, can raise it.
"""
