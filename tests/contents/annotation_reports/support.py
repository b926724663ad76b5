"""Trees of annotations (tests.contents.annotations.trees) in real buckets, and checks of them as workers do them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.utils import timezone

from contents.annotation_reports import services
from contents.annotation_reports.finishing import _replace
from contents.annotation_reports.keeping import Kept
from contents.annotations.layout import Layout
from contents.annotations.packing import finding_values
from contents.annotations.report import Report
from contents.models import AnnotationFinding, AnnotationReport, Index, IndexState, ReportDepth
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs.models import Job, JobState
from teams.models import User
from tests.contents.annotations.trees import M, P, Tree, good
from tests.contents.index.memory import indexed
from tests.contents.support import READING, connect
from tests.jobs.helpers import work_off
from tests.servers import WORKING_RIGHTS, Cloud

SPOILT = {
    "json-syntax",
    "tasks-unlisted",
    "schema-key",
    "prediction-no-sample",
    "sample-no-prediction",
    "category-unknown",
    "score",
    "box-outside",
    "probabilities-sum",
    "metadata-value",
    "metadata-no-sample",
}


def spoilt() -> Tree:
    """A tree with these mistakes."""
    tree = good()
    tree.files[f"{P}unlisted/schema.json"] = {}
    tree.files[f"{P}boxes/schema.json"]["colour"] = "red"
    tree.entry("boxes")["category_id"] = 7
    tree.entry("boxes", 2)["bbox"] = [90, 5, 20, 10]
    tree.entry("points")["score"] = 98
    tree.entry("labels")["probabilities"] = [0.5, 0.1]
    tree.files[f"{P}objects/street/1.json"] = b"{'predictions': []}"
    tree.files[f"{P}boxes/strete/2.json"] = {"predictions": []}
    del tree.files[f"{P}labels/street/2.json"]
    tree.files[f"{M}street/1.json"]["metadata"]["speed"] = "fast"
    tree.files[f"{M}street/8.json"] = {"type": "image", "metadata": {}}
    return tree


def filled(cloud: Cloud, dataset: Dataset, tree: Tree) -> tuple[Datasource, Datasource]:
    """The dataset's Input and Lightly datasources, with the tree in them."""
    bucket = cloud.make_bucket()
    put(cloud, bucket, tree)
    raw = connect(dataset, Purpose.INPUT, cloud.grant(bucket, "in/", READING))
    return raw, connect(dataset, Purpose.LIGHTLY, cloud.grant(bucket, "out/", WORKING_RIGHTS))


def put(cloud: Cloud, bucket: str, tree: Tree, raw: str = "in/", lightly: str = "out/") -> None:
    files = [(f"{raw}{name}", data) for name, data in tree.samples.items()]
    files += [(f"{lightly}{name}", tree.bytes(name)) for name in tree.files]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda file: cloud.put(bucket, *file), files))


def ready(cloud: Cloud, dataset: Dataset, tree: Tree) -> Datasource:
    """The same, indexed. The Lightly datasource."""
    raw, lightly = filled(cloud, dataset, tree)
    indexed(raw)
    indexed(lightly)
    return lightly


def checked(dataset: Dataset, *, reading: ReportDepth = ReportDepth.ALL, by: User | None = None) -> AnnotationReport:
    job, is_new = services.start(dataset, reading=reading, by=by)
    assert is_new
    work_off(job)
    assert job.state == JobState.DONE, job.error
    return current(job)


def made_report(raw: Index, lightly: Index, report: Report | None = None) -> AnnotationReport:
    """What a check leaves behind, put together at once, where it does not matter how it came about."""
    made = AnnotationReport.objects.create(
        datasource=lightly.datasource,
        input_index=raw.pk,
        input_seen_at=timezone.now(),
        lightly_index=lightly.pk,
        lightly_seen_at=timezone.now(),
    )
    _replace(made, Kept(report or Report(), layout=Layout([], [] if report and report.metadata.files else None)))
    made.refresh_from_db()
    return made


def current(job: Job) -> AnnotationReport:
    return AnnotationReport.objects.get(job=job.pk, state=IndexState.CURRENT)


def rows(report: AnnotationReport) -> Iterator[AnnotationFinding]:
    return iter(AnnotationFinding.objects.filter(report=report.pk).order_by("number"))


def stored_findings(report: AnnotationReport) -> list[dict[str, Any]]:
    names = ["rule", "path", "pointer", "line", "column", "found", "expected", "fix"]
    return [{name: getattr(row, name) for name in names} for row in rows(report)]


def findings_of(report: Report) -> list[dict[str, Any]]:
    found = [finding_values(finding) for finding in report.findings()]
    return [{name: value for name, value in each.items() if name != "severity"} for each in found]
