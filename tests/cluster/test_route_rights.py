"""An operator that may not list routes says so, keeps what it knew, and takes the right as its message grants it."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.cluster.access import Access
from tests.cluster.operating import application_of, conditions, eventually, ready_application
from tests.cluster.releasing import released
from tests.cluster.test_callbacks import PATH, callbacks, following, ingress, message, told
from tests.postgres import PostgreSQL


def test_where_routes_may_not_be_listed_the_message_grants_it(
    crds: Access, namespace: str, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory, listed = tmp_path_factory.mktemp("unpermitted"), {"callbackURLs": ["https://listed.example.com/cb"]}
    with released(crds, postgresql_server, directory, {"rbac.routes": False}) as unpermitted:
        unpermitted.start()
        crds.apply(ingress(namespace, "a.example.com"), following(namespace, ingressRef="web", **listed))
        body = ready_application(crds, "web", namespace, within=30)
        assert conditions(body)["CallbacksResolved"] == ("False", "Forbidden")
        assert callbacks(unpermitted, namespace) == listed["callbackURLs"]
        for command in re.findall(r"kubectl (create [^&]+)", message(body)):
            crds.kubectl(*shlex.split(command))
        wanted = [*listed["callbackURLs"], f"https://a.example.com{PATH}"]
        eventually(lambda: callbacks(unpermitted, namespace) == wanted, within=60)
        ready_application(crds, "web", namespace)

        crds.kubectl("delete", "rolebinding", "ostiary-ingresses", "-n", namespace)
        unpermitted.restart()
        eventually(lambda: told(crds, namespace)[0] == ("False", "Forbidden"), within=30)
        body = application_of(crds, "web", namespace)
        assert f"kept: https://a.example.com{PATH}" in message(body)
        assert callbacks(unpermitted, namespace) == wanted
