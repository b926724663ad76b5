"""Every rule is broken by one tree, at the place it says, and not by another one that nearly breaks it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contents.annotations.catalogue import RULES
from contents.annotations.documents.rules import UNREADABLE
from contents.annotations.findings import Finding
from contents.annotations.relevant.rules import PLACE
from contents.annotations.relevant.tester import check_relevant_filenames
from contents.annotations.report import Report
from contents.annotations.rules import Severity
from contents.annotations.sources import SourceError
from contents.listing.folder import IMAGES
from tests.contents.annotations.cases import BOXES, CASES, RELEVANT
from tests.contents.annotations.trees import Files, P, Tree, good

# These have tests of their own below.
APART = {UNREADABLE.id, PLACE.id}


def broken(report: Report, rule: str) -> list[Finding]:
    return report.tallies[rule].listed if rule in report.tallies else []


def value_at(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        document = document[int(step) if isinstance(document, list) else step.replace("~1", "/").replace("~0", "~")]
    return document


def test_each_rule_has_a_bad_and_a_good_tree() -> None:
    assert CASES.keys() | RELEVANT.keys() | APART == RULES.keys()
    assert not CASES.keys() & RELEVANT.keys()


def test_the_tree_is_good() -> None:
    report = good().report()
    assert list(report.findings()) == []
    assert report.files == report.read == 1 + 5 + 10 + 1 + 2
    for name, task in report.tasks.items():
        assert (task.files, task.read, task.with_errors, task.objects) == (2, 2, 0, 2), name
        assert (task.samples, task.samples_without_file, task.per_category) == (2, 0, {0: 1, 2: 1}), name


def test_without_the_samples_it_is_as_good() -> None:
    assert list(good().report(with_samples=False).findings()) == []


@pytest.mark.parametrize("rule", CASES)
def test_the_bad_one(rule: str) -> None:
    case, tree = CASES[rule], good()
    case.bad(tree)
    (finding,) = broken(tree.report(), rule)
    assert (finding.path, finding.pointer) == (case.path, case.pointer)
    assert finding.severity is RULES[rule].severity
    assert finding.fix
    if finding.line and finding.pointer:
        assert_points_there(tree, finding)


def assert_points_there(tree: Tree, finding: Finding) -> None:
    """At the value, or at its key."""
    text = tree.bytes(finding.path).decode()
    there = text.split("\n")[finding.line - 1][finding.column - 1 :]
    key = json.dumps(finding.pointer.rpartition("/")[2])
    value = value_at(json.loads(text), finding.pointer)
    written = "[" if isinstance(value, list) else "{" if isinstance(value, dict) else json.dumps(value)
    assert there.startswith((written, key)), there


@pytest.mark.parametrize("rule", CASES)
def test_the_good_one(rule: str) -> None:
    tree = good()
    CASES[rule].good(tree)
    assert broken(tree.report(), rule) == []


def relevant(content: bytes, path: str = "") -> Report:
    names = ["street/1.png", "street/2.png", "street/2.PNG", "straße/1.png", "street/.1.png"]
    return check_relevant_filenames(content, lambda: names, IMAGES, path).report


@pytest.mark.parametrize("rule", RELEVANT)
def test_relevant_filenames(rule: str) -> None:
    bad, right, line = RELEVANT[rule]
    findings = broken(relevant(bad), rule)
    assert {finding.line for finding in findings} == {line}
    assert all(finding.severity is RULES[rule].severity and finding.fix for finding in findings)
    assert broken(relevant(right), rule) == []


def test_where_a_relevant_filenames_file_is() -> None:
    assert broken(relevant(b"street/1.png", "relevant.txt"), PLACE.id)
    assert not broken(relevant(b"street/1.png", ".lightly/relevant.txt"), PLACE.id)
    assert not broken(relevant(b"street/1.png"), PLACE.id)


class Locked(Files):
    def read(self, name: str, limit: int) -> bytes:
        if name == BOXES:
            raise SourceError("Permission denied")
        return super().read(name, limit)


def test_a_file_that_cannot_be_read() -> None:
    from contents.annotations.checking import Check
    from contents.annotations.concluding import check_everything

    (finding,) = broken(check_everything(Check(Locked(good().lightly().files))), UNREADABLE.id)
    assert (finding.path, finding.found) == (BOXES, "Permission denied")


def test_ids_and_words_of_rules() -> None:
    for rule in RULES.values():
        assert rule.title.endswith(".")
        assert rule.fix.endswith((".", "}.", "…")), rule.id
        assert rule.severity in Severity


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Street/1", '"street/1.json"'),
        ("streets/1", '"street/1.json"'),
        ("street/11", '"street/1.json"'),
        ("sky/blue", ""),
    ],
)
def test_the_name_that_was_meant(name: str, words: str) -> None:
    tree = good()
    tree.rename(BOXES, f"{P}boxes/{name}.json")
    (finding,) = broken(tree.report(), "prediction-no-sample")
    assert (words in finding.fix) if words else ("meant" not in finding.fix)
