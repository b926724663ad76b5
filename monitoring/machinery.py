"""Whether checks get done at all: worker, scheduler, queue and what waits in it."""

import contextlib
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, Q

from core import pulse
from core.queues import Queue
from datasources.models import CheckState, Trigger
from jobs.lifecycle import open_lanes
from monitoring.health import Scope

# With less, SQLite and the embedded Redis soon can't write any more.
LEAST_FREE_BYTES = 16 * 1024 * 1024


def disk_places() -> dict[str, Path]:
    """Where this process writes on its own disk: `data`, and `database` where SQLite's file is elsewhere."""
    places = {"data": Path(settings.DATA_DIR)}
    if connection.vendor == "sqlite" and (file := Path(connection.settings_dict["NAME"])).parent != places["data"]:
        places["database"] = file.parent
    return places


def disk_is_full() -> bool:
    """Whether there is hardly room for what this installation writes on its own disk: its data, and SQLite's file."""
    for place in disk_places().values():
        with contextlib.suppress(FileNotFoundError):  # nothing was ever written there
            if shutil.disk_usage(place).free < LEAST_FREE_BYTES:
                return True
    return False


@dataclass(frozen=True)
class QueueLine:
    """One queue: how many messages wait in it (None: the broker can't be reached), and the workers that take them."""

    queue: Queue
    waiting: int | None
    worker: pulse.Sign | None


@dataclass(frozen=True)
class Machinery:
    """Whether checks get done at all."""

    worker: pulse.Sign | None
    scheduler: pulse.Sign | None
    queues: list[QueueLine]
    queued: int
    running: int
    undispatched: int
    oldest_open: datetime | None

    @property
    def queue_length(self) -> int | None:
        """Of all queues together; None: the broker can't be reached."""
        known = [line.waiting for line in self.queues if line.waiting is not None]
        return sum(known) if known else None


def machinery(scope: Scope) -> Machinery:
    """Worker, scheduler and queue of the installation, and the open checks of the datasources counted."""
    queued, running = Q(state=CheckState.QUEUED), Q(state=CheckState.RUNNING)
    counts = scope.open_checks().aggregate(
        queued=Count("pk", filter=queued),
        running=Count("pk", filter=running),
        # Those of the schedule wait for their turn: see pacing.py.
        undispatched=Count("pk", filter=queued & Q(dispatched_at=None) & ~Q(trigger=Trigger.SCHEDULE)),
        oldest_open=Min("queued_at"),
        # Of those that were sent, and that therefore no web process does for a script that waits.
        worker_started=Max("started_at", filter=running & Q(dispatched_at__isnull=False)),
    )
    signs, lengths = pulse.last_signs(), pulse.queue_lengths(open_lanes())
    sign, started = signs.get(pulse.WORKER), counts.pop("worker_started")
    if started and (sign is None or sign.at < started):
        sign = pulse.Sign(started)  # all its slots are taken, so it does not get round to sweeping
    return Machinery(
        worker=sign,
        scheduler=signs.get(pulse.SCHEDULER),
        queues=[QueueLine(queue, lengths[queue] if lengths else None, signs.get(queue.value)) for queue in Queue],
        **counts,
    )
