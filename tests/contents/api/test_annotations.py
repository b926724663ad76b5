"""/v1/datasets/{id}/contents/annotations."""

from __future__ import annotations

from typing import Any

import pytest

from contents.annotation_reports import services
from contents.annotations.report import Report
from contents.models import AnnotationReport, Index, ReportDepth
from datasets.models import Dataset
from datasources.models import Purpose
from jobs.models import Job
from teams.models import User
from tests.conftest import Call
from tests.contents.annotation_reports.support import made_report, spoilt
from tests.contents.annotations.trees import P
from tests.contents.index.memory import connected, made_index
from tests.jobs.conftest import sent

__all__ = ["sent"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def path(dataset: Dataset) -> str:
    return f"/v1/datasets/{dataset.pk}/contents/annotations"


@pytest.fixture
def found(dataset: Dataset) -> Report:
    """What a check has left behind."""
    raw = made_index(connected(dataset), ["street/1.png"])
    lightly = made_index(connected(dataset, Purpose.LIGHTLY), [f"{P}tasks.json"])
    report = spoilt().report()
    made_report(raw, lightly, report)
    return report


def told(script: Any, path: str, **query: str) -> Any:
    answer = script.get(path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_from_nothing_to_a_job(call: Call, alice: User, bob: User, dataset: Dataset, path: str) -> None:
    script = call(alice)
    state = told(script, path)
    assert (state["report"], state["job"]) == (None, None)
    assert state["refusal"] == "The Input datasource is not connected yet."
    refused = script.post(path, {})
    assert (refused.status_code, refused.json()["code"]) == (404, "DATASET_DATASOURCE_UNKNOWN")
    assert script.get(f"{path}/findings").status_code == 404
    made_index(connected(dataset), ["a.jpg"])
    lightly = connected(dataset, Purpose.LIGHTLY)
    index = made_index(lightly, [f"{P}tasks.json"])
    assert call(bob).post(path, {}).status_code == 403
    Index.objects.filter(pk=index.pk).update(path="s3://elsewhere/")
    answer = script.post(path, {})
    listing = Job.objects.get(kind="contents.index")
    assert (answer.status_code, answer.json()) == (202, {"id": listing.pk, "isNew": True, "isListing": True})
    listing.delete()
    Index.objects.filter(pk=index.pk).update(path=lightly.path)
    answer = script.post(path, {})
    job = Job.objects.get(kind=services.KIND)
    assert (answer.status_code, answer.json()) == (202, {"id": job.pk, "isNew": True, "isListing": False})
    assert AnnotationReport.objects.get().reading == ReportDepth.SAMPLE
    assert told(script, path)["job"] == {
        "id": job.pk, "state": "QUEUED", "percent": None, "message": "Waiting for a worker", "error": "",
    }  # fmt: skip


def test_all_files(call: Call, alice: User, dataset: Dataset, path: str, found: Report) -> None:
    token = call(alice).token
    answer = call(alice).client.post(f"{path}?token={token}&reading=ALL", content_type="application/json")
    assert answer.status_code == 202
    assert AnnotationReport.objects.get(job__isnull=False).reading == ReportDepth.ALL


def test_the_report(call: Call, alice: User, path: str, found: Report) -> None:
    report = told(call(alice), path)["report"]
    assert report["completedAt"] > 1_700_000_000_000
    assert (report["files"], report["read"], report["shareRead"]) == (found.files, found.read, 1.0)
    assert {rule["rule"]: rule["count"] for rule in report["rules"]} == {
        rule: tally.count for rule, tally in found.tallies.items()
    }
    boxes = next(task for task in report["tasks"] if task["name"] == "boxes")
    assert (boxes["type"], boxes["objects"], boxes["filesWithoutSample"]) == ("object-detection", 2, 1)
    assert boxes["categories"] == [{"id": 2, "name": "cat", "objects": 1}, {"id": 0, "name": "dog", "objects": 0}]
    assert {(each["from"], each["to"]) for each in boxes["scores"] if each["objects"]} == {(0.5, 0.55)}
    speed = next(each for each in report["metadata"]["paths"] if each["path"] == "speed")
    assert (speed["wrong"], speed["present"], speed["missing"]) == (1, 1, 1)
    assert (speed["least"], speed["greatest"]) == (13.5, 13.5)


def test_all_findings_page_by_page(call: Call, alice: User, path: str, found: Report) -> None:
    script, rows, after = call(alice), [], 0
    while True:
        page = told(script, f"{path}/findings", after=str(after), limit="4")
        rows += page["findings"]
        after = page["next"]
        if not after:
            break
    assert [(row["rule"], row["path"], row["line"]) for row in rows] == [
        (finding.rule, finding.path, finding.line) for finding in found.findings()
    ]
    only = told(script, f"{path}/findings", severity="error", task="boxes")["findings"]
    assert {(row["severity"], row["task"]) for row in only} == {("error", "boxes")}
    (score,) = told(script, f"{path}/findings", rule="score")["findings"]
    assert (score["pointer"], score["found"]) == ("/predictions/0/score", "98")
    assert score["fix"] == "Write a number from 0 to 1."
    assert script.get(f"{path}/findings", {"rule": "no-such-rule"}).status_code == 400
    assert script.get(f"{path}/findings", {"after": "-1"}).status_code == 400
