"""Manifests in files: YAML or JSON, read as strictly as an API server validates, with every value's line kept.

`document` turns text into plain values that know their lines; `envelope` says which kinds there are and what their
outer fields may be; `secret` reads a Secret; `directory` walks the files. A mistake is a `Problem`, which prints
as `file:line: field: message`. Knows nothing of stores, servers or terminals.
"""
