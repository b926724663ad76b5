"""Two workers, a sweep and a person at one job: whatever order things happen in, nothing is lost or done twice."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from core.queues import Queue
from jobs import lifecycle
from jobs.lifecycle import Claim
from jobs.models import OPEN_STATES, JobState, ShardState
from tests.jobs.helpers import end_pauses, expire_leases, new_job, step_of, work_off
from tests.jobs.rehearsal import effects, result_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("effects_table", "sent")]


OPERATIONS = ["claim", "store", "fail", "die", "notice", "cancel", "again"]
operations = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 1), st.integers(0, 2)), min_size=5, max_size=40
)


class Play:
    """Two workers and a sweep at one job of two shards. Each worker may hold old claims, and come back with them."""

    def __init__(self) -> None:
        self.job = new_job(slices=3, shards=2)
        self.shards = list(self.job.shards.order_by("number").values_list("pk", flat=True))
        self.held: list[list[Claim]] = [[], []]
        self.ended: tuple[str, int] | None = None

    def do(self, operation: str, worker: int, which: int) -> None:
        held = self.held[worker]
        claim = held[which % len(held)] if held else None
        if operation == "claim":
            if found := lifecycle.claim(self.shards[which % 2], f"worker {worker}"):
                held.append(found)
        elif operation == "store" and claim:
            lifecycle.store(claim, step_of(claim))
        elif operation == "fail" and claim:
            lifecycle.fail(claim, "It failed.")
            end_pauses()
        elif operation == "die":
            expire_leases()
        elif operation == "notice":
            lifecycle.take_back_lost()
        elif operation == "cancel" and which == 0:
            lifecycle.cancel(self.job.pk)
        elif operation == "again":
            lifecycle.take_to_send(waiting={(queue, ""): () for queue in Queue})
        self.check()

    def check(self) -> None:
        self.job.refresh_from_db()
        done = effects(self.job.pk)
        assert len(done) == len(set(done)) == self.job.done
        for number, shard in enumerate(self.job.shards.order_by("number")):
            assert [(number, each) for each in range(shard.cursor["number"])] == [
                pair for pair in done if pair[0] == number
            ]
            assert (shard.state == ShardState.RUNNING) == bool(shard.owner)
        now = (self.job.state, len(done))
        if self.ended:
            assert now == self.ended  # what has ended stays as it is
        elif not self.job.is_open:
            self.ended = now
            assert self.job.finished_at


@settings(max_examples=120, deadline=None)
@given(played=operations)
def test_no_order_of_events_breaks_it(played: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        play = Play()
        for operation, worker, which in played:
            play.do(operation, worker, which)
        if play.job.state in (JobState.QUEUED, JobState.RUNNING):
            expire_leases()
            lifecycle.take_back_lost()
            end_pauses()
            play.job.refresh_from_db()
            if play.job.is_open:
                assert work_off(play.job).message == result_of(2, 3)
        elif play.job.state in OPEN_STATES:
            expire_leases()
            lifecycle.take_back_lost()
            play.job.refresh_from_db()
            assert not play.job.is_open
        transaction.set_rollback(True)
