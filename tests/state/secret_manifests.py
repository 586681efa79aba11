"""What is said of an application's Secret, accepted and refused, as data."""

from typing import Any

from tests.state.cases import EC, Refused, application, at, public

SIGNS: dict[str, Any] = {"tokenEndpointAuthMethod": "private_key_jwt", "jwks": {"keys": [EC]}}


def secret(**spec: Any) -> dict[str, Any]:
    return application(secret=spec)


ACCEPTED_SECRETS: dict[str, dict[str, Any]] = {
    "all-of-a-secret": secret(
        name="shop",
        type="kubernetes.io/basic-auth",
        keys={
            "clientID": "CLIENT_ID",
            "clientSecret": "CLIENT_SECRET",
            "jwksURI": "JWKS",
            "endSessionEndpoint": "LOGOUT",
        },
        aliases=[{"name": "username", "from": "clientID"}, {"name": "password", "from": "clientSecret"}],
        labels={"example.com/team": "shop", "plain": ""},
        annotations={"reloader.example.com/match": "true", "note": "any text: at all"},
        template={
            ".env": "OIDC_ID={{ clientID }}\nOIDC_SECRET={{ clientSecret }}\n",
            "basic": '{{ clientID | append: ":" | append: clientSecret | base64_encode }}',
            "kept": "{% raw %}{{ .Values }}{% endraw %}",
        },
    ),
    "secret-that-is-brought-along-under-another-key": secret(mode="Require", keys={"clientSecret": "password"}),
    "signs-and-has-a-secret-without-one": application(**SIGNS, secret={"name": "shop"}),
    "signs-and-has-none": application(**SIGNS, secret={"mode": "None"}),
}

REFUSED_SECRETS: tuple[Refused, ...] = (
    *at(
        "spec.secret",
        "an application authenticates in one way",
        {"signs-and-requires-a-secret": application(**SIGNS, secret={"mode": "Require"})},
    ),
    *at("spec.secret", "it could not authenticate", {"no-secret-at-all": secret(mode="None")}),
    *at(
        "spec.secret",
        "another Secret is not written",
        {
            "required-with-aliases": secret(mode="Require", aliases=[{"name": "a", "from": "issuer"}]),
            "required-with-labels": secret(mode="Require", labels={"a": "b"}),
            "required-with-annotations": secret(mode="Require", annotations={"a": "b"}),
            "required-with-a-template": secret(mode="Require", template={"a": "b"}),
            "required-of-a-type": secret(mode="Require", type="example.com/x"),
        },
    ),
    *at(
        "spec.secret.type",
        "write another type",
        {
            # its annotation would name any service account of the namespace, and Kubernetes fill in a token of it
            "token-of-a-service-account": secret(type="kubernetes.io/service-account-token"),
            "bootstrap-token": secret(type="bootstrap.kubernetes.io/token"),
        },
    ),
    *at(
        "spec.secret.keys.clientID",
        "use letters, digits and - . _ only",
        {"key-with-a-space": secret(keys={"clientID": "client id"})},
    ),
    *at(
        "spec.secret.aliases[0].name",
        "use letters, digits and - . _ only",
        {"alias-with-a-slash": secret(aliases=[{"name": "a/b", "from": "issuer"}])},
    ),
    *at("spec.secret", "remove secret, or set type", {"public-with-a-shape": public(secret={"labels": {"a": "b"}})}),
)

REFUSED_SECRETS += at(
    "spec.adopt",
    "set secret.mode to Require",
    {
        "adoption-without-a-secret": application(adopt={"uid": "1"}),
        "adoption-with-a-generated-secret": application(adopt={"uid": "1"}, secret={"name": "mine"}),
    },
)
ACCEPTED_SECRETS |= {
    "adoption": application(adopt={"uid": "1"}, secret={"name": "mine", "mode": "Require"}),
    "adoption-of-a-public-one": application(type="Public", adopt={"uid": "1"}),
}

SECRETS_REFUSED_BEYOND_CEL: tuple[Refused, ...] = (
    *at(
        "spec.secret.keys",
        "give issuer one value",
        {
            "key-twice": secret(keys={"clientID": "issuer"}),
            "alias-of-a-key": secret(aliases=[{"name": "issuer", "from": "clientID"}]),
            "template-of-a-key": secret(template={"issuer": "x"}),
        },
    ),
    *at("spec.secret.template", "use letters, digits", {"file-with-a-slash": secret(template={"a/b": "x"})}),
    *at(
        "spec.secret.labels",
        "write a name such as",
        {"label-of-two-slashes": secret(labels={"a/b/c": "x"}), "label-in-quotes": secret(labels={"a b": "x"})},
    ),
    *at("spec.secret.labels.team", "write at most 63", {"label-with-a-space": secret(labels={"team": "a b"})}),
    *at(
        "spec.secret.labels",
        "Ostiary sets it itself",
        {
            "own-label": secret(labels={"ostiary.dev/secret": "false"}),
            "managed-by": secret(labels={"app.kubernetes.io/managed-by": "Helm"}),
        },
    ),
    *at(
        "spec.secret.annotations",
        "Ostiary sets it itself",
        {"own-annotation": secret(annotations={"ostiary.dev/application": "other"})},
    ),
    *at(
        "spec.secret.template.a",
        "line 2: 'password' is undefined",
        {"unknown-value": secret(template={"a": "x\n{{ password }}"})},
    ),
    *at(
        "spec.secret.template.a",
        "line 1: ",
        {
            "statement": secret(template={"a": "{% for i in (1..9) %}x{% endfor %}"}),
            "assignment": secret(template={"a": "{% assign x = 1 %}"}),
            "file-of-another": secret(template={"a": '{% include "b" %}'}),
            "unknown-filter": secret(template={"a": '{{ clientID | replace: "a", "b" }}'}),
            "unfinished": secret(template={"a": "{{ clientID"}),
            "secret-of-one-that-signs": application(**SIGNS, secret={"template": {"a": "{{ clientSecret }}"}}),
        },
    ),
    *at(
        "spec.secret.aliases",
        "has no clientSecret",
        {
            "alias-of-no-secret": application(
                **SIGNS, secret={"aliases": [{"name": "password", "from": "clientSecret"}]}
            )
        },
    ),
)
