"""/v1/datasets/{id}/contents/annotations: what a check of predictions and metadata has found."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from contents.annotation_pages.findings import values_of
from contents.annotation_pages.progress import progress_of
from contents.annotation_reports import following
from contents.annotation_reports.queries import Filters, Standing, findings_after, standing_of
from contents.annotation_reports.services import Missing, Refusal, RefusedError
from contents.api.annotations_schemas import (
    AnnotationsData,
    CheckStartedData,
    FindingsData,
    HowToCheck,
    WhichFindings,
)
from contents.models import AnnotationReport, ReportDepth
from core.api.errors import ApiError
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error, milliseconds
from jobs.models import Job
from teams.api.authentication import needs
from teams.models import Scope

router = Router(tags=["contents"])
Answer = dict[str, Any]
ERRORS = {400: Error, 401: Error, 403: Error, 404: Error}
PATH = "/datasets/{dataset_id}/contents/annotations"
_UNKNOWN = {Missing.DATASOURCE, Missing.INDEX}


@router.get(PATH, auth=needs(Scope.READ), response={200: AnnotationsData, **ERRORS}, by_alias=True)
def annotations_state(request: HttpRequest, dataset_id: str) -> Answer:
    """The report to read, the newest job that makes or made one, and what a check would lack now."""
    standing = standing_of(dataset_for(caller(request), dataset_id))
    refusal = following.refusal_of(standing.looks)
    return {
        "report": _report(standing, standing.report) if standing.report else None,
        "job": _job(standing.job) if standing.job else None,
        "refusal": refusal.sentence if refusal else "",
    }


@router.post(PATH, auth=needs(Scope.RUNS), response={202: CheckStartedData, **ERRORS, 422: Error}, by_alias=True)
def check_annotations(request: HttpRequest, dataset_id: str, how: Query[HowToCheck]) -> Status[Answer]:
    """Check predictions and metadata. One at a time: while one is under way, this says which.

    Needs the right to list and read in the Lightly datasource, whose names are listed first if the last listing is not
    of the last minutes; `isListing` says so, and `id` is the job that lists.
    """
    dataset = editable_dataset_for(caller(request), dataset_id)
    try:
        begun = following.begin(dataset, reading=ReportDepth(how.reading.value), by=caller(request))
    except RefusedError as error:
        raise _refused(error.refusal) from None
    return Status(202, {"id": begun.job.pk, "isNew": begun.is_new, "isListing": begun.lists_first})


@router.get(f"{PATH}/findings", auth=needs(Scope.READ), response={200: FindingsData, **ERRORS}, by_alias=True)
def annotation_findings(request: HttpRequest, dataset_id: str, which: Query[WhichFindings]) -> Answer:
    """What is wrong, errors first, page by page: go on with `after`, until `next` is 0.

    Of each rule the first 1,000 findings are listed.
    """
    report = standing_of(dataset_for(caller(request), dataset_id)).report
    if report is None:
        message = "The annotations were not checked yet. POST to …/contents/annotations does it."
        raise ApiError(404, "DATASET_DATASOURCE_UNKNOWN", message)
    filters = Filters(
        which.severity.value if which.severity else "", which.rule.value if which.rule else "", which.task
    )
    rows = findings_after(report, which.after, limit=which.limit + 1, filters=filters)
    page = rows[: which.limit]
    return {
        "findings": [{"number": row.number, **values_of(row)} for row in page],
        "next": page[-1].number if len(rows) > which.limit else 0,
    }


def _refused(refusal: Refusal) -> ApiError:
    if refusal.missing in _UNKNOWN:
        return ApiError(404, "DATASET_DATASOURCE_UNKNOWN", refusal.sentence)
    return ApiError(422, "DATASET_DATASOURCE_INVALID", refusal.sentence)


def _report(standing: Standing, report: AnnotationReport) -> Answer:
    summary = report.summary
    return {
        "completedAt": milliseconds(report.completed_at) if report.completed_at else 0,
        "reading": report.reading,
        "inputListedAt": milliseconds(report.input_seen_at),
        "lightlyListedAt": milliseconds(report.lightly_seen_at),
        "isOutdated": standing.is_outdated,
        "files": report.files,
        "read": report.read,
        "shareRead": report.read / report.files if report.files else 0.0,
        "errors": report.errors,
        "warnings": report.warnings,
        "hints": report.hints,
        "sized": summary["sized"],
        "rules": summary["rules"],
        "tasks": [_aliased(task) for task in summary["tasks"]],
        "metadata": _aliased(summary["metadata"]) if summary["metadata"] else None,
    }


def _aliased(values: Answer) -> Answer:
    words = ("with_errors", "withErrors"), ("samples_without_file", "samplesWithoutFile")
    return values | {new: values[old] for old, new in (*words, ("files_without_sample", "filesWithoutSample"))}


def _job(job: Job) -> Answer:
    progress = progress_of(job) if job.is_open else None
    return {
        "id": job.pk,
        "state": job.state,
        "percent": progress.percent if progress else None,
        "message": progress.words if progress else job.message,
        "error": job.error,
    }
