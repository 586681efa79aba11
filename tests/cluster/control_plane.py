"""etcd, kube-apiserver and kube-controller-manager on loopback: all of Kubernetes that an operator meets.

No kubelet and no scheduler: pods stay pending. The controllers that run are those that custom resources meet: owners'
garbage, namespaces, service accounts and their tokens' authority, and those of the workloads that use a Secret.
"""

from __future__ import annotations

import http.client
import shutil
import ssl
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from tests.cluster.certificates import Authority, write_key
from tests.cluster.kubeconfig import Endpoint
from tests.processes import Child, free_port

READY_S = 60.0
CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "deployment-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "replicaset-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "statefulset-controller",
)


class ControlPlane:
    """Started by `start`; `stop` ends it and deletes its data, and leaves the logs in `directory`."""

    def __init__(self, binaries: Path, directory: Path, authentication: Path | None = None) -> None:
        """`authentication`: an AuthenticationConfiguration, by which others may sign in than by certificates."""
        self._data = directory / "etcd"
        self._port = free_port()
        self._authority = Authority(directory)
        client, peer = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
        serving = self._authority.issue("kube-apiserver", hosts=("127.0.0.1", "localhost", "kubernetes.default.svc"))
        self._accounts = [directory / "service-accounts.key"]
        write_key(accounts := self._accounts[0], ec.generate_private_key(ec.SECP256R1()))
        endpoint = Endpoint.trusting(f"https://127.0.0.1:{self._port}", self._authority.path)
        admin = self._authority.issue("admin", organization="system:masters")
        controllers = self._authority.issue("system:kube-controller-manager")
        self.kubectl = str(binaries / "kubectl")
        self.kubeconfig = endpoint.as_holder_of(admin, directory / "admin.kubeconfig")

        self._etcd = Child(
            [
                binaries / "etcd",
                f"--data-dir={self._data}",
                f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                "--unsafe-no-fsync",  # a test run's data does not outlive a power cut
            ],
            directory / "etcd.log",
        )
        self._api_log = directory / "kube-apiserver.log"
        self._api_command = [
            binaries / "kube-apiserver",
            f"--etcd-servers={client}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",  # it refuses to advertise loopback
            f"--secure-port={self._port}",
            f"--client-ca-file={self._authority.path}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            "--service-cluster-ip-range=10.97.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--authorization-mode=RBAC",
            *([f"--authentication-config={authentication}"] if authentication else []),
        ]
        self._api = self._new_api()
        self._controllers = Child(
            [
                binaries / "kube-controller-manager",
                f"--kubeconfig={endpoint.as_holder_of(controllers, directory / 'controllers.kubeconfig')}",
                f"--controllers={','.join(CONTROLLERS)}",
                "--leader-elect=false",
                "--secure-port=0",
                "--use-service-account-credentials",
                f"--service-account-private-key-file={accounts}",
                f"--root-ca-file={self._authority.path}",
            ],
            directory / "kube-controller-manager.log",
        )

    @property
    def signing_key(self) -> Path:
        """What the tokens of service accounts are signed with now."""
        return self._accounts[-1]

    def start(self) -> None:
        """Returns when the API answers and has its built-in roles; raises RuntimeError with a log's end otherwise."""
        self._etcd.start()
        self.start_api()
        self._controllers.start()

    def start_api(self) -> None:
        """Bring the API back at the same address with the same data; returns when it is ready."""
        self._api.start()
        self._api.wait_until(self._is_ready, READY_S)

    def sign_tokens_with_a_new_key(self) -> None:
        """Rotate the key of service accounts' tokens, as an administrator does: what the former signed still counts."""
        path = self._accounts[0].with_name(f"service-accounts-{len(self._accounts)}.key")
        write_key(path, ec.generate_private_key(ec.SECP256R1()))
        self._accounts.append(path)
        self._api.kill()
        self._api = self._new_api()
        self.start_api()

    def stop_api(self) -> None:
        """Take the API away, as an outage does: connections are refused and watches end. What is stored stays."""
        self._api.kill()

    def stop(self) -> None:
        """End all of it; safe at any stage of starting."""
        self._controllers.stop()
        self._api.kill()  # its graceful end waits for watches to finish
        self._etcd.kill()
        shutil.rmtree(self._data, ignore_errors=True)

    def _new_api(self) -> Child:
        keys = [f"--service-account-key-file={path}" for path in self._accounts]
        signing = f"--service-account-signing-key-file={self._accounts[-1]}"
        return Child([*self._api_command, *keys, signing], self._api_log)

    def _is_ready(self) -> bool:
        trust = ssl.create_default_context(cafile=str(self._authority.path))
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=5, context=trust)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
