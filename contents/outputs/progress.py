"""How far the jobs that write have come, and what became of the files."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from contents.outputs.words import Failed, failed_of
from contents.overview.progress import FIRST_RATE_SECONDS, Progress, left_words, poll_after
from contents.thumbnails.tally import Tally
from datasources.models import Datasource
from jobs.models import Job


@dataclass(frozen=True)
class Written:
    """The newest job of a kind about an Input. `progress` is None once it has ended."""

    job: Job
    tally: Tally
    progress: Progress | None

    @property
    def failed(self) -> list[Failed]:
        return failed_of(self.tally)


def newest(kind: str, source: Datasource | None) -> Written | None:
    """Two queries."""
    if source is None:
        return None
    jobs = Job.objects.filter(dataset=source.dataset_id, kind=kind, subject=source.pk)
    job = jobs.order_by("-created_at", "-pk").first()
    if job is None:
        return None
    tally = Tally.sum(job.shards.values_list("cursor__tally", flat=True))
    return Written(job, tally, _progress(job) if job.is_open else None)


def _progress(job: Job) -> Progress:
    running = (timezone.now() - job.started_at).total_seconds() if job.started_at else 0.0
    fraction = min(0.99, job.done / job.total) if job.total else None
    rate = job.done / running if running >= FIRST_RATE_SECONDS else 0.0
    words = ngettext("%(done)s of %(total)s file", "%(done)s of %(total)s files", job.total or 0)
    words = words % {"done": f"{job.done:,}", "total": f"{job.total or 0:,}"}
    if job.started_at is None:
        words = gettext("Waiting for a worker")
    rate_words = gettext("%(rate)s a second") % {"rate": f"{round(rate):,}"} if rate >= 1 else ""
    left = left_words(running, fraction) if rate >= 1 else ""
    return Progress(job, int(100 * fraction) if fraction else None, words, rate_words, left, poll_after(job))
