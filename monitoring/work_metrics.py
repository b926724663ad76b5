"""Numbers for Prometheus about work of all kinds: queues, jobs, runs, workers, mails and webhooks, sweeps, disks.

Labels are bounded here too: queues, kinds of jobs and states.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from core import pulse
from core.queues import Queue
from datasources.models import CheckState, PermissionCheck, Trigger
from jobs import runners
from jobs.models import OPEN_STATES, WORKING_STATES, Job, JobShard, JobState, ShardState
from monitoring.machinery import disk_places
from notifications.models import Mail, Sending, WebhookDelivery
from runs.models import ENDED_STATES, ComputeWorker, Run, ScheduledRun, ScheduledState, WorkerState

LAST_HOUR = timedelta(hours=1)


def work_families() -> Iterator[GaugeMetricFamily]:
    """Of the database. Raises DatabaseError."""
    yield _oldest_by_queue()
    yield _open_jobs()
    yield _ended_jobs()
    yield from _runs()
    yield _compute_workers()
    yield from _outbox()
    yield from _sweeps()


def disk_families() -> Iterator[GaugeMetricFamily]:
    free = GaugeMetricFamily("lightly_disk_free_bytes", "Room on the disk of this web server.", labels=["place"])
    for name, place in disk_places().items():
        with suppress(OSError):
            free.add_metric([name], shutil.disk_usage(place).free)
    yield free


def _oldest_by_queue() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_queue_oldest_seconds",
        "How long the work has waited that waits longest for a worker of the queue; 0: none waits.",
        labels=["queue"],
    )
    now, since = timezone.now(), dict[str, datetime]()
    queued = PermissionCheck.objects.filter(state=CheckState.QUEUED)
    asked_for = queued.exclude(trigger=Trigger.SCHEDULE).aggregate(since=Min("queued_at"))["since"]
    # Those that were not sent yet wait for their turn: see pacing.py.
    scheduled = queued.filter(trigger=Trigger.SCHEDULE).aggregate(since=Min("dispatched_at"))["since"]
    shards = JobShard.objects.filter(state=ShardState.QUEUED, not_before__lte=now, job__state__in=WORKING_STATES)
    found = [(Queue.CHECKS.value, asked_for), (Queue.PATIENT.value, scheduled)]
    found += list(shards.order_by().values_list("job__queue").annotate(since=Min("not_before")))
    for queue, moment in found:
        if moment:
            since[queue] = min(since.get(queue, moment), moment)
    for queue in Queue:
        family.add_metric([queue.value], max(0.0, (now - since.get(queue.value, now)).total_seconds()))
    return family


def _open_jobs() -> GaugeMetricFamily:
    family = GaugeMetricFamily("lightly_jobs", "Jobs that wait or run.", labels=["kind", "state"])
    return _jobs(family, Job.objects.all(), OPEN_STATES)


def _ended_jobs() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_jobs_last_hour", "Jobs that ended within the last hour.", labels=["kind", "state"]
    )
    ended = [state for state in JobState if state not in OPEN_STATES]
    return _jobs(family, Job.objects.filter(finished_at__gte=timezone.now() - LAST_HOUR), ended)


def _jobs(family: GaugeMetricFamily, jobs: QuerySet[Job], states: Iterable[JobState]) -> GaugeMetricFamily:
    states = list(states)
    grouped = jobs.filter(state__in=states).order_by().values_list("kind", "state").annotate(n=Count("*"))
    counts = {(kind, state): count for kind, state, count in grouped}
    for kind, state in product(runners.kinds(), states):
        family.add_metric([kind, state.lower()], counts.get((kind, state), 0))
    return family


def _runs() -> Iterator[GaugeMetricFamily]:
    now, scheduled = timezone.now(), ScheduledRun.objects.filter(state=ScheduledState.OPEN)
    waiting = scheduled.aggregate(count=Count("*"), since=Min("created_at"))
    states = GaugeMetricFamily("lightly_runs", "Runs that wait for a worker or are at work.", labels=["state"])
    states.add_metric(["waiting"], waiting["count"])
    states.add_metric(["running"], Run.objects.exclude(state__in=ENDED_STATES).count())
    yield states
    age = (now - waiting["since"]).total_seconds() if waiting["since"] else 0
    yield GaugeMetricFamily(
        "lightly_oldest_waiting_run_seconds", "Age of the oldest run that waits for a worker; 0: none.", value=age
    )
    ended = GaugeMetricFamily("lightly_runs_last_hour", "Runs that ended within the last hour.", labels=["state"])
    recent = Run.objects.filter(state__in=ENDED_STATES, finished_at__gte=now - LAST_HOUR)
    counts = dict(recent.order_by().values_list("state").annotate(n=Count("*")))
    for state in ENDED_STATES:
        ended.add_metric([state.lower()], counts.get(state, 0))
    yield ended


def _compute_workers() -> GaugeMetricFamily:
    family = GaugeMetricFamily("lightly_compute_workers", "Workers for runs, by state.", labels=["state"])
    counts = Counter(dict(ComputeWorker.objects.order_by().values_list("state").annotate(n=Count("*"))))
    for state in WorkerState:
        family.add_metric([state.lower()], counts[state])
    return family


def _outbox() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    unsent = GaugeMetricFamily("lightly_unsent", "Mails and webhook deliveries that wait to be sent.", labels=["kind"])
    oldest = GaugeMetricFamily("lightly_oldest_unsent_seconds", "Age of the oldest of them; 0: none.", labels=["kind"])
    for kind, model in (("mail", Mail), ("webhook", WebhookDelivery)):
        rows = model._default_manager.filter(state=Sending.PENDING)
        waiting = rows.aggregate(count=Count("*"), since=Min("created_at"))
        unsent.add_metric([kind], waiting["count"])
        oldest.add_metric([kind], (now - waiting["since"]).total_seconds() if waiting["since"] else 0)
    yield unsent
    yield oldest


def _sweeps() -> Iterator[GaugeMetricFamily]:
    if sign := pulse.last_sign(pulse.SWEEP):
        yield GaugeMetricFamily(
            "lightly_last_sweep_age_seconds", "Since a worker last came to the end of a sweep.", value=sign.seconds
        )
