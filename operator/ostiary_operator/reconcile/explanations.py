"""What each reason of a condition means, and what to do: said once, for `ostiary why` and docs/reference/conditions.md.

The page is held against this table by a test. Texts are Markdown: names of fields stand between backquotes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ostiary_operator.reconcile.conditions import Reason, Type


@dataclass(frozen=True, slots=True)
class Explanation:
    """`instruction` is empty where there is nothing to do."""

    meaning: str
    instruction: str


# By condition, too: Forbidden concerns Secrets, or what leads to an address.
EXPLANATIONS: Final[Mapping[tuple[Type, Reason], Explanation]] = {
    (Type.ACCEPTED, Reason.ACCEPTED): Explanation("true", ""),
    (Type.ACCEPTED, Reason.INVALID_SPEC): Explanation(
        "a field is wrong; the message names it and what to write instead", "change the manifest"
    ),
    (Type.ACCEPTED, Reason.CONFLICT): Explanation(
        "another object had the client id or username first, or another namespace the address; the message names it",
        "choose another, or have the holder give it up: this object is looked at again at once",
    ),
    (Type.ACCEPTED, Reason.CLIENT_ID_NOT_ALLOWED): Explanation(
        "the client id begins with a name that is not this namespace's, and a dot",
        "change it, or set `OSTIARY_CLIENT_ID_PREFIXES`",
    ),
    (Type.ACCEPTED, Reason.NAMESPACE_NOT_ALLOWED): Explanation(
        "this namespace may not declare users; those that it declared before are no longer served",
        "declare them in a namespace of `OSTIARY_USER_NAMESPACES`",
    ),
    (Type.ACCEPTED, Reason.ADOPTION_NOT_PROVEN): Explanation(
        "`adopt` names another uid than that of the object which left the client id behind, or the Secret does not "
        "hold its client secret; the message says which",
        "take the uid from a backup or the audit log, and the secret from where the application has it",
    ),
    (Type.ACCEPTED, Reason.NOT_REGISTERED): Explanation(
        "`registeredBy` is set and no such client registered itself, or its template is gone or has moved; the message"
        " says which. It is no longer served",
        "delete the object; the client registers again",
    ),
    (Type.ACCEPTED, Reason.NO_CLUSTER_ISSUER): Explanation(
        "the application authenticates by the token of its service account, and this installation does not trust those"
        " of its cluster",
        "have `server.clusterIssuer.enabled` of the chart set (`OSTIARY_CLUSTER_ISSUER_DISCOVERY` of server and "
        "operator), or use another `clientAuthentication`",
    ),
    (Type.ACCEPTED, Reason.NO_ADDRESS): Explanation(
        "neither the manifest nor the installation says where users sign in",
        "set `authenticationAddress`, or `OSTIARY_DEFAULT_ISSUER`",
    ),
    (Type.POLICY_ALLOWED, Reason.ALLOWED): Explanation("true: the message names the policies", ""),
    (Type.POLICY_ALLOWED, Reason.NOT_SELECTED): Explanation(
        "the cluster has policies, and none selects this namespace",
        "have the namespace labelled, or a policy select it",
    ),
    (Type.POLICY_ALLOWED, Reason.CALLBACK_HOST_NOT_ALLOWED): Explanation(
        "the host of a callback or post-logout URL is not among `callbackHosts`", "use another, or have it listed"
    ),
    (Type.POLICY_ALLOWED, Reason.TEMPLATE_NOT_ALLOWED): Explanation(
        "`dynamicRegistration` or `clientIDMetadata` under a policy with `callbackHosts`, or `dynamicRegistration` "
        "under one with `requirePKCE`: its clients would keep neither",
        "declare each application",
    ),
    (Type.POLICY_ALLOWED, Reason.ADDRESS_NOT_ALLOWED): Explanation(
        "`authenticationAddress` is not among `authenticationAddresses`", "leave it out, or have it listed"
    ),
    (Type.POLICY_ALLOWED, Reason.GRANT_MODE_NOT_ALLOWED): Explanation(
        "a grant mode is not among `grantModes`", "remove it"
    ),
    (Type.POLICY_ALLOWED, Reason.SCOPE_NOT_ALLOWED): Explanation(
        "a scope is not among `scopes`; without `scopes` an application has openid, profile and email", "list fewer"
    ),
    (Type.POLICY_ALLOWED, Reason.AUDIENCE_NOT_ALLOWED): Explanation(
        "an audience is not among `audiences`", "remove it"
    ),
    (Type.POLICY_ALLOWED, Reason.ISSUER_NOT_ALLOWED): Explanation(
        "an issuer in `clientAuthentication.federated` is not among `federatedIssuers`", "remove it, or have it listed"
    ),
    (Type.POLICY_ALLOWED, Reason.LIFETIME_TOO_LONG): Explanation(
        "a lifetime is longer than in `maxLifetimes`, perhaps by its default", "set a shorter one"
    ),
    (Type.POLICY_ALLOWED, Reason.PKCE_REQUIRED): Explanation("`pkce` is not `Required`", "set it"),
    (Type.POLICY_ALLOWED, Reason.CONSENT_REQUIRED): Explanation("`consent` is not `Prompt`", "set it"),
    (Type.POLICY_ALLOWED, Reason.TOO_MANY_APPLICATIONS): Explanation(
        "the namespace has `maxApplications` that are older",
        "delete one of them: this object is looked at again at once",
    ),
    (Type.POLICY_ALLOWED, Reason.USERS_NOT_ALLOWED): Explanation(
        "policies speak of users, and none that does selects this namespace",
        "declare the user elsewhere, or have a policy with `users` select the namespace",
    ),
    (Type.POLICY_ALLOWED, Reason.GROUP_NOT_ALLOWED): Explanation("a group is not among `users.groups`", "remove it"),
    (Type.SECRET_READY, Reason.GENERATED): Explanation(
        "true: the operator made the Secret and keeps it as it should be", ""
    ),
    (Type.SECRET_READY, Reason.FOUND): Explanation("true: the Secret that the manifest names is used", ""),
    (Type.SECRET_READY, Reason.NOT_NEEDED): Explanation(
        "true: a public application, one that signs (`private_key_jwt`), one that shows tokens of its workload "
        "(`clientAuthentication`), a client that registered itself and alone knows its secret, or a user without a "
        "password",
        "",
    ),
    (Type.SECRET_READY, Reason.WAITING_FOR_SECRET): Explanation(
        "the named Secret, its label `ostiary.dev/secret=true` or its key is missing",
        "create it; nothing is invented meanwhile",
    ),
    (Type.SECRET_READY, Reason.NOT_USABLE): Explanation(
        "its value is empty, or holds a line break or another character that no client secret may have, or its hash is"
        " of no kind that is known here; or a generated Secret was made immutable. The message says which",
        "write it again, or delete it where it is generated",
    ),
    (Type.SECRET_READY, Reason.NOT_OURS): Explanation(
        "a Secret of the name to be generated exists and was not made for this application",
        "delete it, or set `secret.name`, or `secret.mode: Require`",
    ),
    (Type.SECRET_READY, Reason.OTHER_TYPE): Explanation(
        "the Secret has another type than `secret.type`, and Kubernetes lets nobody change it",
        "give it another `secret.name`, too, or delete it for a new secret",
    ),
    (Type.SECRET_READY, Reason.FORBIDDEN): Explanation(
        "the operator may not use Secrets in this namespace", "run the command in the message"
    ),
    (Type.SYNCED, Reason.STORED): Explanation("true", ""),
    (Type.SYNCED, Reason.REFUSED): Explanation("`Accepted` or `PolicyAllowed` is false", "see there"),
    (Type.SYNCED, Reason.POLICIES_UNKNOWN): Explanation(
        "a policy is not understood, or the operator may not list policies or namespaces any more; nothing is decided",
        "see the message; it is tried again",
    ),
    (Type.SYNCED, Reason.WAITING_FOR_SECRET): Explanation(
        "`SecretReady` is false, and nothing is stored for this object yet", "see there"
    ),
    (Type.SYNCED, Reason.WAITING_FOR_CALLBACKS): Explanation(
        "`callbackURLsFrom` has given no callback and none is listed, so nobody can sign in: a new application is not "
        "stored yet, one whose routes went is stored without",
        "see `CallbacksResolved`",
    ),
    (Type.SYNCED, Reason.SUSPENDED): Explanation(
        "unknown: `spec.suspend` is true, nothing is looked at", "set it to false"
    ),
    (Type.SYNCED, Reason.DATABASE_UNAVAILABLE): Explanation(
        "the database did not answer", "nothing: it is tried again"
    ),
    (Type.SYNCED, Reason.CLUSTER_UNAVAILABLE): Explanation(
        "the Kubernetes API did not answer", "nothing: it is tried again"
    ),
    (Type.SYNCED, Reason.FORBIDDEN): Explanation(
        "the operator may not use Secrets in this namespace, so deletion with `Orphan` cannot release one",
        "run the command in the message",
    ),
    (Type.SYNCED, Reason.INTERNAL_ERROR): Explanation(
        "a defect of the operator, which its log describes", "report it; it is tried again"
    ),
    (Type.SERVING, Reason.SERVED): Explanation(
        "true: every live replica has applied the revision. It does not fall when replicas come or go", ""
    ),
    (Type.READY, Reason.READY): Explanation("true", ""),
    (Type.SERVING, Reason.WAITING_FOR_REPLICAS): Explanation(
        "a live replica has not applied the revision yet, for a second or more", "look at that replica, if it stays so"
    ),
    (Type.SERVING, Reason.NO_REPLICA): Explanation(
        "unknown: no replica has been live for 30 seconds", "look at the server"
    ),
    (Type.SERVING, Reason.NOT_STORED): Explanation("there is nothing to serve", "see `Accepted` and `SecretReady`"),
    (Type.CALLBACKS_RESOLVED, Reason.RESOLVED): Explanation(
        "true; the message counts them, and names hosts that were skipped", ""
    ),
    (Type.CALLBACKS_RESOLVED, Reason.ROUTE_NOT_FOUND): Explanation(
        "there is no such object in this namespace; what it gave has ended",
        "create it, or take it out of `callbackURLsFrom`",
    ),
    (Type.CALLBACKS_RESOLVED, Reason.ROUTE_NOT_ACCEPTED): Explanation(
        "every gateway that judged the HTTPRoute refuses it; what it gave has ended", "look at what the gateway said"
    ),
    (Type.CALLBACKS_RESOLVED, Reason.PENDING): Explanation(
        "no gateway has judged what the HTTPRoute says now", "nothing, for a moment; then look at its `parentRefs`"
    ),
    (Type.CALLBACKS_RESOLVED, Reason.NO_HOSTS): Explanation(
        "the route names no host that can be a callback: none, a wildcard, or a rule for every host",
        "name hosts in the route, or list `callbackURLs`",
    ),
    (Type.CALLBACKS_RESOLVED, Reason.TOO_MANY_HOSTS): Explanation(
        "with those of routes there would be more than 64 callback URLs; the message says how many are left out",
        "split the application",
    ),
    (Type.CALLBACKS_RESOLVED, Reason.NO_GATEWAY_API): Explanation(
        "the cluster does not know HTTPRoutes", "install the Gateway API, or use an Ingress"
    ),
    (Type.CALLBACKS_RESOLVED, Reason.FORBIDDEN): Explanation(
        "the operator may not list such objects in this namespace",
        "set `rbac.routes` of the chart, or run the command in the message",
    ),
    (Type.CALLBACKS_RESOLVED, Reason.CLUSTER_UNAVAILABLE): Explanation(
        "the Kubernetes API does not list them", "nothing: it is tried again"
    ),
    (Type.CALLBACKS_RESOLVED, Reason.NOT_FOLLOWED): Explanation(
        "`ostiary up` has no cluster, and follows nothing", "list `callbackURLs`, too"
    ),
    (Type.DISCOURAGED_GRANT_MODE, Reason.IN_USE): Explanation(
        "`implicit` or `password` is on (RFC 9700 sections 2.1.2 and 2.4)",
        "move the application to `authorization_code` with PKCE",
    ),
    (Type.ADDRESS_READY, Reason.PUBLISHED): Explanation(
        "true: a controller has given the Ingress an address, or every gateway accepts the route and its references", ""
    ),
    (Type.ADDRESS_READY, Reason.PENDING): Explanation(
        "no controller has taken the object yet; the message names it and what was said of it",
        "look at the class or the gateway that it names",
    ),
    (Type.ADDRESS_READY, Reason.NOT_PUBLISHABLE): Explanation(
        "the address is an IP address, which neither kind of object can have for a host",
        "use a name, or lead it to the server by other means",
    ),
    (Type.ADDRESS_READY, Reason.NO_GATEWAY_API): Explanation(
        "the cluster does not know HTTPRoutes", "install the Gateway API, or set `OSTIARY_ADDRESS_KIND` to `Ingress`"
    ),
    (Type.ADDRESS_READY, Reason.FORBIDDEN): Explanation(
        "the operator may not keep such objects in its namespace, or an admission webhook refuses this one; the "
        "message has the cluster's words",
        "change what the webhook minds, or grant `get`, `list`, `watch`, `create`, `patch` and `delete` on them there",
    ),
    (Type.PREVIOUS_SECRET_STILL_IN_USE, Reason.STILL_IN_USE): Explanation(
        "true: a secret that another has followed has authenticated since; the message names it",
        "let the application read its Secret again before `expiresAt` of `status.credentials`, such as by a restart",
    ),
    (Type.PREVIOUS_SECRET_STILL_IN_USE, Reason.UNUSED): Explanation(
        "false: only the one in the Secret has been used since it came", ""
    ),
    (Type.WORKLOADS_RESTARTED, Reason.RESTARTED): Explanation("true: all of them run with the secret of now", ""),
    (Type.WORKLOADS_RESTARTED, Reason.RESTARTING): Explanation(
        "one is being rolled, the message names it; the next follows when it is up",
        "if it stays so: `kubectl rollout status` of that workload",
    ),
    (Type.WORKLOADS_RESTARTED, Reason.WORKLOAD_NOT_FOUND): Explanation(
        "one is not in this namespace; the message names it", "create it, or take it out of `rotation.restart`"
    ),
    (Type.CREDENTIAL_VERIFIED, Reason.VERIFIED): Explanation("true; the message names the secret by its id", ""),
    (Type.CREDENTIAL_VERIFIED, Reason.REJECTED): Explanation(
        "a replica refused it four times; it is tried again every 30 seconds",
        "the server's log has the reason beside the client id",
    ),
    (Type.CREDENTIAL_VERIFIED, Reason.NOT_ASKED): Explanation(
        "unknown: no replica answered at `OSTIARY_SERVER_URL`, or the Secret could not be read",
        "let the operator's pods reach that address; it is tried again every 30 seconds",
    ),
    (Type.DRIFTED, Reason.CORRECTED): Explanation(
        "false: the row is as the manifest says again", "find out who it was; change the manifest instead"
    ),
    (Type.DRIFTED, Reason.REPORTED): Explanation(
        "true: `driftPolicy: Report` left it; replicas that start serve what was found, others what was declared",
        "change the manifest, or set `driftPolicy` to `Correct`",
    ),
    (Type.DRIFTED, Reason.FOUGHT_OVER): Explanation(
        "true: it was put right five times within ten minutes, and somebody keeps changing it",
        "find out who it is; it is tried again after ten minutes",
    ),
    (Type.UNUSED, Reason.NO_TOKEN_ISSUED): Explanation(
        "true: since then, or ever",
        "delete the object, or set `enabled` to false; a client that comes back gets tokens as before",
    ),
}
