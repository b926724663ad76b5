"""The life of a job's shards: claimed for one slice, stored, claimed again; found again when a worker died.

Every transition locks the job's row first, so they happen one after the other and no two of them can disagree. None
takes longer than a few statements: the slice itself is done between two of them, without a lock, under a lease.
"""

import itertools
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from core import log_context
from core.queues import RULES, Queue
from jobs.models import OPEN_STATES, WORKING_STATES, Job, JobLogLine, JobShard, JobState, ShardState
from jobs.runners import Cursor, Runner, Step, runner_of

logger = logging.getLogger(__name__)

# So often may one slice fail, or end its worker, before the job is given up.
MOST_ATTEMPTS = 3
# After an attempt that failed. One that ended its worker has waited for its lease to end.
PAUSES = (timedelta(seconds=10), timedelta(minutes=1))
# A lease is longer than a slice may be, so that nobody takes what is still under way.
LEASE_SPARE_SECONDS = 5
# No lease is longer, and a minute of difference between the clocks of two machines is none of its business.
LONGEST_LEASE = timedelta(
    seconds=max(rules.longest_seconds for rules in RULES.values()) + LEASE_SPARE_SECONDS, minutes=1
)
# Whatever a slice asks for, nothing waits longer before it goes on.
LONGEST_PAUSE = timedelta(minutes=10)
# A message this old may be lost.
SENT_AGAIN_AFTER = timedelta(seconds=60)
LINES_KEPT = 200
JOBS_KEPT = timedelta(days=30)
BATCH = 500

Route = tuple[Queue, str]
"""A queue and one of its lanes."""


@dataclass(frozen=True)
class Claim:
    """Somebody's right to do the next slice of a shard, as long as `shard.claim` is the number in the database."""

    job: Job
    shard: JobShard
    runner: Runner


def lease_seconds(runner: Runner) -> float:
    """By its end a slice has ended: killed at the latest, where its queue's work is done in processes.

    A thread that is late goes on, but what it found is not stored if another worker has taken its shard.
    """
    rules = RULES[runner.queue]
    return (rules.longest_seconds if rules.may_be_killed else runner.slice_seconds) + LEASE_SPARE_SECONDS


@transaction.atomic
def claim(shard_id: str, owner: str) -> Claim | None:
    """The shard, if its next slice is ours to do now. Not if it is done, under way elsewhere, cancelled or gone.

    Nor if this worker's release does not know the kind of job: another one's may.
    """
    shard = JobShard.objects.filter(pk=shard_id).first()
    job = _locked(shard.job_id) if shard else None
    runner = runner_of(job.kind) if job else None
    if shard is None or job is None or runner is None or job.state not in WORKING_STATES:
        return None
    now = timezone.now()
    taken = JobShard.objects.filter(pk=shard_id, state=ShardState.QUEUED, not_before__lte=now).update(
        state=ShardState.RUNNING,
        claim=F("claim") + 1,
        attempts=F("attempts") + 1,
        owner=owner[:100],
        leased_until=now + timedelta(seconds=lease_seconds(runner)),
    )
    if not taken:
        return None
    if job.state == JobState.QUEUED:
        job.state, job.started_at = JobState.RUNNING, now
        job.save(update_fields=["state", "started_at"])
    shard.refresh_from_db()
    return Claim(job, shard, runner)


@transaction.atomic
def store(mine: Claim, step: Step) -> bool:
    """Write down what a slice came to, and move on. False, and nothing is written, if the shard is no longer ours."""
    job = _locked(mine.job.pk)
    if job is None or not _release(
        mine,
        job,
        state=ShardState.DONE if step.is_last else ShardState.QUEUED,
        cursor=step.cursor,
        done=F("done") + step.done,
        attempts=0,
        deaths=0,
        not_before=timezone.now() + min(timedelta(seconds=step.pause), LONGEST_PAUSE),
    ):
        return False
    if step.store:
        step.store()
    job.done += step.done
    job.total = job.total if step.total is None else step.total
    job.message = job.message if step.message is None else step.message[:300]
    job.save(update_fields=["done", "total", "message"])
    for text in step.log:
        log(job, text)
    _settle(job)
    return True


@transaction.atomic
def fail(mine: Claim, sentence: str, *, is_final: bool = False) -> None:
    """An attempt at a slice failed. It is made again after a pause, unless that was the last one."""
    job = _locked(mine.job.pk)
    attempts = mine.shard.attempts
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    if job and _release(mine, job, state=ShardState.QUEUED, not_before=timezone.now() + pause):
        _failed(job, attempts, sentence, is_final=is_final)


def cancel(job_id: str) -> bool:
    """No further slice begins. One that is under way ends first. False if the job has ended, or is being cancelled."""
    with transaction.atomic():
        job = _locked(job_id)
        if job is None or not job.may_be_cancelled:
            return False
        job.state = JobState.CANCELLING
        job.save(update_fields=["state"])
        _settle(job)
        return True


def take_back_lost() -> int:
    """Shards whose lease has ended: their workers must have died. Returns how many there were.

    A lease that ends later than any can was given before the clock was set back, and tells nothing.
    """
    now = timezone.now()
    has_ended = Q(leased_until__lt=now) | Q(leased_until__gt=now + LONGEST_LEASE)
    running = JobShard.objects.filter(has_ended, state=ShardState.RUNNING, job__state__in=OPEN_STATES)
    lost = running.select_related("job")
    return sum(_take_back(shard) for shard in list(lost[:BATCH]))


@transaction.atomic
def _take_back(shard: JobShard) -> bool:
    job, runner = _locked(shard.job_id), runner_of(shard.job.kind)
    if job is None or runner is None:
        return False
    mine = Claim(job, shard, runner)
    if not _release(mine, job, state=ShardState.QUEUED, deaths=F("deaths") + 1, not_before=timezone.now()):
        return False  # it came back in this very moment
    sentence = gettext("The worker stopped before it finished a step of this job.")
    _failed(job, shard.attempts, sentence, is_final=False)
    return True


def forget_the_future() -> None:
    """Times that no clock can have given yet: it was set back since. What they hold up would wait as long as that."""
    now = timezone.now()
    waiting = JobShard.objects.filter(state=ShardState.QUEUED)
    waiting.filter(not_before__gt=now + LONGEST_PAUSE).update(not_before=now)
    waiting.filter(sent_at__gt=now + SENT_AGAIN_AFTER).update(sent_at=None)


def take_to_send(
    shards: QuerySet[JobShard] | None = None, *, waiting: Mapping[Route, Collection[str]] | None = None
) -> dict[Route, list[str]]:
    """Ids, by queue and lane, of shards whose message has to be sent; they count as sent from here on: send them, or
    put them back. Among all shards, or among these.

    With them those whose message is lost: sent long ago, and not among the ids that are `waiting` in their lane. A
    lane that is not in `waiting` may hold them still, and sending again each minute would make it ever longer.
    """
    now = timezone.now()
    among = JobShard.objects.all() if shards is None else shards
    ready = among.filter(state=ShardState.QUEUED, not_before__lte=now, job__state__in=WORKING_STATES)
    columns = ("pk", "job__queue", "job__lane", "sent_at")
    to_send = list(ready.filter(sent_at=None).order_by("not_before").values_list(*columns)[:BATCH])
    for (queue, lane), ids in (waiting or {}).items():
        old = ready.filter(job__queue=queue, job__lane=lane, sent_at__lt=now - SENT_AGAIN_AFTER)
        rows = old.order_by("not_before").values_list(*columns).iterator()
        to_send += itertools.islice((row for row in rows if row[0] not in ids), BATCH)
    taken: dict[Route, list[str]] = {}
    for pk, queue, lane, sent_at in to_send:
        # Who marks the row sends it.
        if JobShard.objects.filter(pk=pk, state=ShardState.QUEUED, sent_at=sent_at).update(sent_at=now):
            taken.setdefault((Queue(queue), lane), []).append(pk)
    return taken


def open_lanes() -> dict[Queue, list[str]]:
    """Of the queues, those lanes in which messages may wait."""
    rows = Job.objects.filter(state__in=WORKING_STATES).exclude(lane="").order_by("queue", "lane")
    lanes: dict[Queue, list[str]] = {}
    for queue, lane in rows.values_list("queue", "lane").distinct():
        lanes.setdefault(Queue(queue), []).append(lane)
    return lanes


def lanes_of_old_messages() -> list[Route]:
    """Where messages were sent to so long ago that they may be lost."""
    before = timezone.now() - SENT_AGAIN_AFTER
    old = JobShard.objects.filter(state=ShardState.QUEUED, sent_at__lt=before, job__state__in=WORKING_STATES)
    rows = old.order_by("job__queue", "job__lane").values_list("job__queue", "job__lane").distinct()
    return [(Queue(queue), lane) for queue, lane in rows]


def put_back(shard_ids: list[str]) -> None:
    """Those that the broker did not take."""
    JobShard.objects.filter(pk__in=shard_ids, state=ShardState.QUEUED).update(sent_at=None)


def tell(job: Job, what: str) -> None:
    """The operator, in the log of the process. People read `log`."""
    with log_context.about(job_id=job.pk, dataset_id=job.dataset_id or ""):
        logger.info("The job %s (%s) %s", job.pk, job.kind, what)


def log(job: Job, text: str) -> None:
    """One more line; the oldest go."""
    JobLogLine.objects.create(job=job, text=text[:500])
    surplus = list(job.lines.order_by("-pk").values_list("pk", flat=True)[LINES_KEPT : LINES_KEPT + BATCH])
    if surplus:
        JobLogLine.objects.filter(pk__in=surplus).delete()


def prune() -> None:
    """Jobs that ended long ago are forgotten."""
    ended = Job.objects.exclude(state__in=OPEN_STATES).filter(finished_at__lt=timezone.now() - JOBS_KEPT)
    while some := list(ended.values_list("pk", flat=True)[:BATCH]):
        Job.objects.filter(pk__in=some).delete()


def _locked(job_id: str) -> Job | None:
    return Job.objects.select_for_update().filter(pk=job_id).first()


def _release(mine: Claim, job: Job, **changes: object) -> bool:
    """Give the shard back, changed. False, and no change, if it is not ours any more or its job has ended."""
    if job.state not in OPEN_STATES:
        return False
    ours = JobShard.objects.filter(pk=mine.shard.pk, state=ShardState.RUNNING, claim=mine.shard.claim)
    return bool(ours.update(**changes, owner="", leased_until=None, sent_at=None))


def _failed(job: Job, attempts: int, sentence: str, *, is_final: bool) -> None:
    if is_final or attempts >= MOST_ATTEMPTS:
        if not is_final:
            again = gettext("It was tried %(attempts)s times.") % {"attempts": attempts}
            sentence = f"{sentence} {again}"
        log(job, sentence)
        _end(job, JobState.FAILED, error=sentence)
        return
    again = gettext("Attempt %(number)s of %(most)s; the step is tried again.") % {
        "number": attempts,
        "most": MOST_ATTEMPTS,
    }
    log(job, f"{sentence} {again}")
    _settle(job)


def _settle(job: Job) -> None:
    """End the job if nothing of it is left to do, or if it was cancelled and nothing is under way."""
    left = set(job.shards.exclude(state=ShardState.DONE).values_list("state", flat=True).distinct())
    if not left:
        runner = runner_of(job.kind)
        cursors = list(job.shards.order_by("number").values_list("cursor", flat=True))
        if runner and (following := runner.follow(job, cursors)):
            _begin_stage(job, following, number=len(cursors))
            return
        summary = runner.summary(job, cursors) if runner else None
        job.message = job.message if summary is None else summary[:300]
        _end(job, JobState.DONE)
    elif job.state == JobState.CANCELLING and ShardState.RUNNING not in left:
        log(job, gettext("Cancelled. Finished steps are not undone."))
        _end(job, JobState.CANCELLED)


def _begin_stage(job: Job, cursors: Sequence[Cursor], *, number: int) -> None:
    """Further shards, the first with this number; or the end of a job that was cancelled meanwhile."""
    if job.state == JobState.CANCELLING:
        log(job, gettext("Cancelled. Finished steps are not undone."))
        _end(job, JobState.CANCELLED)
        return
    shards = [JobShard(job=job, number=number + place, cursor=cursor) for place, cursor in enumerate(cursors)]
    JobShard.objects.bulk_create(shards, batch_size=500)


def _end(job: Job, state: JobState, *, error: str = "") -> None:
    job.state, job.error, job.finished_at = state, error[:500], timezone.now()
    job.save(update_fields=["state", "error", "message", "finished_at"])
    transaction.on_commit(partial(tell, job, f"ended: {state.lower()}"))
    runner = runner_of(job.kind)
    if runner:
        runner.ended(job)
