"""What is said of workloads whose tokens authenticate an application, accepted and refused, as data."""

from typing import Any

from tests.state.cases import EC, Refused, application, at, public

FORGE = {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:example/shop:ref:refs/heads/main"}


def workload(**spec: Any) -> dict[str, Any]:
    """An application that authenticates by its service account."""
    return application(clientAuthentication={"serviceAccountRef": {"name": "shop"}}, **spec)


def federated(*identities: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return application(clientAuthentication={"federated": list(identities)}, **spec)


FEDERATED_TWICE = federated(FORGE, FORGE | {"audience": "x"})
ACCEPTED_WORKLOADS: dict[str, dict[str, Any]] = {
    "service-account": workload(),
    "service-account-and-keys-of-its-request-objects": workload(jwks={"keys": [EC]}),
    "service-account-and-a-secret-without-one": workload(secret={"name": "shop"}),
    "service-account-and-no-secret": workload(secret={"mode": "None"}),
    "service-account-and-pipelines": application(
        clientAuthentication={"serviceAccountRef": {"name": "shop.web"}, "federated": [FORGE]}
    ),
    "federated": federated(
        FORGE,
        FORGE | {"subject": "repo:example/shop:environment:production", "audience": "ostiary"},
        {"issuer": "https://kubernetes.default.svc.cluster.local", "subject": "x", "jwks": {"keys": [EC]}},
        {"issuer": "https://login.microsoftonline.com/1/v2.0", "subject": "a b", "jwksURL": "https://keys.example.com"},
        {"issuer": "https://accounts.google.com", "subject": "112233445566778899000"},
    ),
}

REFUSED_WORKLOADS: tuple[Refused, ...] = (
    *at(
        "spec.clientAuthentication",
        "set type to Confidential",
        {"public-with-a-workload": public(clientAuthentication={"federated": [FORGE]})},
    ),
    *at(
        "spec.clientAuthentication",
        "give it serviceAccountRef or federated",
        {"workload-of-nobody": application(clientAuthentication={}), "workload-of-none": federated()},
    ),
    *at(
        "spec.tokenEndpointAuthMethod",
        "an application authenticates in one way",
        {
            "workload-and-a-secret": workload(tokenEndpointAuthMethod="client_secret_basic"),
            "workload-and-a-secret-in-the-body": workload(tokenEndpointAuthMethod="client_secret_post"),
            "workload-and-a-key": workload(tokenEndpointAuthMethod="private_key_jwt", jwks={"keys": [EC]}),
        },
    ),
    *at(
        "spec.tokenEndpointAuthMethod",
        "or type to Public",
        {"workload-and-none": workload(tokenEndpointAuthMethod="none")},
    ),
    *at(
        "spec.tokenEndpointAuthSigningAlg",
        "nothing else is signed there",
        {"workload-and-an-algorithm": workload(tokenEndpointAuthSigningAlg="ES256")},
    ),
    *at(
        "spec.secret",
        "an application authenticates in one way",
        {"workload-and-a-required-secret": workload(secret={"mode": "Require"})},
    ),
    *at(
        "spec.rotation",
        "this application has no client secret",
        {"workload-and-a-rotation": workload(rotation={"interval": "720h"})},
    ),
    *at(
        "spec.clientAuthentication",
        "whose token is the secret",
        {
            "template-of-a-workload": {
                "grantModes": ["authorization_code"],
                "dynamicRegistration": {"maxClients": 1},
                "clientAuthentication": {"federated": [FORGE]},
            }
        },
    ),
    *at(
        "spec.clientAuthentication",
        "authenticates as it registered",
        {
            "registered-workload": application(
                clientID="dyn_1", registeredBy="template", clientAuthentication={"federated": [FORGE]}
            )
        },
    ),
    *at(
        "spec.clientAuthentication",
        "at most one of jwks and jwksURL",
        {"two-places-for-keys": federated(FORGE | {"jwks": {"keys": [EC]}, "jwksURL": "https://keys.example.com"})},
    ),
    *at(
        "spec.clientAuthentication.federated[0].issuer",
        "write the iss of its tokens",
        {
            f"issuer-{index}": federated(FORGE | {"issuer": issuer})
            for index, issuer in enumerate(
                (
                    "http://issuer.example",
                    "https://",
                    "issuer",
                    "https://a@b.example",
                    "https://a.example?b",
                    "https:/a",
                )
            )
        },
    ),
    *at(
        "spec.clientAuthentication.federated[0].subject",
        "there are no wildcards",
        {"every-branch": federated(FORGE | {"subject": "repo:example/shop:*"})},
    ),
    *at(
        "spec.clientAuthentication.federated[0].subject",
        "write the sub as it is",
        {"subject-with-a-space-behind": federated(FORGE | {"subject": "a "})},
    ),
    *at(
        "spec.clientAuthentication.federated[0].jwksURL",
        "begin with https://",
        {"keys-over-http": federated(FORGE | {"jwksURL": "http://keys.example.com"})},
    ),
    *at(
        "spec.clientAuthentication.serviceAccountRef.name",
        "write the name of a Kubernetes object",
        {"service-account-elsewhere": application(clientAuthentication={"serviceAccountRef": {"name": "other/shop"}})},
    ),
)

WORKLOADS_REFUSED_BEYOND_CEL: tuple[Refused, ...] = (
    *at(
        "spec.clientAuthentication.federated[0].jwks",
        "remove what is secret",
        {"private-keys-of-a-workload": federated(FORGE | {"jwks": {"keys": [EC | {"d": "x"}]}})},
    ),
    *at(
        "spec.secret.template.a",
        "'clientSecret' is undefined",
        {"secret-of-a-workload": workload(secret={"template": {"a": "{{ clientSecret }}"}})},
    ),
)
