"""The chart on a real cluster, with pods that run: `just e2e`, or `uv run pytest tests/e2e`.

kind where Docker is, else a node of namespaces (root, Debian). `images` builds what runs, `installation` a release of
the chart, `conftest` has the fixtures. What the outside world would bring (TLS, names, a database, users, load) comes
from pods that `peers` describes. Not part of the plain `pytest`: it takes minutes, and the machine.
"""
