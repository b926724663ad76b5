"""What workers do for jobs. Tasks take ids; what is to be done stands in the database."""

import logging
import os
import socket
import time
import traceback
from collections.abc import Collection, Mapping

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import QuerySet
from django.utils.translation import gettext

from clouds import spans
from core import broker, log_context
from core.queues import RULES
from jobs import lifecycle
from jobs.lifecycle import Claim, Route
from jobs.models import JobShard
from jobs.runners import JobError, Slice

logger = logging.getLogger(__name__)


@shared_task(name="jobs.tasks.run_slice")
def run_slice(shard_id: str) -> None:
    """Do the shard's next slice, and have the one after it sent. Harmless for a shard that is not ours to do now."""
    mine = lifecycle.claim(shard_id, owner=f"{socket.gethostname()}:{os.getpid()}")
    if mine:
        with log_context.about(job_id=mine.job.pk, dataset_id=mine.job.dataset_id or ""):
            with spans.span("job step", job_kind=mine.job.kind, shard=mine.shard.number) as told:
                is_stored = _do(mine)
                told.note(stored="yes" if is_stored else "no")
            if is_stored:
                # Of the whole job: a next stage may have begun.
                send(JobShard.objects.filter(job=mine.job.pk))


@shared_task(name="jobs.tasks.sweep_jobs")
def sweep_jobs() -> None:
    """Every few seconds: what dead workers left behind, what no worker was told of, and what was to wait a while."""
    lifecycle.forget_the_future()
    lifecycle.take_back_lost()
    # Only these queues are read: most sweeps find no message that is old enough.
    lanes = lifecycle.lanes_of_old_messages()
    send(waiting=broker.waiting(lanes) if lanes else None)


@shared_task(name="jobs.tasks.prune_jobs")
def prune_jobs() -> None:
    lifecycle.prune()


def send(shards: QuerySet[JobShard] | None = None, *, waiting: Mapping[Route, Collection[str]] | None = None) -> None:
    """Give the ids of waiting shards to the broker. What it does not take now waits for the sweep."""
    for (queue, lane), shard_ids in lifecycle.take_to_send(shards, waiting=waiting).items():
        sent = broker.send_each(run_slice.name, shard_ids, queue=queue, lane=lane)
        lifecycle.put_back(shard_ids[sent:])


def _do(mine: Claim) -> bool:
    """One slice. Whether it was stored."""
    shard, seconds = mine.shard, mine.runner.slice_seconds
    try:
        step = mine.runner.run(Slice(mine.job, shard.number, shard.cursor, time.monotonic() + seconds, shard.deaths))
        if lifecycle.store(mine, step):
            return True
        logger.warning("A step of %s was done too late and is dropped: %s has been given away", mine.job, shard)
    except JobError as error:
        lifecycle.fail(mine, error.sentence, is_final=error.is_final)
    except SoftTimeLimitExceeded:
        most = RULES[mine.runner.queue].slice_seconds
        lifecycle.fail(mine, gettext("A step took longer than the limit of %(seconds)s s.") % {"seconds": most})
    except Exception as error:  # noqa: BLE001 - whatever it is, the job says so and the worker goes on
        # Where it happened, and not its text, which may quote what is secret.
        where = "".join(traceback.format_tb(error.__traceback__))
        logger.error("A step of %s failed: %s\n%s", mine.job, type(error).__name__, where)
        words = gettext("Something unexpected happened (%(error)s). See the worker's log.")
        lifecycle.fail(mine, words % {"error": type(error).__name__})
    return False
