"""The command line `ostiary`, and the only package that sees both the operator and the server.

`up` runs both in one process over a directory of manifests and SQLite; `check`, `crds` and `migrate` are for
pipelines; `example-app` is a relying back end to click through.
"""
