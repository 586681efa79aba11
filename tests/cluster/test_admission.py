"""A real API server refuses what `ostiary check` refuses, at the same field and in the same words."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from kubernetes.client import ApiClient, CustomObjectsApi
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config

from ostiary_state.applications.rules import violations
from ostiary_state.applications.spec import OAuthApplicationSpec, canonical
from tests.cluster.access import Access
from tests.state.manifests import (
    ACCEPTED_APPLICATIONS,
    BAD_CALLBACKS,
    REFUSED_APPLICATIONS,
    UNREADABLE_APPLICATIONS,
    Refused,
    application,
    public,
)
from tests.state.user_manifests import ACCEPTED_USERS, REFUSED_USERS, UNREADABLE_USERS

PLURAL = {"OAuthApplication": "oauthapplications", "OAuthUser": "oauthusers"}

Create = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Cause:
    """One mistake as the API server answers it."""

    field: str
    message: str


class AdmissionRefused(Exception):
    def __init__(self, causes: list[Cause]) -> None:
        super().__init__(causes)
        self.causes = causes


@pytest.fixture(scope="module")
def api(crds: Access) -> CustomObjectsApi:
    client: ApiClient = new_client_from_config(str(crds.kubeconfig))  # type: ignore[no-untyped-call]
    return CustomObjectsApi(client)


@pytest.fixture(scope="module")
def empty_namespace(kube: Access) -> Iterator[str]:
    """One for all that is only tried and never kept."""
    name = f"admission-{uuid.uuid4().hex[:8]}"
    kube.kubectl("create", "namespace", name)
    yield name
    kube.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def admit(api: CustomObjectsApi, empty_namespace: str) -> Create:
    """What the API server makes of a new object, without keeping it."""

    def create(kind: str, spec: dict[str, Any], name: str = "shop") -> dict[str, Any]:
        body = {"apiVersion": "ostiary.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        return answered(
            lambda: api.create_namespaced_custom_object(
                "ostiary.dev", "v1alpha1", empty_namespace, PLURAL[kind], body, dry_run="All", field_validation="Strict"
            )
        )

    return create


def answered(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = call()
    except ApiException as error:
        details = json.loads(error.body or "{}").get("details", {})
        if "causes" not in details:  # not refused by a rule: such as a field that the definition does not have
            raise
        causes = [Cause(cause.get("field", ""), cause["message"]) for cause in details["causes"]]
        raise AdmissionRefused(causes) from None
    return stored


@pytest.mark.parametrize("spec", ACCEPTED_APPLICATIONS.values(), ids=ACCEPTED_APPLICATIONS)
def test_a_good_application_is_admitted_and_its_defaults_change_nothing(admit: Create, spec: dict[str, Any]) -> None:
    stored = admit("OAuthApplication", spec)["spec"]
    assert stored["tokenLifetimes"].keys() >= {"accessToken", "refreshTokenAbsolute"}
    assert canonical(OAuthApplicationSpec.read(stored)) == canonical(OAuthApplicationSpec.read(spec))


@pytest.mark.parametrize("spec", ACCEPTED_USERS.values(), ids=ACCEPTED_USERS)
def test_a_good_user_is_admitted_with_every_claim(admit: Create, spec: dict[str, Any]) -> None:
    assert admit("OAuthUser", spec)["spec"].get("claims", {}) == spec.get("claims", {})


@pytest.mark.parametrize("case", REFUSED_APPLICATIONS, ids=lambda case: case.name)
def test_a_bad_application_is_refused_at_the_same_field_with_the_same_words(admit: Create, case: Refused) -> None:
    with pytest.raises(AdmissionRefused) as refused:
        admit("OAuthApplication", case.spec)
    assert any(cause.field == case.field and case.says in cause.message for cause in refused.value.causes)
    assert {cause.field for cause in refused.value.causes} == {case.field}


@pytest.mark.parametrize("case", REFUSED_USERS, ids=lambda case: case.name)
def test_a_bad_user_is_refused_at_the_same_field_with_the_same_words(admit: Create, case: Refused) -> None:
    with pytest.raises(AdmissionRefused) as refused:
        admit("OAuthUser", case.spec)
    assert [cause.field for cause in refused.value.causes] == [case.field]
    assert case.says in refused.value.causes[0].message


@pytest.mark.parametrize(
    ("kind", "field", "spec"),
    [
        *(("OAuthApplication", field, spec) for field, spec in UNREADABLE_APPLICATIONS.values()),
        *(("OAuthUser", field, spec) for field, spec in UNREADABLE_USERS.values()),
    ],
    ids=[*UNREADABLE_APPLICATIONS, *UNREADABLE_USERS],
)
def test_what_cannot_be_read_is_refused(admit: Create, kind: str, field: str, spec: dict[str, Any]) -> None:
    with pytest.raises(AdmissionRefused) as refused:
        admit(kind, spec)
    assert any(cause.field.startswith(field.partition("[")[0]) for cause in refused.value.causes)


def test_regular_expressions_mean_the_same_to_the_api_server_and_to_python(admit: Create) -> None:
    random = Random(20261123)
    bases = [uri for uri, _ in BAD_CALLBACKS.values()] + ["https://a.example/b?c=d", "http://[::1]:80/", "a.b:/c"]
    uris = list(dict.fromkeys(changed(random.choice(bases), random) for _ in range(1500)))
    for start in range(0, len(uris), 64):
        spec = public(callbackURLs=uris[start : start + 64])
        mine = violations(OAuthApplicationSpec.read(spec), namespace="default", name="shop")
        with pytest.raises(AdmissionRefused) as refused:
            admit("OAuthApplication", spec)
        assert {cause.field for cause in refused.value.causes} == {violation.field for violation in mine}


def changed(uri: str, random: Random) -> str:
    """The URI with up to three characters put in or taken out."""
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(uri) + 1)
        put = random.choice(["", *"/\\@:#?*.%;2eEfF05cCaA[]~ \n\t\x00$'()\u00fc\u2028"])
        uri = uri[:at] + put + uri[at + random.randint(0, 1) :]
    return uri or "/"


def test_a_registered_claim_is_refused_in_any_shape(admit: Create) -> None:
    with pytest.raises(AdmissionRefused):
        admit("OAuthUser", {"username": "ada", "claims": {"aud": ["a", "b"]}})


def test_a_name_that_is_too_long_for_a_client_id_is_refused(admit: Create) -> None:
    assert admit("OAuthApplication", application(), name="x" * 63)
    with pytest.raises(AdmissionRefused) as refused:
        admit("OAuthApplication", application(), name="x" * 64)
    assert "at most 63 characters" in refused.value.causes[0].message


def test_the_largest_manifest_that_the_limits_allow_is_within_the_budget_of_the_rules(admit: Create) -> None:
    longest = [f"https://shop.example.com/{index:03}/" + "a" * 2015 for index in range(64)]
    spec = application(callbackURLs=longest, postLogoutRedirectURLs=longest)
    assert len(admit("OAuthApplication", spec)["spec"]["callbackURLs"]) == 64


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (application(clientID="a"), application(clientID="b"), "spec.clientID"),
        (application(clientID="a"), application(), "spec.clientID"),
        (application(), application(clientID="a"), "spec.clientID"),
        (application(), public(), "spec.type"),
        (public(), application(), "spec.type"),
    ],
    ids=["changed", "removed", "set", "made-public", "back-to-the-default"],
)
def test_what_cannot_change_is_refused_at_admission(
    api: CustomObjectsApi, namespace: str, old: dict[str, Any], new: dict[str, Any], field: str
) -> None:
    stored = put(api, namespace, old)
    with pytest.raises(AdmissionRefused) as refused:
        put(api, namespace, new, stored)
    assert [cause.field for cause in refused.value.causes] == [field]
    assert "cannot be changed" in refused.value.causes[0].message


def test_all_else_may_change_at_admission(api: CustomObjectsApi, namespace: str) -> None:
    stored = put(api, namespace, application(clientID="shop"))
    assert put(api, namespace, ACCEPTED_APPLICATIONS["everything"], stored)["spec"]["consent"] == "Skip"


def test_kubectl_lists_and_explains_the_kinds(crds: Access, api: CustomObjectsApi, namespace: str) -> None:
    put(api, namespace, application(grantModes=["authorization_code", "refresh_token"]))
    listed = crds.kubectl("get", "oauthapp", "--namespace", namespace)
    wide = crds.kubectl("get", "ostiary", "--namespace", namespace, "-o", "wide")
    assert listed.split("\n")[0].split() == ["NAME", "CLIENT", "ID", "ENABLED", "TYPE", "READY", "REASON", "AGE"]
    assert '["authorization_code","refresh_token"]' in wide
    assert "compared character by character" in crds.kubectl("explain", "oauthapp.spec.callbackURLs")


def put(
    api: CustomObjectsApi, namespace: str, spec: dict[str, Any], stored: dict[str, Any] | None = None
) -> dict[str, Any]:
    metadata = {"name": "shop"}
    if stored is not None:
        metadata["resourceVersion"] = stored["metadata"]["resourceVersion"]
    body = {"apiVersion": "ostiary.dev/v1alpha1", "kind": "OAuthApplication", "metadata": metadata, "spec": spec}
    where = ("ostiary.dev", "v1alpha1", namespace, "oauthapplications")
    if stored is None:
        return answered(lambda: api.create_namespaced_custom_object(*where, body))
    return answered(lambda: api.replace_namespaced_custom_object(*where, "shop", body))
