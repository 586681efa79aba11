"""Fixtures that more than one folder of tests uses; each is defined beside what it starts."""

pytest_plugins = ["tests.chromium", "tests.cluster.fixtures", "tests.node_clients", "tests.postgres"]
