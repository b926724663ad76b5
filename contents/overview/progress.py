"""How far an index has come, and how long it may still take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from contents.index.finishing import FINISH
from contents.index.listing import LIST
from jobs.models import Job, ShardState

# Sooner, a rate says nothing.
FIRST_RATE_SECONDS = 3.0


@dataclass(frozen=True)
class Progress:
    """`percent` is None while nobody can know. `words`: one sentence."""

    job: Job
    percent: int | None
    words: str
    rate_words: str
    left_words: str
    poll_after: str


def progress_of(job: Job) -> Progress:
    """Of an open job. One query."""
    now = timezone.now()
    running = (now - job.started_at).total_seconds() if job.started_at else 0.0
    shards = list(job.shards.values_list("cursor__stage", "state"))
    parts = [state for stage, state in shards if stage == LIST]
    is_finishing = any(stage == FINISH for stage, _ in shards)
    fraction = _fraction(job, parts, is_finishing=is_finishing)
    rate = job.done / running if running >= FIRST_RATE_SECONDS else 0.0
    rate_words = gettext("%(rate)s a second") % {"rate": f"{round(rate):,}"} if rate >= 1 else ""
    left = left_words(running, fraction) if rate >= 1 and not is_finishing else ""
    percent = None if fraction is None else min(99, int(100 * fraction))
    return Progress(job, percent, _words(job, is_finishing=is_finishing), rate_words, left, poll_after(job))


def _fraction(job: Job, parts: list[str], *, is_finishing: bool) -> float | None:
    """By the number of files of the index before; else by the parts, which are about equal."""
    if is_finishing:
        return 0.99
    if job.total:
        return min(0.98, job.done / job.total)
    done = parts.count(ShardState.DONE)
    return done / len(parts) if done else None


def _words(job: Job, *, is_finishing: bool) -> str:
    if job.started_at is None:
        return gettext("Waiting for a worker")
    if is_finishing:
        return gettext("All names are listed; comparing them")
    return ngettext("%(count)s file found", "%(count)s files found", job.done) % {"count": f"{job.done:,}"}


def left_words(running: float, fraction: float | None) -> str:
    """How long it may still take, where this share was done in so many seconds; empty while nobody can know."""
    if not fraction:
        return ""
    seconds = running * (1 - fraction) / fraction
    if seconds < 60:
        return gettext("less than a minute left")
    minutes = round(seconds / 60)
    return ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes) % {"count": minutes}


def poll_after(job: Job) -> str:
    """How long the page waits before it asks again: less and less often."""
    age = timezone.now() - job.created_at
    if age < timedelta(seconds=10):
        return "1s"
    return "2s" if age < timedelta(minutes=1) else "5s"
