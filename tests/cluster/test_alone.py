"""What only an operator that is alone can show: what another left, and that rights in single namespaces are enough.

No test here may run beside an operator that follows every namespace: that one would do the work.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cluster.access import Access, KubectlFailed
from tests.cluster.conftest import replica_on
from tests.cluster.operating import ROOT, Operators, application, eventually, is_ready, ready_application, user
from tests.cluster.releasing import released
from tests.cluster.test_addresses import ANNOTATIONS, address_ready, objects
from tests.cluster.test_bindings import is_bound
from tests.postgres import PostgreSQL

MORE = ROOT / "docs" / "examples" / "rbac-more.yaml"


def test_a_resync_removes_a_binding_that_was_left_and_leaves_one_that_is_used(
    crds: Access, namespace: str, postgresql_server: PostgreSQL, tmp_path: Path
) -> None:
    with released(crds, postgresql_server, tmp_path) as made:
        left = f"{namespace}-left"
        crds.kubectl("create", "namespace", left)
        account = f"--serviceaccount={made.namespace}:{made.release}-ostiary-operator"
        for each in (left, namespace):
            crds.kubectl("create", "rolebinding", made.role, f"--clusterrole={made.role}", account, "-n", each)
            crds.kubectl("label", "rolebinding", made.role, "app.kubernetes.io/managed-by=ostiary", "-n", each)
        crds.apply(application("web", namespace))
        made.start(OSTIARY_RESYNC_SECONDS="5")
        ready_application(crds, "web", namespace)
        eventually(lambda: not is_bound(crds, left, made), within=30)
        assert is_bound(crds, namespace, made)
        crds.kubectl("delete", "namespace", left, "--wait=false")


def test_with_watched_namespaces_roles_are_enough(
    crds: Access, namespace: str, postgresql_server: PostgreSQL, tmp_path: Path
) -> None:
    second = f"{namespace}-second"
    crds.kubectl("create", "namespace", second)
    values = {"watchNamespaces": [namespace, second]}
    with released(crds, postgresql_server, tmp_path, values, watched=namespace) as made:
        cluster_wide = crds.kubectl("get", "clusterroles,clusterrolebindings", "-o", "name")
        assert made.release not in cluster_wide
        process = made.start(
            OSTIARY_BIND_SECRETS="false",
            OSTIARY_WATCH_NAMESPACES=f"{namespace},{second}",
            OSTIARY_USER_NAMESPACES=f"{namespace},{second}",
        )
        for each in (namespace, second):
            crds.apply(application("web", each), user("ada", each, username=f"ada-{each}"))
            ready_application(crds, "web", each)
            eventually(lambda each=each: is_ready(crds.get("oauthuser", "ada", each)))
        for elsewhere in (("--namespace", "default"), ("--all-namespaces",)):
            for kind in ("oauthapplications", "secrets"):
                with pytest.raises(KubectlFailed, match="forbidden"):
                    crds.kubectl("get", kind, *elsewhere, kubeconfig=made.kubeconfig)
        crds.kubectl("delete", "oauthapplication,oauthuser", "--all", "-n", second, "--timeout=20s")
        assert "forbidden" not in process.log.read_text()
    crds.kubectl("delete", "namespace", second, "--wait=false")


def test_what_was_left_goes_and_what_the_settings_no_longer_say_is_taken_away(
    crds: Access, namespace: str, postgresql_server: PostgreSQL, tmp_path: Path
) -> None:
    kept, left = (f"https://{which}-{namespace}.example.com" for which in ("kept", "left"))
    service = {"OSTIARY_ADDRESS_KIND": "Ingress", "OSTIARY_ADDRESS_SERVICE": "ostiary-server:80"}
    with released(crds, postgresql_server, tmp_path, {"exposure.kind": "Ingress"}) as made:
        made.start(OSTIARY_ADDRESS_ANNOTATIONS=ANNOTATIONS, **service)
        crds.apply(application("web", namespace, authenticationAddress=kept))
        (before,) = eventually(lambda: objects(crds, made, "ingress", kept))
        made.operators.started[-1].child.stop()
        metadata = {key: before["metadata"][key] for key in ("namespace", "labels")}
        metadata |= {"name": "ostiary-left", "annotations": {"ostiary.dev/address": left}}
        crds.apply({**before, "metadata": metadata, "status": {}})
        made.start(OSTIARY_ADDRESS_TLS="false", **service)
        eventually(lambda: not objects(crds, made, "ingress", left))
        eventually(lambda: "tls" not in objects(crds, made, "ingress", kept)[0]["spec"])
        assert (
            "cert-manager.io/cluster-issuer" not in objects(crds, made, "ingress", kept)[0]["metadata"]["annotations"]
        )


def test_without_the_right_status_says_so_and_the_application_is_served(
    crds: Access, namespace: str, postgresql_server: PostgreSQL, tmp_path: Path
) -> None:
    with released(crds, postgresql_server, tmp_path) as made:
        process = made.start(OSTIARY_ADDRESS_KIND="Ingress", OSTIARY_ADDRESS_SERVICE="ostiary-server:80")
        crds.apply(application("web", namespace, authenticationAddress=f"https://refused-{namespace}.example.com"))
        ready_application(crds, "web", namespace)
        eventually(lambda: address_ready(crds, "web", namespace) == ("False", "Forbidden"))
        assert process.log.read_text().count("cannot") < 5


def test_the_documented_rights_are_enough_to_bind_and_to_publish(
    crds: Access, account: Path, namespace: str, postgresql_server: PostgreSQL, tmp_path: Path
) -> None:
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    crds.kubectl("apply", "-f", MORE)
    operators = Operators(crds, None, url, tmp_path, account, "operator-alone")
    try:
        with replica_on(url, tmp_path):
            operators.start(
                OSTIARY_BIND_SECRETS="true",
                OSTIARY_ADDRESS_KIND="Ingress",
                OSTIARY_ADDRESS_SERVICE="ostiary-server:80",
                OSTIARY_RESYNC_SECONDS="5",
            )
            crds.apply(application("web", namespace, authenticationAddress=f"https://{namespace}.example.com"))
            ready_application(crds, "web", namespace)
            eventually(lambda: address_ready(crds, "web", namespace) == ("False", "Pending"))
            assert "ostiary-secrets" in crds.kubectl("get", "rolebindings", "-n", namespace, "-o", "name")
            crds.kubectl("delete", "oauthapplication", "web", "-n", namespace, "--timeout=20s")
            kinds = ("get", "ingress,rolebindings", "-A", "-l", "app.kubernetes.io/managed-by=ostiary", "-o", "name")
            eventually(lambda: not crds.kubectl(*kinds).strip())
            assert "forbidden" not in operators.logs()
    finally:
        operators.stop()
        crds.kubectl("delete", "-f", MORE)
