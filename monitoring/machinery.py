"""Whether checks get done at all: worker, scheduler, queue and what waits in it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from core import pulse
from datasources.models import CheckState
from monitoring.health import Scope


@dataclass(frozen=True)
class Machinery:
    """Whether checks get done at all."""

    worker: pulse.Sign | None
    scheduler: pulse.Sign | None
    queue_length: int | None  # None: the broker can't be reached
    queued: int
    running: int
    undispatched: int
    oldest_open: datetime | None


def machinery(scope: Scope) -> Machinery:
    """Worker, scheduler and queue of the installation, and the open checks of the datasources counted."""
    queued, running = Q(state=CheckState.QUEUED), Q(state=CheckState.RUNNING)
    counts = scope.open_checks().aggregate(
        queued=Count("pk", filter=queued),
        running=Count("pk", filter=running),
        undispatched=Count("pk", filter=queued & Q(dispatched_at=None)),
        oldest_open=Min("queued_at"),
        # Of those that were sent, and that therefore no web process does for a script that waits.
        worker_started=Max("started_at", filter=running & Q(dispatched_at__isnull=False)),
    )
    sign, started = pulse.last_sign(pulse.WORKER), counts.pop("worker_started")
    if started and (sign is None or sign.at < started):
        sign = pulse.Sign(started)  # all its hands are full, so it does not get round to sweeping
    return Machinery(
        worker=sign,
        scheduler=pulse.last_sign(pulse.SCHEDULER),
        queue_length=pulse.queue_length(),
        **counts,
    )
