"""The life of a run, from the moment a worker takes it to its end.

A run is begun in the transaction that locks the scheduled run, so that the official client always finds one of both.
It ends in the transaction that ends its job.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from core import broker
from core.queues import Queue, lane_of
from jobs.models import Job, JobState
from jobs.services import start
from runs import progress
from runs.models import (
    ENDED_STATES,
    ComputeWorker,
    LogLevel,
    Run,
    RunState,
    ScheduledRun,
    ScheduledState,
    WorkerState,
)
from runs.scheduling import topics

# Of the runner in runs/runners.py.
KIND = "runs.run"
PICK_UP = "runs.tasks.pick_up"
STAMP = "%Y%m%d_%Hh%Mm%Ss"


def begin(scheduled: ScheduledRun, worker: ComputeWorker) -> Run | None:
    """The run of this scheduled run, led by this worker. None: somebody else was faster, or it was cancelled.

    Raises IntegrityError if another run of the dataset is under way. Call it in a transaction of its own.
    """
    taken = ScheduledRun.objects.filter(pk=scheduled.pk, state=ScheduledState.OPEN).update(
        state=ScheduledState.LOCKED, worker=worker, modified_at=timezone.now()
    )
    if not taken:
        return None
    dataset = scheduled.dataset
    run = Run.objects.create(
        dataset=dataset,
        dataset_key=dataset.pk,
        dataset_name=dataset.name,
        team=dataset.team,
        scheduled=scheduled,
        scheduled_key=scheduled.pk,
        config=scheduled.config,
        requested_by=scheduled.requested_by,
        worker=worker,
        stamp=_stamp(dataset.pk),
        message=_first_message(scheduled),
    )
    progress.log(run, gettext("Taken by the worker %(name)s.") % {"name": worker.name})
    if scheduled.warning:
        progress.log(run, scheduled.warning, LogLevel.WARNING)
    ComputeWorker.objects.filter(pk=worker.pk).update(state=WorkerState.BUSY)
    run.job, _ = start(
        KIND,
        title=gettext("Run of %(dataset)s") % {"dataset": dataset.name},
        subject=dataset.pk,
        team=dataset.team,
        dataset=dataset,
        by=scheduled.requested_by,
        arguments={"run": run.pk},
        lane=lane_of(scheduled.runs_on),
    )
    run.save(update_fields=["job"])
    return run


def _first_message(scheduled: ScheduledRun) -> str:
    if not scheduled.warning:
        return str(RunState.STARTED.label)
    words = gettext("Started although permissions are missing, because bypass_verify is set.")
    return f"{words} {' '.join(scheduled.warning.split())}"[: progress.LONGEST_MESSAGE]


def _stamp(dataset_id: str) -> str:
    """The time, which names the run's tag: a second later if a run of the dataset has it already."""
    moment = timezone.now()
    while Run.objects.filter(dataset_key=dataset_id, stamp=moment.strftime(STAMP)).exists():
        moment += timedelta(seconds=1)
    return moment.strftime(STAMP)


def ended(job: Job) -> None:
    """What a runner's `ended` does for a run: call it there, inside the transaction that ends the job."""
    run = Run.objects.select_for_update().filter(job=job.pk).first()
    if run is None or run.has_ended:
        return
    if job.state == JobState.DONE:
        _end(run, RunState.COMPLETED, job.message or gettext("Completed."))
    elif job.state == JobState.CANCELLED:
        _end(run, RunState.ABORTED, gettext("Aborted by a person."))
    elif run.limit:
        _end(run, RunState.ABORTED, run.limit)
    elif _workers_died(job):
        _end(run, RunState.CRASHED, job.error)
    else:
        _end(run, RunState.FAILED, job.error)


def _workers_died(job: Job) -> bool:
    """Whether a step was given up because it ended its worker each time."""
    return job.shards.filter(deaths__gt=0, deaths=F("attempts")).exists()


def end_abandoned() -> int:
    """Runs whose job is gone, with their dataset: they end, and stay readable. Returns how many."""
    count = 0
    for run_id in list(Run.objects.filter(job=None).exclude(state__in=ENDED_STATES).values_list("pk", flat=True)):
        with transaction.atomic():
            run = Run.objects.select_for_update().filter(pk=run_id, job=None).first()
            if run and not run.has_ended:
                _end(run, RunState.ABORTED, gettext("The dataset was deleted."))
                count += 1
    return count


def _end(run: Run, state: RunState, message: str) -> None:
    """The last message is not bound to 30 s: the client stops asking after it."""
    now = timezone.now()
    run.state, run.message = state, message[: progress.LONGEST_MESSAGE]
    run.message_at = run.finished_at = run.modified_at = now
    if run.stages and run.stages[-1]["ended"] is None:
        run.stages[-1]["ended"] = now.isoformat()
    run.save(update_fields=["state", "message", "message_at", "finished_at", "modified_at", "stages"])
    is_wished = state in (RunState.COMPLETED, RunState.ABORTED) and not run.limit
    level = LogLevel.INFO if is_wished else LogLevel.ERROR
    progress.log(run, run.message, level)
    ScheduledRun.objects.filter(pk=run.scheduled_id).update(state=ScheduledState.DONE, modified_at=now)
    ComputeWorker.objects.filter(pk=run.worker_id, state=WorkerState.BUSY).update(state=WorkerState.IDLE)
    topics.tell_ended(run)
    send_pick_up()


def send_pick_up() -> None:
    """Have the queue looked at after the commit. What the broker does not take now, the schedule sends anyway."""
    transaction.on_commit(partial(broker.send, PICK_UP, queue=Queue.PATIENT))
