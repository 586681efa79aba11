"""Values of the whole release: names, images, addresses, database, keys, network."""

from __future__ import annotations

from tests.charts.effects import EMBEDDED, JOB, OPERATOR, POD, SERVER, TEST, Sight, row, sees, variable
from tests.charts.installations import DIGEST, GATEWAY, POSTGRES, SQLITE
from tests.charts.manifests import ABSENT
from tests.charts.overlays import Values, merged

ISSUER: Values = {"issuer": {"address": "https://login.example.com"}}
INGRESS: Values = merged(POSTGRES, ISSUER, {"exposure": {"kind": "Ingress"}})
ROUTED: Values = merged(POSTGRES, GATEWAY)
AUTHORITY: Values = merged(POSTGRES, {"database": {"postgres": {"tls": {"caSecret": {"name": "authority"}}}}})
DIRECT: Values = merged(POSTGRES, {"database": {"postgres": {"listenURLSecret": {"name": "direct"}}}})
EGRESS: Values = merged(POSTGRES, {"networkPolicy": {"egress": {"enabled": True, "rules": [{"ports": [{"port": 1}]}]}}})
CERTIFIED = {"cert-manager.io/cluster-issuer": "acme"}
PEER = {"podSelector": {"matchLabels": {"app": "proxy"}}}
DATABASE = {"ports": [{"port": 5432}]}

PUBLISHED = "try-ostiary-issuer"
IMAGE = (*POD, "containers", 0, "image")
ENV = (*POD, "containers", 0, "env")
SECURITY = (*POD, "securityContext")
POLICY = ("NetworkPolicy", "try-ostiary-server", "spec")
VOLUMES = (*POD, "volumes")


def _user_id(name: str) -> tuple[Sight, ...]:
    return tuple(sees(1000700000, *workload, *SECURITY, name) for workload in (SERVER, OPERATOR, JOB))


ROWS = (
    row(
        "nameOverride", "id", sees("id", "Deployment", "try-id-server", "metadata", "labels", "app.kubernetes.io/name")
    ),
    row("fullnameOverride", "id", sees("id-server", "Deployment", "id-server", "metadata", "name")),
    row(
        "commonLabels",
        {"team": "a"},
        *(sees("a", *each, "metadata", "labels", "team") for each in (SERVER, JOB, TEST)),
        sees("a", *SERVER, "spec", "template", "metadata", "labels", "team"),
    ),
    row(
        "image.registry", "images.example.com/id/", sees("images.example.com/id/ostiary-server:0.1.0", *SERVER, *IMAGE)
    ),
    row(
        "image.tag",
        "1.2.3",
        sees("ostiary-server:1.2.3", *SERVER, *IMAGE),
        sees("ostiary-operator:1.2.3", *JOB, *IMAGE),
    ),
    row(
        "image.pullPolicy",
        "Always",
        *(sees("Always", *each, *POD, "containers", 0, "imagePullPolicy") for each in (SERVER, OPERATOR, JOB)),
    ),
    row(
        "image.pullSecrets",
        [{"name": "pull"}],
        *(sees([{"name": "pull"}], *each, *POD, "imagePullSecrets") for each in (SERVER, OPERATOR, JOB)),
        sees([{"name": "pull"}], *TEST, "spec", "imagePullSecrets"),
    ),
    row("image.server.repository", "s", sees("s:0.1.0", *SERVER, *IMAGE)),
    row("image.server.digest", DIGEST, sees(f"ostiary-server@{DIGEST}", *SERVER, *IMAGE)),
    row(
        "image.operator.repository",
        "o",
        sees("o:0.1.0", *OPERATOR, *IMAGE),
        sees("o:0.1.0", *JOB, *IMAGE),
        sees("o:0.1.0", *TEST, "spec", "containers", 0, "image"),
    ),
    row("image.operator.digest", DIGEST, sees(f"ostiary-operator@{DIGEST}", *OPERATOR, *IMAGE)),
    row(
        "issuer.address",
        "https://login.example.com",
        variable("OSTIARY_DEFAULT_ISSUER", "https://login.example.com", OPERATOR),
    ),
    row(
        "issuer.address",
        "https://login.example.com",
        sees("login.example.com", "Ingress", PUBLISHED, "spec", "rules", 0, "host"),
        given=merged(POSTGRES, {"exposure": {"kind": "Ingress"}}),
    ),
    row(
        "watchNamespaces",
        ["apps"],
        sees(ABSENT, "ClusterRole", "try-ostiary-operator"),
        sees("apps", "Role", "try-ostiary-secrets", "metadata", "namespace"),
        variable("OSTIARY_WATCH_NAMESPACES", "apps,ostiary", OPERATOR),
        variable("OSTIARY_BIND_SECRETS", "false", OPERATOR),
    ),
    row("userNamespaces", ["people", "staff"], variable("OSTIARY_USER_NAMESPACES", "people,staff,ostiary", OPERATOR)),
    row("clientIDPrefixes", ["shared"], variable("OSTIARY_CLIENT_ID_PREFIXES", "shared", OPERATOR)),
    row(
        "exposure.kind",
        "Ingress",
        sees("Ingress", "Ingress", PUBLISHED, "kind"),
        variable("OSTIARY_ADDRESS_KIND", "Ingress", OPERATOR),
        given=merged(POSTGRES, ISSUER),
    ),
    row("exposure.applicationAddresses", False, sees(ABSENT, *OPERATOR, *ENV, "OSTIARY_ADDRESS_KIND"), given=INGRESS),
    row(
        "exposure.annotations",
        CERTIFIED,
        sees(CERTIFIED, "Ingress", PUBLISHED, "metadata", "annotations"),
        variable("OSTIARY_ADDRESS_ANNOTATIONS", '{"cert-manager.io/cluster-issuer":"acme"}', OPERATOR),
        given=INGRESS,
    ),
    row(
        "exposure.ingress.className",
        "nginx",
        sees("nginx", "Ingress", PUBLISHED, "spec", "ingressClassName"),
        variable("OSTIARY_ADDRESS_INGRESS_CLASS", "nginx", OPERATOR),
        given=INGRESS,
    ),
    row(
        "exposure.ingress.tls",
        False,
        sees(ABSENT, "Ingress", PUBLISHED, "spec", "tls"),
        variable("OSTIARY_ADDRESS_TLS", "false", OPERATOR),
        given=INGRESS,
    ),
    row(
        "exposure.ingress.tlsSecretName",
        "mine",
        sees("mine", "Ingress", PUBLISHED, "spec", "tls", 0, "secretName"),
        given=INGRESS,
    ),
    row(
        "exposure.httpRoute.parentRefs",
        [{"name": "inner"}],
        sees([{"name": "inner"}], "HTTPRoute", PUBLISHED, "spec", "parentRefs"),
        variable("OSTIARY_ADDRESS_PARENT_REFS", '[{"name":"inner"}]', OPERATOR),
        given=ROUTED,
    ),
    row("crds.install", False, sees(ABSENT, "CustomResourceDefinition", "oauthapplications.ostiary.dev")),
    row(
        "rbac.aggregateToDefaultRoles",
        False,
        sees(ABSENT, "ClusterRole", "try-ostiary-edit"),
        sees(ABSENT, "ClusterRole", "try-ostiary-view"),
    ),
    row(
        "rbac.restartWorkloads",
        True,
        sees(
            ["try-ostiary-secrets", "try-ostiary-restarts"],
            "ClusterRole",
            "try-ostiary-operator",
            "rules",
            7,
            "resourceNames",
        ),
    ),
    row(
        "rbac.routes",
        False,
        sees("rbac.authorization.k8s.io", "ClusterRole", "try-ostiary-operator", "rules", 4, "apiGroups", 0),
    ),
    row(
        "rbac.admissionPolicy",
        False,
        sees(ABSENT, "ValidatingAdmissionPolicy", "try-ostiary-bindings"),
        sees(ABSENT, "ValidatingAdmissionPolicyBinding", "try-ostiary-bindings"),
    ),
    row(
        "policies.enabled",
        False,
        sees(ABSENT, "ClusterRole", "try-ostiary-policies"),
        sees(ABSENT, "ValidatingAdmissionPolicy", "try-ostiary-oauthapplications"),
        variable("OSTIARY_POLICIES", "false", OPERATOR),
    ),
    row(
        "policies.enabled",
        True,
        sees("ClusterRoleBinding", "ClusterRoleBinding", "try-ostiary-policies", "kind"),
        variable("OSTIARY_POLICIES", "true", OPERATOR),
        given=merged(POSTGRES, {"watchNamespaces": ["apps"]}),
    ),
    row("policies.graceSeconds", 60, variable("OSTIARY_POLICY_GRACE_SECONDS", "60", OPERATOR)),
    row(
        "policies.admission.enabled",
        False,
        sees(ABSENT, "ValidatingAdmissionPolicy", "try-ostiary-oauthapplications"),
        sees(ABSENT, "ValidatingAdmissionPolicyBinding", "try-ostiary-oauthusers"),
    ),
    row(
        "keys.existingSecret",
        "mine",
        sees("mine", *SERVER, *VOLUMES, "keys", "secret", "secretName"),
        sees(ABSENT, *JOB, *POD, "initContainers"),
        sees(ABSENT, "Role", "try-ostiary-migrate"),
    ),
    row(
        "keys.existingSecret",
        "mine",
        sees("mine", *EMBEDDED, *VOLUMES, "keys", "secret", "secretName"),
        sees(ABSENT, *EMBEDDED, *POD, "initContainers", "keys"),
        given=SQLITE,
    ),
    row(
        "database.mode",
        "postgres",
        sees(ABSENT, *EMBEDDED),
        sees("Deployment", *SERVER, "kind"),
        sees("Job", *JOB, "kind"),
        given=merged(POSTGRES, {"database": {"mode": "sqlite"}}),
    ),
    row(
        "database.sqlite.size",
        "5Gi",
        sees("5Gi", "PersistentVolumeClaim", "try-ostiary-data", "spec", "resources", "requests", "storage"),
        given=SQLITE,
    ),
    row(
        "database.sqlite.storageClassName",
        "fast",
        sees("fast", "PersistentVolumeClaim", "try-ostiary-data", "spec", "storageClassName"),
        given=SQLITE,
    ),
    row(
        "database.sqlite.existingClaim",
        "mine",
        sees("mine", *EMBEDDED, *VOLUMES, "data", "persistentVolumeClaim", "claimName"),
        sees(ABSENT, "PersistentVolumeClaim", "try-ostiary-data"),
        given=SQLITE,
    ),
    row(
        "database.postgres.urlSecret.name",
        "other",
        *(
            sees("other", *each, *ENV, "OSTIARY_DATABASE_URL", "valueFrom", "secretKeyRef", "name")
            for each in (SERVER, OPERATOR, JOB)
        ),
    ),
    row(
        "database.postgres.urlSecret.key",
        "url",
        *(
            sees("url", *each, *ENV, "OSTIARY_DATABASE_URL", "valueFrom", "secretKeyRef", "key")
            for each in (SERVER, OPERATOR, JOB)
        ),
    ),
    row(
        "database.postgres.listenURLSecret.name",
        "direct",
        sees("direct", *SERVER, *ENV, "OSTIARY_LISTEN_URL", "valueFrom", "secretKeyRef", "name"),
    ),
    row(
        "database.postgres.listenURLSecret.key",
        "url",
        sees("url", *SERVER, *ENV, "OSTIARY_LISTEN_URL", "valueFrom", "secretKeyRef", "key"),
        given=DIRECT,
    ),
    row(
        "database.postgres.pooler",
        True,
        variable("OSTIARY_DATABASE_POOLER", "true", SERVER),
        variable("OSTIARY_DATABASE_POOLER", "true", OPERATOR),
    ),
    row(
        "database.postgres.tls.mode",
        "require",
        *(sees("require", *each, *ENV, "PGSSLMODE", "value") for each in (SERVER, OPERATOR, JOB)),
    ),
    row(
        "database.postgres.tls.mode", "", *(sees(ABSENT, *each, *ENV, "PGSSLMODE") for each in (SERVER, OPERATOR, JOB))
    ),
    row(
        "database.postgres.tls.caSecret.name",
        "authority",
        *(
            sees("authority", *each, *VOLUMES, "database-ca", "secret", "secretName")
            for each in (SERVER, OPERATOR, JOB)
        ),
        *(
            sees("/etc/ostiary/database/ca.crt", *each, *ENV, "PGSSLROOTCERT", "value")
            for each in (SERVER, OPERATOR, JOB)
        ),
    ),
    row(
        "database.postgres.tls.caSecret.key",
        "root.pem",
        *(
            sees([{"key": "root.pem", "path": "ca.crt"}], *each, *VOLUMES, "database-ca", "secret", "items")
            for each in (SERVER, OPERATOR, JOB)
        ),
        given=AUTHORITY,
    ),
    row(
        "database.migrate.timeoutSeconds",
        900,
        sees(["migrate", "--timeout", "900"], *JOB, *POD, "containers", 0, "args"),
        sees(1020, *JOB, "spec", "activeDeadlineSeconds"),
    ),
    row(
        "database.migrate.resources",
        {"limits": {"memory": "1Gi"}},
        *(
            sees("1Gi", *JOB, *POD, each, 0, "resources", "limits", "memory")
            for each in ("initContainers", "containers")
        ),
        sees("1Gi", *TEST, "spec", "containers", 0, "resources", "limits", "memory"),
    ),
    row("podSecurityContext.runAsUser", 1000700000, *_user_id("runAsUser")),
    row("podSecurityContext.runAsUser", None, sees(ABSENT, *SERVER, *SECURITY, "runAsUser")),
    row("podSecurityContext.runAsGroup", 1000700000, *_user_id("runAsGroup")),
    row("podSecurityContext.fsGroup", 1000700000, *_user_id("fsGroup")),
    row(
        "networkPolicy.enabled",
        False,
        sees(ABSENT, "NetworkPolicy", "try-ostiary-server"),
        sees(ABSENT, "NetworkPolicy", "try-ostiary-operator"),
    ),
    row("networkPolicy.server.from", [PEER], sees(PEER, *POLICY, "ingress", 0, "from", 0)),
    row(
        "networkPolicy.metrics.from",
        [PEER],
        sees([PEER], *POLICY, "ingress", 1, "from"),
        sees([PEER], "NetworkPolicy", "try-ostiary-operator", "spec", "ingress", 0, "from"),
    ),
    row(
        "networkPolicy.egress.enabled",
        True,
        sees(["Ingress", "Egress"], *POLICY, "policyTypes"),
        given=merged(EGRESS, {"networkPolicy": {"egress": {"enabled": False}}}),
    ),
    row("networkPolicy.egress.rules", [DATABASE], sees(DATABASE, *POLICY, "egress", 1), given=EGRESS),
)
