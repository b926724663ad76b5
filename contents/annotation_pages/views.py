"""The Annotations page of a dataset: what a check of its predictions and metadata has found, and the button for one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from contents.annotation_pages import figures
from contents.annotation_pages.progress import progress_of, progress_of_listing
from contents.annotation_reports import following
from contents.annotation_reports.planning import SAMPLE_FILES
from contents.annotation_reports.queries import Standing, standing_of
from contents.annotation_reports.services import RefusedError
from contents.models import FileKind, ReportDepth
from contents.overview.progress import Progress
from datasets.access import dataset_for, editable_dataset_for
from datasets.models import Dataset
from jobs.access import job_for, may_cancel
from jobs.models import Job
from teams.requests import PageRequest


@require_GET
def report(request: PageRequest, dataset_id: str) -> HttpResponse:
    dataset = dataset_for(request.user, dataset_id)
    return render(request, "contents/annotations/annotations.html", _shown(request, dataset))


@require_GET
def progress(request: PageRequest, dataset_id: str) -> HttpResponse:
    """How far the check has come; and once it is done, the report in the place of the old one."""
    shown = _shown(request, dataset_for(request.user, dataset_id))
    if shown["progress"]:
        return render(request, "contents/annotations/_progress.html", shown)
    response = render(request, "contents/annotations/_annotations.html", shown | {"announce": True})
    return reswap(retarget(response, "#annotations"), "outerHTML")


@require_POST
def start(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Check now. Whoever asks while a check is under way sees that one."""
    dataset = editable_dataset_for(request.user, dataset_id)
    reading = request.POST.get("reading", ReportDepth.SAMPLE)
    if reading not in ReportDepth:
        return HttpResponseBadRequest(gettext("There is no such way to read the files."))
    try:
        begun = following.begin(dataset, reading=ReportDepth(reading), by=request.user)
        words = gettext("The check has begun.") if begun.is_new else gettext("A check is under way already.")
    except RefusedError as error:
        words = error.refusal.sentence
    if not request.htmx:
        messages.info(request, words)
        return redirect("contents:annotations", dataset.pk)
    return render(request, "contents/annotations/_annotations.html", _shown(request, dataset))


def _shown(request: PageRequest, dataset: Dataset) -> dict[str, Any]:
    standing = standing_of(dataset)
    report, job = standing.report, standing.job
    progress = progress_of(job) if job and job.is_open else _listing(dataset)
    summary = report.summary if report else {}
    return {
        "dataset": dataset,
        "tab": "annotations",
        "standing": standing,
        "refusal": following.refusal_of(standing.looks),
        "report": report,
        "summary": summary,
        "share": figures.share(report.read, report.files) if report else "",
        "rules": figures.rule_rows(summary),
        "tasks": figures.tasks(summary),
        "paths": figures.paths(summary),
        "is_empty": bool(report and not summary["tasks"] and summary["metadata"] is None and not summary["rules"]),
        "sample_files": SAMPLE_FILES,
        "all_files": _annotation_files(standing),
        "failed": _failed(standing, dataset),
        "progress": progress,
        "offers_cancel": _offers_cancel(request, progress),
    }


def _offers_cancel(request: PageRequest, progress: Progress | None) -> bool:
    if progress is None or not progress.job.may_be_cancelled:
        return False
    return may_cancel(job_for(request.user, progress.job.pk))


def _failed(standing: Standing, dataset: Dataset) -> Job | None:
    """The check, or the listing before it, if that is what happened last."""
    job = standing.job
    if listing := following.failed_job_of(dataset, job.created_at if job else None):
        return listing
    return job if job and job.error and not job.is_open else None


def _listing(dataset: Dataset) -> Progress | None:
    job = following.listing_job_of(dataset)
    return progress_of_listing(job) if job else None


def _annotation_files(standing: Standing) -> dict[str, int]:
    """How many files a check of all would read, and how large they are, by the listing."""
    kinds = standing.looks.lightly.totals.kinds
    pairs = [kinds.get(str(kind.value), [0, 0]) for kind in (FileKind.PREDICTION, FileKind.METADATA)]
    return {"files": sum(pair[0] for pair in pairs), "bytes": sum(pair[1] for pair in pairs)}
