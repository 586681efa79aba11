"""Values of typical installations, which most tests of the chart go through."""

from __future__ import annotations

from tests.charts.overlays import Values, merged

DIGEST = "sha256:" + "0123456789abcdef" * 4

SQLITE: Values = {}
POSTGRES: Values = {"database": {"mode": "postgres", "postgres": {"urlSecret": {"name": "database"}}}}
# Everything that Kubernetes itself has kinds for, so that a bare API server can judge it.
EVERYTHING: Values = {
    "commonLabels": {"team": "platform", "cost-center": "1234"},
    "image": {
        "registry": "images.example.com/identity",
        "pullSecrets": [{"name": "registry"}],
        "server": {"digest": DIGEST},
        "operator": {"digest": DIGEST},
    },
    "issuer": {"address": "https://login.example.com"},
    "userNamespaces": ["people"],
    "clientIDPrefixes": ["shared"],
    "exposure": {
        "kind": "Ingress",
        "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
        "ingress": {"className": "nginx", "tlsSecretName": "login-tls"},
    },
    "database": {
        "mode": "postgres",
        "postgres": {
            "urlSecret": {"name": "database"},
            "listenURLSecret": {"name": "database-direct"},
            "pooler": True,
            "tls": {"caSecret": {"name": "database-ca"}},
        },
    },
    "server": {
        "autoscaling": {"enabled": True},
        "service": {"type": "LoadBalancer", "annotations": {"example.com/internal": "true"}},
        "serviceAccount": {"annotations": {"example.com/identity": "server"}},
        "trustedProxies": ["10.0.0.0/8", "fd00::/8"],
        "outboundNetworks": ["10.96.0.0/12"],
        "clusterIssuer": {"enabled": True},
        "extraEnv": [{"name": "OSTIARY_SESSION_LIFETIME", "value": "3600"}],
        "podAnnotations": {"example.com/scrape": "false"},
        "podLabels": {"team": "identity"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "identity", "operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
                }
            }
        },
        "topologySpreadConstraints": [
            {
                "topologyKey": "zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"ostiary.dev/server": "true"}},
            },
        ],
        "priorityClassName": "system-cluster-critical",
    },
    "operator": {
        "podAnnotations": {"example.com/scrape": "false"},
        "podLabels": {"team": "identity"},
        "tolerations": [{"key": "identity", "operator": "Exists"}],
    },
    "networkPolicy": {
        "server": {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]},
        "metrics": {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]},
        "egress": {
            "enabled": True,
            "rules": [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 5432}]}],
        },
    },
}


WATCHING: Values = {"watchNamespaces": ["shop", "bank"], "userNamespaces": ["shop"]}
GATEWAY: Values = {
    "issuer": {"address": "https://login.example.com"},
    "exposure": {"kind": "HTTPRoute", "httpRoute": {"parentRefs": [{"name": "public", "namespace": "gateways"}]}},
}
INSTALLATIONS = {
    "sqlite": SQLITE,
    "postgres": POSTGRES,
    "everything": EVERYTHING,
    "everything on sqlite": merged(
        EVERYTHING, {"database": {"mode": "sqlite"}, "server": {"autoscaling": {"enabled": False}}}
    ),
    "watching namespaces": merged(POSTGRES, WATCHING),
    "watching namespaces on sqlite": WATCHING,
    "keys of one's own": merged(POSTGRES, {"keys": {"existingSecret": "mine"}}),
    "keys of one's own on sqlite": {"keys": {"existingSecret": "mine"}},
    "gateway": merged(POSTGRES, GATEWAY),
}
