"""What is beside Ostiary in the cluster: a PostgreSQL, a proxy that ends TLS, a relying application, and load."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from tests.cluster.access import Access
from tests.cluster.certificates import Leaf
from tests.cluster.operating import eventually
from tests.e2e.images import PEERS, product

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "docs" / "examples"
NAMESPACE = "peers"
LOGIN, ORDERS = "login.example.com", "orders.example.com"  # as docs/examples/back-end has them
DATABASE_HOST = f"postgres.{NAMESPACE}.svc"
DATABASE_PASSWORD = "a-password-of-the-suite"

Manifest = dict[str, Any]

_POSTGRES = r"""
set -eu
bin=$(echo /usr/lib/postgresql/*/bin) data=/data/pg
if [ ! -e "$data/PG_VERSION" ]; then
  install -d -o postgres -m 700 "$data"
  echo "$PASSWORD" >/tmp/password
  runuser -u postgres -- "$bin/initdb" -D "$data" -U ostiary --pwfile=/tmp/password --auth-host=scram-sha-256 \
    --auth-local=trust -E UTF8 --locale=C.UTF-8 >/dev/null
  echo "hostssl all all all scram-sha-256" >"$data/pg_hba.conf"
  echo "local all all trust" >>"$data/pg_hba.conf"
fi
install -o postgres -m 600 /tls/tls.key /tmp/server.key
exec runuser -u postgres -- "$bin/postgres" -D "$data" -c listen_addresses='*' -c ssl=on \
  -c ssl_cert_file=/tls/tls.crt -c ssl_key_file=/tmp/server.key -c unix_socket_directories=/tmp -c max_connections=100
"""

# Names are looked up again and again: a release that is installed anew has another address.
_EDGE = r"""
set -eu
sed -n 's/^nameserver \(.*\)/resolver \1 valid=1s;/p' /etc/resolv.conf >/tmp/resolver.conf
exec nginx -g 'daemon off; pid /tmp/nginx.pid;' -c /etc/edge/nginx.conf
"""

_NGINX = """
events { worker_connections 1024; }
http {
  access_log off;
  ssl_certificate /tls/tls.crt;
  ssl_certificate_key /tls/tls.key;
  proxy_http_version 1.1;
  proxy_connect_timeout 2s;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  include /tmp/resolver.conf;
  server { listen 443 ssl; server_name LOGIN; location / { set $to SERVER; proxy_pass http://$to; } }
  server { listen 443 ssl; server_name ORDERS; location / { proxy_pass http://orders.team-a.svc.cluster.local:8000; } }
}
"""


def secret(name: str, namespace: str, **data: str | bytes) -> Manifest:
    """Underscores in keys become dots or dashes as TLS Secrets have them."""
    encoded = {
        key.replace("_", "."): base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
        for key, value in data.items()
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _named(name, namespace), "data": encoded}


def tls_secret(name: str, namespace: str, leaf: Leaf, authority: Path) -> Manifest:
    """A certificate, its key, and the authority that signed it."""
    return secret(
        name,
        namespace,
        tls_crt=leaf.certificate.read_bytes(),
        tls_key=leaf.key.read_bytes(),
        ca_crt=authority.read_bytes(),
    )


def service(name: str, namespace: str, port: int) -> Manifest:
    """Of the pods labelled app=<name>."""
    spec = {"selector": {"app": name}, "ports": [{"port": port, "targetPort": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _named(name, namespace), "spec": spec}


def postgres() -> list[Manifest]:
    """One PostgreSQL that speaks TLS only; its data outlives its pod."""
    container = {
        "name": "postgres",
        "image": PEERS,
        "command": ["bash", "-c", _POSTGRES],
        "env": [{"name": "PASSWORD", "value": DATABASE_PASSWORD}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tls", "mountPath": "/tls"}],
        "readinessProbe": {
            "exec": {"command": ["bash", "-c", "/usr/lib/postgresql/*/bin/pg_isready -h /tmp -U ostiary"]},
            "periodSeconds": 1,
        },
    }
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = {
        "serviceName": "postgres",
        "selector": {"matchLabels": {"app": "postgres"}},
        "volumeClaimTemplates": [claim],
        "template": _pod("postgres", container, [{"name": "tls", "secret": {"secretName": "postgres-tls"}}]),
    }
    stateful = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _named("postgres", NAMESPACE),
        "spec": spec,
    }
    return [service("postgres", NAMESPACE, 5432), stateful]


def edge(server: str) -> list[Manifest]:
    """nginx before the server's Service (a host name of the cluster) and before the relying application."""
    configuration = _NGINX.replace("LOGIN", LOGIN).replace("ORDERS", ORDERS).replace("SERVER", server)
    container = {
        "name": "nginx",
        "image": PEERS,
        "command": ["bash", "-c", _EDGE],
        "volumeMounts": [{"name": "configuration", "mountPath": "/etc/edge"}, {"name": "tls", "mountPath": "/tls"}],
        "readinessProbe": {"tcpSocket": {"port": 443}, "periodSeconds": 1},
    }
    volumes = [
        {"name": "configuration", "configMap": {"name": "edge"}},
        {"name": "tls", "secret": {"secretName": "edge-tls"}},
    ]
    return [
        _config_map("edge", NAMESPACE, {"nginx.conf": configuration}),
        _deployment("edge", NAMESPACE, container, volumes),
    ]


def orders(edge_address: str) -> list[Manifest]:
    """docs/examples/back-end/app.py, with the Secret that its OAuthApplication gets mounted."""
    container = {
        "name": "orders",
        "image": PEERS,
        "command": ["python3", "-m", "uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000", "--app-dir", "/app"],
        "env": [
            {"name": "OAUTH_SECRET", "value": "/etc/oauth"},
            {"name": "CALLBACK_URL", "value": f"https://{ORDERS}/callback"},
            {"name": "SESSION_KEY", "value": "only-of-this-suite"},
            {"name": "SSL_CERT_FILE", "value": "/etc/edge/ca.crt"},
        ],
        "volumeMounts": [
            {"name": "app", "mountPath": "/app"},
            {"name": "oauth", "mountPath": "/etc/oauth", "readOnly": True},
            {"name": "authority", "mountPath": "/etc/edge"},
        ],
        "readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1},
    }
    volumes = [
        {"name": "app", "configMap": {"name": "orders"}},
        {"name": "oauth", "secret": {"secretName": "orders-oauth"}},
        {"name": "authority", "secret": {"secretName": "edge-ca"}},
    ]
    deployment = _deployment("orders", "team-a", container, volumes)
    aliases = [{"ip": edge_address, "hostnames": [LOGIN]}]
    deployment["spec"]["template"]["spec"]["hostAliases"] = aliases
    source = (EXAMPLES / "back-end" / "app.py").read_text()
    return [_config_map("orders", "team-a", {"app.py": source}), service("orders", "team-a", 8000), deployment]


def restart_orders(access: Access) -> None:
    """With the Secret that is there now, which it reads when it starts; returns when nothing else answers for it."""
    of_orders = ("deployment/orders", "-n", "team-a")
    access.kubectl("rollout", "restart", *of_orders)
    access.kubectl("rollout", "status", *of_orders, "--timeout=60s")

    def alone() -> bool:
        """The address of a pod that is gone swallows what a Service still sends there."""
        return len(access.kubectl("get", "pods", "-n", "team-a", "-l", "app=orders", "-o", "name").split()) == 1

    eventually(alone, within=60)


def load(namespace: str, server: str, origin: str, callback: str, username: str, password: str) -> list[Manifest]:
    """A pod that uses the application `load` of its namespace without pause."""
    environment = {
        "SERVER": server, "ORIGIN": origin, "CALLBACK": callback, "USERNAME": username, "PASSWORD": password,
    }  # fmt: skip
    container = {
        "name": "load",
        "image": product("operator"),
        "command": ["python3", "/load/load.py"],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "volumeMounts": [{"name": "script", "mountPath": "/load"}, {"name": "oauth", "mountPath": "/etc/oauth"}],
        "readinessProbe": {"tcpSocket": {"port": 9000}, "periodSeconds": 1},
    }
    volumes = [
        {"name": "script", "configMap": {"name": "load"}},
        {"name": "oauth", "secret": {"secretName": "load-oauth"}},
    ]
    pod = {"apiVersion": "v1", "kind": "Pod", **_pod("load", container, volumes)}
    pod["metadata"] |= _named("load", namespace)
    return [_config_map("load", namespace, {"load.py": (HERE / "pods" / "load.py").read_text()}), pod]


def _deployment(name: str, namespace: str, container: Manifest, volumes: list[Manifest]) -> Manifest:
    spec = {"selector": {"matchLabels": {"app": name}}, "template": _pod(name, container, volumes)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _named(name, namespace), "spec": spec}


def _pod(name: str, container: Manifest, volumes: list[Manifest]) -> Manifest:
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 2,
        "containers": [{"imagePullPolicy": "IfNotPresent", **container}],
        "volumes": volumes,
    }
    return {"metadata": {"labels": {"app": name}}, "spec": spec}


def _config_map(name: str, namespace: str, data: dict[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _named(name, namespace), "data": data}


def _named(name: str, namespace: str) -> Manifest:
    return {"name": name, "namespace": namespace}
