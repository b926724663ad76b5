"""The compute workers: registered by people, or by themselves when a worker of the queue `runs` starts.

One of these processes is one worker, on whatever machine. Those of the operator have no owner and work for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from runs.models import ENDED_STATES, ComputeWorker, Run, WorkerState
from teams.models import User

# As of datasets, and of workers in the official client.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 _-]+")
SHORTEST_NAME = 3
# Workers say that they live every 10 s.
SILENT_AFTER = timedelta(seconds=45)
FORGOTTEN_AFTER = timedelta(days=7)


@transaction.atomic
def register(*, owner: User, name: str, labels: Collection[str], creator: str = "UNKNOWN") -> ComputeWorker:
    """A worker that somebody is going to start; the old one if they have one of this name, whose labels stay."""
    told = {"labels": sorted(set(labels)), "creator": creator}
    worker, _ = ComputeWorker.objects.get_or_create(owner=owner, name=name, defaults=told)
    return worker


def unregister(worker: ComputeWorker) -> None:
    """Its runs go on: any other worker does what is left of them."""
    worker.delete()


def start(*, name: str, labels: Collection[str], host: str, version: str, worker_id: str = "") -> ComputeWorker | None:
    """A process of the queue `runs` is ready. None: there is no worker with this id (any more)."""
    if worker_id:
        worker = ComputeWorker.objects.filter(pk=worker_id).first()
        if worker is None:
            return None
    else:
        worker, _ = ComputeWorker.objects.get_or_create(owner=None, name=shown_name(name))
        worker.labels = sorted(set(labels))
    worker.host, worker.version = host[:255], version[:32]
    worker.modified_at = timezone.now()
    worker.save(update_fields=["labels", "host", "version", "modified_at"])
    beat(worker.pk)
    return worker


def shown_name(name: str) -> str:
    """As the official client accepts it, which refuses a whole list for one name with a dot."""
    plain = re.sub(r"[^A-Za-z0-9 _-]", "-", name).lstrip(" _-")[:200]
    return plain if len(plain) >= SHORTEST_NAME else f"worker {plain}".strip()


def beat(worker_id: str) -> bool:
    """It lives, and waits or leads a run. False: it was removed from the registry."""
    now = timezone.now()
    alive = ComputeWorker.objects.filter(pk=worker_id)
    led = alive.filter(Exists(led_runs())).update(seen_at=now, state=WorkerState.BUSY)
    return bool(led or alive.update(seen_at=now, state=WorkerState.IDLE))


def stop(worker_id: str) -> None:
    """It ends in order. What it was doing goes on elsewhere."""
    ComputeWorker.objects.filter(pk=worker_id).update(state=WorkerState.OFFLINE, modified_at=timezone.now())


def find_silent(now: datetime | None = None) -> int:
    """Those that have said nothing for SILENT_AFTER are CRASHED if they led a run, else OFFLINE. Returns how many."""
    before = (now or timezone.now()) - SILENT_AFTER
    silent = ComputeWorker.objects.filter(seen_at__lt=before)
    crashed = silent.filter(state=WorkerState.BUSY).update(state=WorkerState.CRASHED)
    return crashed + silent.filter(state=WorkerState.IDLE).update(state=WorkerState.OFFLINE)


def forget_old() -> int:
    """Those of the installation that ended long ago: each new name of a container would stay for ever."""
    old = timezone.now() - FORGOTTEN_AFTER
    count, _ = ComputeWorker.objects.filter(
        owner=None, state__in=[WorkerState.OFFLINE, WorkerState.CRASHED], seen_at__lt=old
    ).delete()
    return count


def living() -> QuerySet[ComputeWorker]:
    return ComputeWorker.objects.filter(
        state__in=[WorkerState.IDLE, WorkerState.BUSY], seen_at__gte=timezone.now() - SILENT_AFTER
    )


def free_workers() -> list[ComputeWorker]:
    """Those that live and lead no run. Those with the fewest labels come first: others may need the rare ones."""
    free = living().exclude(Exists(led_runs()))
    return sorted(free, key=lambda worker: (len(worker.labels), worker.created_at, worker.pk))


def led_runs() -> QuerySet[Run]:
    """For a query of workers: the open runs that each leads."""
    return Run.objects.filter(worker=OuterRef("pk")).exclude(state__in=ENDED_STATES)


def fits(worker: ComputeWorker, runs_on: Collection[str]) -> bool:
    return set(runs_on) <= set(worker.labels)
