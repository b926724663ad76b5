"""Jobs as these tests make and do them, without processes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from jobs import lifecycle, services, tasks
from jobs.lifecycle import Claim
from jobs.models import Job, JobShard, ShardState
from jobs.runners import Slice, Step
from tests.jobs.rehearsal import Rehearsal


def new_job(**arguments: Any) -> Job:
    job, _ = services.start(Rehearsal.kind, title="Rehearsal", arguments={"slices": 5, **arguments}, total=5)
    return job


def only_shard(job: Job) -> JobShard:
    return job.shards.get()


def claimed(job: Job, owner: str = "first") -> Claim:
    found = lifecycle.claim(only_shard(job).pk, owner)
    assert found
    return found


def step_of(mine: Claim) -> Step:
    return mine.runner.run(Slice(mine.job, mine.shard.number, mine.shard.cursor, 0))


def expire_leases() -> None:
    JobShard.objects.filter(state=ShardState.RUNNING).update(leased_until=timezone.now() - timedelta(seconds=1))


def end_pauses() -> None:
    JobShard.objects.update(not_before=timezone.now() - timedelta(seconds=1))


def work_off(job: Job) -> Job:
    """As workers do it, message by message, until nothing is left to send."""
    for _ in range(100):
        for shard_id in job.shards.filter(state=ShardState.QUEUED).values_list("pk", flat=True):
            tasks.run_slice(shard_id)
        job.refresh_from_db()
        if not job.is_open:
            return job
    raise AssertionError(f"{job} does not end")


def texts(job: Job) -> list[str]:
    return list(job.lines.values_list("text", flat=True))
