"""Every condition and every reason that a status can show. docs/reference/conditions.md explains each (tested)."""

from enum import StrEnum


class Type(StrEnum):
    """What a condition is about. `Serving` and `Ready` belong to the serving side of status, the rest to reconcile."""

    ACCEPTED = "Accepted"
    SYNCED = "Synced"
    SECRET_READY = "SecretReady"
    SERVING = "Serving"
    READY = "Ready"
    CALLBACKS_RESOLVED = "CallbacksResolved"
    DISCOURAGED_GRANT_MODE = "DiscouragedGrantMode"
    ADDRESS_READY = "AddressReady"
    PREVIOUS_SECRET_STILL_IN_USE = "PreviousSecretStillInUse"
    WORKLOADS_RESTARTED = "WorkloadsRestarted"
    DRIFTED = "Drifted"
    CREDENTIAL_VERIFIED = "CredentialVerified"
    UNUSED = "Unused"
    POLICY_ALLOWED = "PolicyAllowed"


class Reason(StrEnum):
    """Why a condition is as it is."""

    # Accepted
    ACCEPTED = "Accepted"
    INVALID_SPEC = "InvalidSpec"
    CONFLICT = "Conflict"
    CLIENT_ID_NOT_ALLOWED = "ClientIDNotAllowed"
    NAMESPACE_NOT_ALLOWED = "NamespaceNotAllowed"
    NO_ADDRESS = "NoAddress"
    NO_CLUSTER_ISSUER = "NoClusterIssuer"
    NOT_REGISTERED = "NotRegistered"
    ADOPTION_NOT_PROVEN = "AdoptionNotProven"
    # Synced
    STORED = "Stored"
    REFUSED = "Refused"
    SUSPENDED = "Suspended"
    WAITING_FOR_SECRET = "WaitingForSecret"
    WAITING_FOR_CALLBACKS = "WaitingForCallbacks"
    POLICIES_UNKNOWN = "PoliciesUnknown"
    DATABASE_UNAVAILABLE = "DatabaseUnavailable"
    CLUSTER_UNAVAILABLE = "ClusterUnavailable"
    INTERNAL_ERROR = "InternalError"
    # SecretReady
    GENERATED = "Generated"
    FOUND = "Found"
    NOT_NEEDED = "NotNeeded"
    NOT_OURS = "NotOurs"
    FORBIDDEN = "Forbidden"
    NOT_USABLE = "NotUsable"
    OTHER_TYPE = "OtherType"
    # Serving
    SERVED = "Served"
    WAITING_FOR_REPLICAS = "WaitingForReplicas"
    NOT_STORED = "NotStored"
    NO_REPLICA = "NoReplica"
    # Ready
    READY = "Ready"
    # CallbacksResolved
    RESOLVED = "Resolved"
    ROUTE_NOT_FOUND = "RouteNotFound"
    ROUTE_NOT_ACCEPTED = "RouteNotAccepted"
    NO_HOSTS = "NoHosts"
    TOO_MANY_HOSTS = "TooManyHosts"
    NOT_FOLLOWED = "NotFollowed"
    # DiscouragedGrantMode
    IN_USE = "InUse"
    # PreviousSecretStillInUse
    STILL_IN_USE = "StillInUse"
    UNUSED = "Unused"
    # WorkloadsRestarted
    RESTARTED = "Restarted"
    RESTARTING = "Restarting"
    WORKLOAD_NOT_FOUND = "WorkloadNotFound"
    # CredentialVerified
    VERIFIED = "Verified"
    REJECTED = "Rejected"
    NOT_ASKED = "NotAsked"
    # Drifted
    CORRECTED = "Corrected"
    REPORTED = "Reported"
    FOUGHT_OVER = "FoughtOver"
    # Unused
    NO_TOKEN_ISSUED = "NoTokenIssued"
    # AddressReady
    PUBLISHED = "Published"
    PENDING = "Pending"
    NOT_PUBLISHABLE = "NotPublishable"
    NO_GATEWAY_API = "NoGatewayAPI"
    # PolicyAllowed
    ALLOWED = "Allowed"
    NOT_SELECTED = "NotSelected"
    CALLBACK_HOST_NOT_ALLOWED = "CallbackHostNotAllowed"
    ADDRESS_NOT_ALLOWED = "AddressNotAllowed"
    GRANT_MODE_NOT_ALLOWED = "GrantModeNotAllowed"
    SCOPE_NOT_ALLOWED = "ScopeNotAllowed"
    AUDIENCE_NOT_ALLOWED = "AudienceNotAllowed"
    ISSUER_NOT_ALLOWED = "IssuerNotAllowed"
    LIFETIME_TOO_LONG = "LifetimeTooLong"
    PKCE_REQUIRED = "PKCERequired"
    CONSENT_REQUIRED = "ConsentRequired"
    TEMPLATE_NOT_ALLOWED = "TemplateNotAllowed"
    TOO_MANY_APPLICATIONS = "TooManyApplications"
    USERS_NOT_ALLOWED = "UsersNotAllowed"
    GROUP_NOT_ALLOWED = "GroupNotAllowed"
