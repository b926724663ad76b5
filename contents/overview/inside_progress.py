"""How far a reading has come, and how long it may still take."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext

from contents.overview.progress import FIRST_RATE_SECONDS, Progress, left_words, poll_after
from jobs.models import Job


def progress_of(job: Job) -> Progress:
    """Of an open job. No query."""
    running = (timezone.now() - job.started_at).total_seconds() if job.started_at else 0.0
    fraction = job.done / job.total if job.total else None
    rate = job.done / running if running >= FIRST_RATE_SECONDS else 0.0
    rate_words = (
        gettext("%(rate)s a second") % {"rate": f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"} if rate else ""
    )
    percent = None if fraction is None else min(99, int(100 * fraction))
    left = left_words(running, fraction) if rate else ""
    return Progress(job, percent, _words(job), rate_words, left, poll_after(job))


def _words(job: Job) -> str:
    if job.started_at is None:
        return gettext("Waiting for a worker")
    if job.total is None:
        return gettext("Choosing the files")
    counts = {"done": f"{job.done:,}", "total": f"{job.total:,}"}
    return gettext("%(done)s of %(total)s files opened") % counts
