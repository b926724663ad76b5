"""How far a check of annotations has come."""

from __future__ import annotations

from django.utils.translation import gettext

from contents.annotation_reports.finishing import FINISH
from contents.annotation_reports.planning import PLAN
from contents.overview.progress import Progress, poll_after
from jobs.models import Job


def progress_of(job: Job) -> Progress:
    """Of an open job. One query."""
    stage = job.shards.order_by("-number").values_list("cursor__stage", flat=True).first()
    percent = None if stage == PLAN else 99 if stage == FINISH else min(98, job.percent or 0)
    return Progress(job, percent, _words(job, stage), "", "", poll_after(job))


def progress_of_listing(job: Job) -> Progress:
    """Of an open job that lists the names before they can be checked."""
    words = gettext("First the names are listed: %(count)s so far") % {"count": f"{job.done:,}"}
    return Progress(job, None, words, "", "", poll_after(job))


def _words(job: Job, stage: str | None) -> str:
    if job.started_at is None:
        return gettext("Waiting for a worker")
    if stage == PLAN:
        return gettext("Reading tasks.json and the schemas")
    if stage == FINISH:
        return gettext("All names are checked; adding up")
    return gettext("%(done)s of %(total)s names checked") % {"done": f"{job.done:,}", "total": f"{job.total or 0:,}"}
