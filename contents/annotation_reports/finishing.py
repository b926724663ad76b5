"""The last stage of a check: what only all parts together tell. Then the report takes the place of the one before.

What is in memory is one part, the whole report (of each rule a thousand findings), and its rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.utils import timezone

from contents.annotation_reports import rows
from contents.annotation_reports.files import IndexSamples
from contents.annotation_reports.keeping import Kept, all_kept
from contents.annotations.concluding import conclude
from contents.annotations.exporting import metadata_values, rule_rows, task_values, totals
from contents.annotations.findings import Finding, printable, shortened
from contents.annotations.predictions import rules as prediction_rules
from contents.annotations.report import Report
from contents.annotations.rules import Severity
from contents.listing.folder import LIGHTLY_FOLDER, METADATA_FOLDER, PREDICTIONS_FOLDER
from contents.models import AnnotationFinding, AnnotationReport, IndexState
from jobs.runners import Slice, Step

FINISH = "finish"
# What findings of the metadata have as their task. No task can be called so.
METADATA = "(metadata)"
# How long names that are probably meant are looked for: less than a slice of the queue.
HELPING_SECONDS = 10.0
MOST_CATEGORIES = 200
MOST_WORST = 10
_SEVERITIES = {severity: number for number, severity in enumerate(Severity)}


def finish(this: Slice, report: AnnotationReport) -> Step:
    whole = Kept()
    for kept in all_kept(report.pk):
        whole.merge(kept)
    if whole.layout:
        conclude(whole.report, whole.layout, IndexSamples(report.input_index), seconds=HELPING_SECONDS)
    return Step(this.cursor, is_last=True, store=partial(_replace, report, whole))


def _replace(report: AnnotationReport, whole: Kept) -> None:
    """Called in the transaction that ends the job."""
    rows.replace(report.pk, _rows(report.pk, whole.report))
    counts = totals(whole.report)
    AnnotationReport.objects.filter(datasource=report.datasource_id, state=IndexState.CURRENT).update(
        state=IndexState.OLD
    )
    AnnotationReport.objects.filter(pk=report.pk).update(
        state=IndexState.CURRENT, completed_at=timezone.now(), summary=summary_of(whole), **counts
    )


def _rows(report_id: int, report: Report) -> Iterator[AnnotationFinding]:
    # Those with the longest names first: some lie in others' folders.
    tasks = sorted(report.tasks, key=len, reverse=True)
    for number, finding in enumerate(report.findings(), start=1):
        yield AnnotationFinding(
            report_id=report_id,
            number=number,
            severity=_SEVERITIES[finding.severity],
            rule=finding.rule,
            task=printable(_task_of(finding, tasks))[:200],
            path=finding.path,
            pointer=finding.pointer,
            line=finding.line,
            column=finding.column,
            found=finding.found,
            expected=finding.expected,
            fix=finding.fix,
        )


def _task_of(finding: Finding, tasks: list[str]) -> str:
    # Files that are missing are named by their images; where they belong is what is expected.
    path = finding.expected if finding.rule == prediction_rules.NO_FILE.id else finding.path
    if path.startswith(METADATA_FOLDER):
        return METADATA
    return next((task for task in tasks if path.startswith(f"{PREDICTIONS_FOLDER}{task}/")), "")


def summary_of(whole: Kept) -> dict[str, Any]:
    """What pages and the REST API show besides the findings, of bounded size."""
    report = whole.report
    metadata = None
    if whole.layout and whole.layout.metadata is not None:
        metadata = metadata_values(report.metadata)
    found: dict[str, Any] = _clean(
        {
            "rules": rule_rows(report),
            "tasks": [{"name": name, **_task(task_values(task))} for name, task in sorted(report.tasks.items())],
            "metadata": metadata,
            "worst": _worst(report),
            "sized": whole.sized,
            "why_unsized": whole.why_unsized,
        }
    )
    return found


def _worst(report: Report) -> list[dict[str, Any]]:
    """The files of annotations with the most findings. Images that have no file are told by their rule."""
    files: dict[str, dict[str, Any]] = {}
    for each in report.worst:
        if each.path.startswith(LIGHTLY_FOLDER):
            counts = files.setdefault(each.path, {"path": each.path, "errors": 0, "warnings": 0, "hints": 0})
            counts["errors"] += each.errors
            counts["warnings"] += each.warnings
            counts["hints"] += each.hints
    return list(files.values())[:MOST_WORST]


def _task(values: dict[str, Any]) -> dict[str, Any]:
    """With the categories that are predicted most, and the number of the others."""
    ranked = sorted(values["categories"], key=lambda category: -category["objects"])
    return values | {"categories": ranked[:MOST_CATEGORIES], "more_categories": max(0, len(ranked) - MOST_CATEGORIES)}


def _clean(value: Any) -> Any:
    """Texts come from files that anybody may have written, and neither database nor page takes all of them."""
    if isinstance(value, str):
        return shortened(printable(value))
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return value
