"""The same rules for the API server: specs of ValidatingAdmissionPolicies, so that `kubectl apply` refuses already.

`python -m ostiary_state.policies.admission charts/ostiary/files/admission/` writes them; a test compares them. Each
OAuthApplicationPolicy is a parameter, and the API server holds an object against each of them by itself. So what
several decide together stays with the operator: that none selects a namespace, and how many applications there are.

A change of metadata passes, even of an object that a policy no longer allows, and so does whatever happens during its
deletion: else no finalizer could be removed.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from ostiary_state.applications.crd import APPLICATION
from ostiary_state.kinds.custom_resource import GROUP, VERSION, Kind
from ostiary_state.policies.crd import POLICY
from ostiary_state.policies.rules import APPLICATION_RULES, USER_RULES, PolicyRule
from ostiary_state.users.crd import USER

_LABELS = "namespaceObject.metadata.labels"
_SELECTOR = "params.spec.namespaceSelector"
_SELECTED = f"""\
(!has({_SELECTOR}.matchLabels) || {_SELECTOR}.matchLabels.all(key,
  key in {_LABELS} && {_LABELS}[key] == {_SELECTOR}.matchLabels[key]))
&& (!has({_SELECTOR}.matchExpressions) || {_SELECTOR}.matchExpressions.all(each,
  each.operator == 'In' ? each.key in {_LABELS} && {_LABELS}[each.key] in each.values
  : each.operator == 'NotIn' ? !(each.key in {_LABELS}) || !({_LABELS}[each.key] in each.values)
  : each.operator == 'Exists' ? each.key in {_LABELS}
  : !(each.key in {_LABELS})))"""
_HOSTS = """\
((has(object.spec.callbackURLs) ? object.spec.callbackURLs : [])
  + (has(object.spec.postLogoutRedirectURLs) ? object.spec.postLogoutRedirectURLs : []))
.map(each, !each.matches('^https?://') ? url(each).getScheme() + ':'
  : url(each).getHostname().contains(':') ? '[' + url(each).getHostname() + ']'
  : url(each).getHostname().lowerAscii())"""
_CHANGED = {"name": "spec-changed", "expression": "oldObject == null || object.spec != oldObject.spec"}
_LIVING = {"name": "not-being-deleted", "expression": "!has(object.metadata.deletionTimestamp)"}
_DECLARED = {  # its template is judged instead
    "name": "not-registered-by-itself",
    "expression": "!has(object.spec.registeredBy)",
}


def admission_policies() -> dict[str, dict[str, Any]]:
    """File name to the spec of a ValidatingAdmissionPolicy."""
    hosts = {"name": "hosts", "expression": _HOSTS}
    return {
        f"{APPLICATION.plural}.yaml": _spec(APPLICATION, APPLICATION_RULES, [hosts], [_DECLARED]),
        f"{USER.plural}.yaml": _spec(USER, USER_RULES, [], []),
    }


def admission_files() -> dict[str, str]:
    """File name to YAML."""
    return {
        name: yaml.dump(spec, sort_keys=False, width=10_000, allow_unicode=True)
        for name, spec in admission_policies().items()
    }


def _spec(
    kind: Kind, rules: Iterable[PolicyRule[Any]], variables: list[dict[str, str]], conditions: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        "failurePolicy": "Fail",
        "paramKind": {"apiVersion": f"{GROUP}/{VERSION}", "kind": POLICY.name},
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [GROUP],
                    "apiVersions": [VERSION],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": [kind.plural],
                }
            ]
        },
        "matchConditions": [_CHANGED, _LIVING, *conditions],
        "variables": [{"name": "selected", "expression": _SELECTED}, *variables],
        "validations": [_validation(rule) for rule in rules],
    }


def _validation(rule: PolicyRule[Any]) -> dict[str, str]:
    field = f"spec.{rule.field}" if rule.field else "spec"
    offenders = f"({rule.cel})"
    return {
        "expression": f"!variables.selected || !({rule.applies}) || {offenders}.size() == 0",
        "messageExpression": (
            f"'policy ' + params.metadata.name + ': {field}: ' + {offenders}.join(', ') + ': {rule.says}'"
        ),
        "reason": "Forbidden",
    }


if __name__ == "__main__":
    for name, text in admission_files().items():
        Path(sys.argv[1], name).write_text(text)
