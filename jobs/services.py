"""Starting and cancelling jobs."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from datasets.models import Dataset
from jobs import lifecycle, tasks
from jobs.models import OPEN_STATES, Job, JobShard
from jobs.runners import Runner, runner_of
from teams import audit
from teams.models import AuditAction, Team, User


def start(
    kind: str,
    *,
    title: str,
    subject: str = "",
    team: Team | None = None,
    dataset: Dataset | None = None,
    by: User | None = None,
    arguments: dict[str, Any] | None = None,
    total: int | None = None,
    teams: Sequence[Team] = (),
    lane: str = "",
) -> tuple[Job, bool]:
    """A new job, and True; or the open one of this kind about the same subject, and False.

    `team` and `dataset` decide who sees it, beside the person who asked. Its first slices are sent after the commit.
    `teams`: in whose logs the start stands, if it is of no single team. `lane`: the labels that its workers need, as
    of core.queues.lane_of.
    Raises ValueError for a kind that nobody has registered.
    """
    runner = runner_of(kind)
    if runner is None:
        raise ValueError(f"Nobody has registered jobs of kind {kind}.")
    job = Job(
        kind=kind,
        queue=runner.queue.value,
        lane=lane,
        title=title[:200],
        subject=subject,
        team=team,
        dataset=dataset,
        requested_by=by,
        arguments=arguments or {},
        total=total,
    )
    for is_last in (False, False, True):
        try:
            _insert(job, runner, teams=teams, by=by)
        except IntegrityError:
            found = Job.objects.filter(kind=kind, subject=subject, state__in=OPEN_STATES).first() if subject else None
            if found is not None:
                return found, False
            # The open one may have ended between the two statements. Then there is room for this one.
            if is_last or not subject:
                raise
        else:
            break
    return job, True


@transaction.atomic
def _insert(job: Job, runner: Runner, *, teams: Sequence[Team], by: User | None) -> None:
    """It, its shards and the log. Raises IntegrityError while one of its kind is open about its subject."""
    job.save(force_insert=True)
    shards = [JobShard(job=job, number=number, cursor=cursor) for number, cursor in enumerate(runner.split(job))]
    JobShard.objects.bulk_create(shards, batch_size=500)
    for told in teams or (_team_of(job),):
        _record(job, AuditAction.JOB_STARTED, told, by)
    transaction.on_commit(partial(lifecycle.tell, job, "is queued"))
    transaction.on_commit(partial(tasks.send, JobShard.objects.filter(job=job)))


@transaction.atomic
def cancel(job: Job, *, by: User | None = None) -> bool:
    """No further slice begins. False if it has ended, or is being cancelled already."""
    is_cancelled = lifecycle.cancel(job.pk)
    if is_cancelled:
        _record(job, AuditAction.JOB_CANCELLED, _team_of(job), by)
    return is_cancelled


def _team_of(job: Job) -> Team | None:
    return job.team or (job.dataset.team if job.dataset else None)


def _record(job: Job, action: AuditAction, team: Team | None, by: User | None) -> None:
    runner = runner_of(job.kind)
    words = f"{runner.label if runner else job.kind}: {job.title}"
    audit.record(team=team, actor=by, action=action, target=words, dataset=job.dataset)
