"""What the chart's service accounts may do and what not, in releases named rights, watching and single."""

from __future__ import annotations

from tests.charts.rights import EVERYWHERE, Right, may, may_not

HOME, TENANT, STRANGER, SYSTEM = "home", "tenant", "stranger", "kube-system"
KINDS = "oauthapplications.ostiary.dev, oauthusers.ostiary.dev"
STATUSES = "oauthapplications.ostiary.dev/status, oauthusers.ostiary.dev/status"
POLICIES, POLICY_STATUS = "oauthapplicationpolicies.ostiary.dev", "oauthapplicationpolicies.ostiary.dev/status"
BINDINGS = "rolebindings.rbac.authorization.k8s.io"
ROLES = "roles.rbac.authorization.k8s.io, clusterroles.rbac.authorization.k8s.io"
ROUTES = "ingresses.networking.k8s.io, httproutes.gateway.networking.k8s.io"
READ, WRITE = "get, list, watch", "create, update, patch, delete"
KEYS, SECRETS, LEASE = "rights-ostiary-keys", "rights-ostiary-secrets", "rights-ostiary-operator"

NOBODY_MAY: list[Right] = [
    *may_not("escalate", ROLES, EVERYWHERE),
    *may_not("impersonate", "users, groups, serviceaccounts", EVERYWHERE),
    *may_not(WRITE, ROLES, EVERYWHERE),
    *may_not(WRITE, "clusterrolebindings.rbac.authorization.k8s.io", EVERYWHERE),
    *may_not("bind", "clusterroles.rbac.authorization.k8s.io", EVERYWHERE, "cluster-admin"),
    *may_not("update, patch", BINDINGS, TENANT, SECRETS),
    *may_not("create", "serviceaccounts/token", HOME),
    *may_not("create, get", "pods/exec, pods/attach, pods/portforward", HOME),
    *may_not("create, patch, delete", "pods, deployments.apps, jobs.batch", HOME),
    *may_not("get, list", "secrets", SYSTEM),
    *may_not("list, watch", "secrets", EVERYWHERE),
    *may_not("get, list", "configmaps, nodes", EVERYWHERE),
    *may_not(WRITE, "oauthapplicationpolicies.ostiary.dev, namespaces", EVERYWHERE),
    *may_not(WRITE, "customresourcedefinitions.apiextensions.k8s.io", EVERYWHERE),
    *may_not("update", "oauthapplications.ostiary.dev/finalizers", TENANT),
]
OPERATOR: list[Right] = [
    *may("get, list, watch, patch", KINDS, EVERYWHERE),
    *may("create, delete", "oauthapplications.ostiary.dev", TENANT),
    *may_not("create, delete", "oauthusers.ostiary.dev", TENANT),
    *may_not("update, deletecollection", KINDS, TENANT),
    *may("patch", STATUSES, TENANT),
    *may_not("update", STATUSES, TENANT),
    *may("create", "events", TENANT),
    *may_not("list, delete", "events", TENANT),
    *may_not(READ, "secrets", STRANGER),
    *may("create", BINDINGS, STRANGER),
    *may("get, list, delete", BINDINGS, STRANGER, SECRETS),
    *may("list", BINDINGS, EVERYWHERE, SECRETS),
    *may_not("list, watch", BINDINGS, STRANGER),
    *may_not("get, delete", BINDINGS, STRANGER, "somebody-elses"),
    *may_not("deletecollection", BINDINGS, STRANGER),
    *may("bind", "clusterroles.rbac.authorization.k8s.io", EVERYWHERE, SECRETS),
    *may_not("bind", "clusterroles.rbac.authorization.k8s.io", EVERYWHERE, "view"),
    *may_not("bind", "clusterroles.rbac.authorization.k8s.io", EVERYWHERE, "rights-ostiary-restarts"),
    *may_not("get, patch", "deployments.apps, statefulsets.apps", TENANT),
    *may_not("bind", "roles.rbac.authorization.k8s.io", TENANT),
    *may("create", "leases.coordination.k8s.io", HOME),
    *may("get, update", "leases.coordination.k8s.io", HOME, LEASE),
    *may_not("get, update, delete", "leases.coordination.k8s.io", HOME, "somebody-elses"),
    *may_not("create, get", "leases.coordination.k8s.io", TENANT),
    *may("get, list, watch, create, patch, delete", "ingresses.networking.k8s.io", HOME),
    *may("list, watch", ROUTES, TENANT),
    *may_not("get, create, update, patch, delete", ROUTES, TENANT),
    *may_not("get", "secrets", HOME, KEYS),
]
POLICED: list[Right] = [
    *may("get, list, watch", f"{POLICIES}, namespaces", EVERYWHERE),
    *may("patch", POLICY_STATUS, EVERYWHERE),
]
UNPOLICED: list[Right] = [
    *may_not("get, list, watch", f"{POLICIES}, namespaces", EVERYWHERE),
    *may_not("patch", POLICY_STATUS, EVERYWHERE),
]
BOUND: list[Right] = [
    *may("get, list, watch, create, update", "secrets", TENANT),
    *may_not("delete, deletecollection, patch", "secrets", TENANT),
]
MIGRATION: list[Right] = [
    *may("get", "secrets", HOME, KEYS),
    *may("create", "secrets", HOME),
    *may_not("list, watch, update, patch, delete", "secrets", HOME),
    *may_not("get", "secrets", HOME, "database"),
    *may_not("create, get", "secrets", TENANT),
    *may_not(f"{READ}, {WRITE}", KINDS, HOME),
]
SMOKE: list[Right] = [
    *may("create", KINDS, HOME),
    *may("get, delete", KINDS, HOME, "ostiary-smoke"),
    *may_not("get, delete", KINDS, HOME, "somebody-elses"),
    *may("create", "secrets", HOME),
    *may("get, delete", "secrets", HOME, "ostiary-smoke-password"),
    *may_not("get", "secrets", HOME, KEYS),
    *may_not("list, update", "secrets", HOME),
    *may_not("create", f"{KINDS}, secrets", TENANT),
]
WATCHER: list[Right] = [
    *may("list, watch", ROUTES, TENANT),
    *may_not("list, watch", ROUTES, STRANGER),
    *may("get, list, watch, patch", KINDS, HOME),
    *may("get, list, watch, patch", KINDS, TENANT),
    *may("create, delete", "oauthapplications.ostiary.dev", TENANT),
    *may("patch", STATUSES, TENANT),
    *may("create", "events", TENANT),
    *may("get, list, watch, create, update", "secrets", TENANT),
    *may_not("get, list, watch, patch", KINDS, EVERYWHERE),
    *may_not("get, list", f"{KINDS}, secrets", STRANGER),
    *may_not("get, patch", "deployments.apps, statefulsets.apps", TENANT),
    *may_not("create, get, delete", BINDINGS, TENANT, "watching-ostiary-secrets"),
    *may_not("bind", "clusterroles.rbac.authorization.k8s.io", EVERYWHERE, "watching-ostiary-secrets"),
]
SINGLE: list[Right] = [
    *may("get", "secrets", HOME, "single-ostiary-keys"),
    *may("create", "secrets", HOME),
    *may_not("list, update, delete", "secrets", HOME),
    *may_not("get", "secrets", HOME, KEYS),
    *may_not("create, get, update", "leases.coordination.k8s.io", HOME),
    *may("get, list, watch, patch", KINDS, EVERYWHERE),
]
