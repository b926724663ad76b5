"""Gives scheduled runs to workers: the most urgent first, then the oldest, each to a free worker with its labels.

The database decides: one OPEN run is locked by one conditional update, and a constraint keeps a dataset from having
two. So it may be asked by several processes at once, and as often as one likes.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from runs.models import ENDED_STATES, ComputeWorker, Run, ScheduledRun, ScheduledState
from runs.scheduling import lifecycle, registry

# In one go; the rest is looked at again soon.
MOST_LOOKED_AT = 1000


def pick_up() -> list[Run]:
    """The runs that are begun now. Silent workers and abandoned runs are noticed first."""
    registry.find_silent()
    registry.forget_old()
    lifecycle.end_abandoned()
    begun: list[Run] = []
    free = registry.free_workers()
    for scheduled in waiting()[:MOST_LOOKED_AT] if free else ():
        worker = next((worker for worker in free if registry.fits(worker, scheduled.runs_on)), None)
        if worker and (run := _begin(scheduled, worker)):
            begun.append(run)
            free.remove(worker)
        if not free:
            break
    return begun


def waiting() -> QuerySet[ScheduledRun]:
    """Those that could begin as far as their datasets go, in the order in which they are to."""
    locked = ScheduledRun.objects.filter(dataset=OuterRef("dataset"), state=ScheduledState.LOCKED)
    rows = ScheduledRun.objects.filter(state=ScheduledState.OPEN).exclude(Exists(locked))
    return rows.select_related("dataset__team", "config", "requested_by").order_by("-rank", "created_at", "pk")


def _begin(scheduled: ScheduledRun, worker: ComputeWorker) -> Run | None:
    try:
        with transaction.atomic():
            # Who gives runs to this worker does so one after the other.
            row = ComputeWorker.objects.select_for_update().filter(pk=worker.pk).first()
            if row is None or row.runs.exclude(state__in=ENDED_STATES).exists():
                return None
            return lifecycle.begin(scheduled, row)
    except IntegrityError:  # another run of the dataset was begun in this very moment
        return None
