"""The dashboard for Grafana and the rules for Prometheus: they ask only for what /metrics tells, and say what to do."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from core import pulse
from core.queues import Queue
from datasets.models import Dataset
from lightly_platform.env import BASE_DIR
from tests.monitoring.furnished import add

RULES = BASE_DIR / "deploy" / "prometheus" / "lightly.rules.yml"
DASHBOARD = BASE_DIR / "deploy" / "grafana" / "lightly.json"
PAGE = (BASE_DIR / "docs" / "monitoring.md").read_text()
TOKEN = "scrape-me-0123456789"
# Prometheus's own, of each job that it scrapes.
OF_PROMETHEUS = {"up": {"job": {"lightly"}}}

Exported = dict[str, dict[str, set[str]]]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels() for target in panel["targets"]]


def selectors(expression: str) -> Iterator[promql_parser.VectorSelector]:
    """Raises ValueError for what is no PromQL."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return iter(found)


@pytest.fixture
def exported(client: Client, dataset: Dataset, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """All that a furnished installation tells: names, their labels, and the values that these have."""
    settings.LIGHTLY_METRICS_TOKEN = TOKEN
    monkeypatch.setattr(pulse, "queue_lengths", lambda lanes: dict.fromkeys(Queue, 0))
    pulse.leave_worker_signs([*Queue])
    for of in (pulse.WORKER, pulse.SCHEDULER, pulse.SWEEP):
        pulse.leave_sign(of)
    add(dataset, cause="denied", milliseconds=1500)
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    found: Exported = defaultdict(lambda: defaultdict(set))
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name].update()
            for label, value in sample.labels.items():
                found[sample.name][label].add(value)
    return dict(found) | OF_PROMETHEUS


@pytest.mark.django_db
@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_what_is_asked_for_is_told(exported: Exported, expression: str) -> None:
    """The name, each label in braces, and each value that it is compared with."""
    asked = list(selectors(expression))
    assert asked
    for selector in asked:
        assert selector.name in exported, expression
        labels = exported[selector.name]
        for matcher in selector.matchers.matchers:
            assert matcher.name in labels, expression
            values = matcher.value.split("|")
            assert set(values) <= labels[matcher.name], expression


@pytest.mark.django_db
def test_all_that_is_told_is_described_and_drawn(exported: Exported) -> None:
    """Nothing is told that nobody hears of: each metric stands in the table of the page, and is on the dashboard."""
    told = defaultdict[str, set[str]](set)
    for name in set(exported) - set(OF_PROMETHEUS):
        told[re.sub(r"_(bucket|gcount|gsum)$", "", name)] |= set(exported[name])
    rows = re.findall(r"^\| `(lightly_\w+)` \|([^|]*)\|", PAGE, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == told
    names = set(told)
    drawn = {selector.name for panel in panels() for each in panel["targets"] for selector in selectors(each["expr"])}
    # By queue, and by bucket.
    assert names - drawn == {"lightly_queue_length", "lightly_check_seconds_last_hour"}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Lightly[A-Z]\w+", rule["alert"])
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    summary, description = rule["annotations"]["summary"], rule["annotations"]["description"]
    assert set(rule["annotations"]) == {"summary", "description"}
    assert summary.endswith(".")
    assert len(summary) < 100
    assert description.endswith(".")
    assert len(description) > len("Look at the log.")
    assert f"| `{rule['alert']}` | {rule['labels']['severity']} |" in PAGE
    if "for" in rule:
        assert promql_parser.parse_duration(rule["for"]).total_seconds() >= 60
    # A label in the words is one that the expression leaves.
    for label in re.findall(r"\$labels\.(\w+)", f"{summary} {description}"):
        assert label in rule["expr"] or label in {"kind", "place", "queue"}, label


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 15
    assert set(names) == set(re.findall(r"^\| `(Lightly\w+)` \|", PAGE, re.MULTILINE))


def test_the_dashboard_can_be_imported() -> None:
    """It names no Prometheus of ours: whoever imports it chooses theirs."""
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["uid"] == "lightly-platform"
    (variable,) = dashboard["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["description"].endswith(".")
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24


def test_panels_do_not_overlap() -> None:
    taken = set[tuple[int, int]]()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        x, y, w, h = (panel["gridPos"][name] for name in "xywh")
        squares = {(x + right, y + down) for right in range(w) for down in range(h)}
        assert not squares & taken, panel["title"]
        taken |= squares


def test_what_is_no_promql_is_noticed() -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(selectors("sum by (queue lightly_queue_messages"))
