"""The findings of a report page by page, with their ways to the files they are about; and as CSV and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.annotation_pages import figures
from contents.annotation_reports.files import IndexSamples, extensions_in
from contents.annotation_reports.planning import media_of
from contents.annotation_reports.queries import SEVERITIES, Filters, findings_after, standing_of
from contents.annotations.catalogue import RULES
from contents.annotations.names import owners
from contents.annotations.predictions import rules as prediction_rules
from contents.listing.folder import METADATA_FOLDER, PREDICTIONS_FOLDER
from contents.models import AnnotationFinding, AnnotationReport, Index
from core.formats.cells import safe_cell
from datasets.access import dataset_for
from datasets.models import Dataset
from teams import audit
from teams.models import AuditAction
from teams.requests import PageRequest

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 2_000
LONGEST_TASK = 200
COLUMNS = ["severity", "rule", "task", "path", "pointer", "line", "column", "found", "expected", "fix"]


@dataclass(frozen=True)
class Row:
    """`sample`: the image or video that the finding is about, `link` the way to it; empty where there is none."""

    finding: AnnotationFinding
    title: str
    severity: str
    sample: str = ""
    link: str = ""

    @property
    def is_of_sample(self) -> bool:
        """Whether the finding is about the image or video itself, which has no file."""
        return bool(self.sample) and self.sample == self.finding.path

    @property
    def look(self) -> str:
        return figures.LOOKS[self.severity]

    @property
    def severity_word(self) -> str:
        return gettext(figures.SEVERITY_WORDS[self.severity])


@require_GET
def findings(request: PageRequest, dataset_id: str) -> HttpResponse:
    """`after`: the number of the finding after which to go on."""
    dataset = dataset_for(request.user, dataset_id)
    standing = standing_of(dataset)
    report = _must_exist(standing.report)
    filters, after = filters_of(request.GET), after_of(request.GET)
    found = findings_after(report, after, limit=PAGE_SIZE + 1, filters=filters)
    page = found[:PAGE_SIZE]
    told = {name: value for name, value in filters._asdict().items() if value}
    context = {
        "dataset": dataset,
        "report": report,
        "filters": filters,
        "rows": rows_of(dataset, standing.looks.raw.index, page),
        "after": after,
        "first": f"?{urlencode(told)}",
        "next": urlencode(told | {"after": page[-1].number}) if len(found) > PAGE_SIZE else "",
        "rules": figures.rule_rows(report.summary),
        "tasks": [task["name"] for task in report.summary["tasks"]],
        "chosen": next((row for row in figures.rule_rows(report.summary) if row.rule == filters.rule), None),
        "rule": RULES.get(filters.rule),
    }
    return render(request, "contents/annotations/findings.html", context)


def filters_of(query: QueryDict) -> Filters:
    """What makes no sense in it is left out."""
    severity, rule = query.get("severity", ""), query.get("rule", "")
    return Filters(
        severity if severity in SEVERITIES else "",
        rule if rule in RULES else "",
        query.get("task", "").replace("\0", "")[:LONGEST_TASK],
    )


def after_of(query: QueryDict) -> int:
    text = query.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def rows_of(dataset: Dataset, index: Index | None, found: Sequence[AnnotationFinding]) -> list[Row]:
    """A few queries for all of them."""
    samples = _samples_of(dataset, index, found) if index else {}
    gallery = reverse("contents:file", args=[dataset.pk, "input"])
    rows = []
    for finding in found:
        sample = samples.get(finding.number, "")
        link = f"{gallery}?{urlencode({'key': sample})}" if sample else ""
        title = RULES[finding.rule].title if finding.rule in RULES else finding.rule
        rows.append(Row(finding, title, SEVERITIES[finding.severity].value, sample, link))
    return rows


def _samples_of(dataset: Dataset, index: Index, found: Sequence[AnnotationFinding]) -> dict[int, str]:
    """By the number of the finding: the sample that its file belongs to, if there is one."""
    stems: dict[int, str] = {}
    named: dict[int, str] = {}
    for finding in found:
        if finding.rule == prediction_rules.NO_FILE.id:
            named[finding.number] = finding.path
        elif stem := _stem(finding):
            stems[finding.number] = stem
    media = media_of(dataset)
    samples = IndexSamples(index.pk, present=extensions_in(index))
    belongs = owners(samples, list(dict.fromkeys(stems.values())), media)
    for number, stem in stems.items():
        owner = belongs[stem]
        if owner:
            named[number] = owner.names[0] if owner.names else owner.frame.video if owner.frame else ""
    return named


def _stem(finding: AnnotationFinding) -> str:
    """The path of a sample without its extension, as the path of an annotation file tells it."""
    path = finding.path
    for folder in (f"{PREDICTIONS_FOLDER}{finding.task}/", METADATA_FOLDER):
        if path.startswith(folder) and path.endswith(".json"):
            inner = path.removeprefix(folder).removesuffix(".json")
            return "" if inner == "schema" else inner
    return ""


@require_GET
def export(request: PageRequest, dataset_id: str, shape: str) -> StreamingHttpResponse:
    """All findings that are listed and fit the filters, as they come from the database."""
    dataset = dataset_for(request.user, dataset_id)
    report = _must_exist(standing_of(dataset).report)
    rows = _all(report, filters_of(request.GET))
    target = f"the findings in the annotations of {dataset.name}"
    audit.record(team=dataset.team, actor=request.user, action=AuditAction.EXPORTED, target=target, dataset=dataset)
    if shape == "csv":
        response = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
    else:
        response = StreamingHttpResponse(_json(rows), content_type="application/json")
    name = f"{dataset.name}-annotations.{shape}".replace(" ", "-")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _must_exist(report: AnnotationReport | None) -> AnnotationReport:
    if report is None:
        raise Http404(gettext("The annotations were not checked yet."))
    return report


def _all(report: AnnotationReport, filters: Filters) -> Iterator[AnnotationFinding]:
    after = 0
    while rows := findings_after(report, after, limit=EXPORTED_AT_ONCE, filters=filters):
        yield from rows
        after = rows[-1].number


def values_of(finding: AnnotationFinding) -> dict[str, Any]:
    values = {name: getattr(finding, name) for name in COLUMNS}
    return values | {"severity": SEVERITIES[finding.severity].value}


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterator[AnnotationFinding]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([safe_cell(str(value)) for value in values_of(row).values()])


def _json(rows: Iterator[AnnotationFinding]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield before + json.dumps(values_of(row), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
