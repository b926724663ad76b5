"""Jobs whose shards are followed by further ones."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.queues import Queue
from jobs import lifecycle, services, tasks
from jobs.models import Job, JobState
from jobs.runners import Cursor, Runner, Slice, Step, register
from tests.jobs.helpers import texts, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@register
class Staged(Runner):
    """One shard plans three, and when all of those have ended, one adds up."""

    kind = "tests.staged"
    label = "Staged"
    queue = Queue.PATIENT

    def split(self, job: Job) -> Sequence[Cursor]:
        return [{"stage": "plan"}]

    def follow(self, job: Job, cursors: Sequence[Cursor]) -> Sequence[Cursor]:
        stages = [cursor["stage"] for cursor in cursors]
        if stages == ["plan"]:
            return [{"stage": "part", "number": number} for number in range(3)]
        return [] if "sum" in stages else [{"stage": "sum"}]

    def run(self, this: Slice) -> Step:
        if this.cursor["stage"] == "sum":
            parts = this.job.shards.filter(cursor__stage="part")
            return Step({"stage": "sum", "sum": sum(part.cursor["number"] for part in parts)}, is_last=True)
        return Step(this.cursor, is_last=True, done=1)

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return f"{len(cursors)} shards, {cursors[-1]['sum']}"


def staged() -> Job:
    job, _ = services.start(Staged.kind, title="Staged")
    return job


def test_a_stage_begins_when_the_one_before_has_ended() -> None:
    job = work_off(staged())
    assert (job.state, job.done, job.message) == (JobState.DONE, 4, "5 shards, 3")
    assert [shard.cursor["stage"] for shard in job.shards.order_by("number")] == ["plan", "part", "part", "part", "sum"]


def test_its_shards_are_sent_at_once(sent: list[tuple[str, Queue]]) -> None:
    job = staged()
    first = job.shards.get()
    tasks.run_slice(first.pk)
    assert {shard_id for shard_id, _ in sent} == {shard.pk for shard in job.shards.exclude(pk=first.pk)}
    assert len(sent) == 3


def test_cancelled_in_the_last_slice_of_a_stage() -> None:
    job = staged()
    mine = lifecycle.claim(job.shards.get().pk, "w")
    assert mine
    assert services.cancel(job)
    assert lifecycle.store(mine, Step({"stage": "plan"}, is_last=True))
    job.refresh_from_db()
    assert (job.state, job.shards.count()) == (JobState.CANCELLED, 1)
    assert texts(job) == ["Cancelled. Finished steps are not undone."]
