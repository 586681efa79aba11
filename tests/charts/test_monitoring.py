"""Alerts and dashboard ask for what is measured, in PromQL that parses, and each alert has its runbook."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from ostiary_operator.metrics import Metrics as OperatorMetrics
from tests.charts.installations import POSTGRES, SQLITE
from tests.charts.overlays import Values, merged
from tests.charts.rendering import Helm

ROOT = Path(__file__).parents[2]
RUNBOOKS = (ROOT / "docs" / "operations" / "runbooks.md").read_text()
MONITORING = (ROOT / "docs" / "operations" / "monitoring.md").read_text()
SERVER_REFERENCE = (ROOT / "docs" / "reference" / "server-operations.md").read_text()
DASHBOARD = json.loads((ROOT / "charts" / "ostiary" / "files" / "dashboards" / "ostiary.json").read_text())
ON: Values = {
    "metrics": {
        "prometheusRule": {"enabled": True},
        "serviceMonitor": {"enabled": True},
        "dashboard": {"enabled": True},
    }
}
# Prometheus's own, and what its client libraries add to a histogram or have for every process.
FOREIGN = {"up", "process_resident_memory_bytes"}
NAME = re.compile(r"\b([a-z_]+)(?=\{)")


def _rules(values: Values = POSTGRES) -> list[dict[str, Any]]:
    (rule,) = [each for each in Helm().render(merged(values, ON)).documents if each["kind"] == "PrometheusRule"]
    rules: list[dict[str, Any]] = rule["spec"]["groups"][0]["rules"]
    return rules


RULES = _rules()
EXPRESSIONS = {rule["alert"]: rule["expr"] for rule in RULES} | {
    panel["title"]: panel["targets"][0]["expr"].replace("$__rate_interval", "5m")
    for panel in DASHBOARD["panels"]
    if panel["type"] != "row"
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_parses_and_asks_for_what_is_measured(name: str) -> None:
    promql_parser.parse(EXPRESSIONS[name])
    asked = {re.sub(r"_(bucket|count|sum)$", "", each) for each in NAME.findall(EXPRESSIONS[name])} - FOREIGN
    assert asked or "up{" in EXPRESSIONS[name] or FOREIGN & set(NAME.findall(EXPRESSIONS[name]))
    assert asked <= _measured()


def test_there_are_enough_alerts_to_sleep_by() -> None:
    assert len(RULES) >= 20
    assert {rule["labels"]["severity"] for rule in RULES} == {"critical", "warning", "info"}


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    headings = re.findall(r"^## (Ostiary\w+)$", RUNBOOKS, flags=re.MULTILINE)
    assert headings == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/operations/runbooks.md#{rule['alert'].lower()}"
        assert f"| `{rule['alert']}` | {rule['labels']['severity']} |" in MONITORING


def test_links_begin_with_the_address_that_is_given() -> None:
    given = merged(ON, {"metrics": {"prometheusRule": {"runbookURL": "https://runbooks.example.com/ostiary"}}})
    rendered = Helm().render(merged(POSTGRES, given)).documents
    (rule,) = [each for each in rendered if each["kind"] == "PrometheusRule"]
    links = [each["annotations"]["runbook_url"] for each in rule["spec"]["groups"][0]["rules"]]
    assert links[0] == "https://runbooks.example.com/ostiary#ostiaryserverdown"


def test_an_alert_about_pools_needs_a_pool() -> None:
    assert {rule["alert"] for rule in RULES} - {rule["alert"] for rule in _rules(SQLITE)} == {
        "OstiaryDatabaseConnectionsExhausted"
    }


def test_no_placeholder_is_left() -> None:
    assert not [rule["expr"] for rule in RULES if re.search(r"\b(SERVER|OPERATOR|POOL)\b", rule["expr"])]


@pytest.mark.parametrize("values", [SQLITE, POSTGRES], ids=["sqlite", "postgres"])
def test_a_monitor_finds_the_services_that_its_alerts_speak_of(values: Values) -> None:
    documents = Helm().render(merged(values, ON)).documents
    services = [each for each in documents if each["kind"] == "Service"]
    jobs = set()
    for monitor in (each for each in documents if each["kind"] == "ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        (service,) = [each for each in services if wanted <= each["metadata"]["labels"].items()]
        assert monitor["spec"]["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
        jobs.add(service["metadata"]["name"])
    spoken_of = {job for rule in _rules(values) for job in re.findall(r'job="([^"]+)"', rule["expr"])}
    assert spoken_of == jobs


def test_each_panel_says_what_it_shows_and_in_which_unit() -> None:
    for panel in (each for each in DASHBOARD["panels"] if each["type"] != "row"):
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def _measured() -> set[str]:
    """By the operator's registry, and by the server's reference, which another test holds against its registry."""
    operator = {sample.name for metric in OperatorMetrics().registry.collect() for sample in (metric, *metric.samples)}
    families = {metric.name for metric in OperatorMetrics().registry.collect()}
    counted = {f"{name}_total" for name in families}
    return operator | counted | set(re.findall(r"`(ostiary_\w+)`", SERVER_REFERENCE))
