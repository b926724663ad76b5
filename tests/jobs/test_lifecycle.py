"""What may happen to a job between its start and its end, transition by transition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core import broker
from core.queues import Queue
from datasets.models import Dataset
from jobs import lifecycle, services, tasks
from jobs.lifecycle import Route
from jobs.models import Job, JobLogLine, JobShard, JobState, ShardState
from jobs.runners import Step, register
from teams.models import Team, User
from tests.jobs.helpers import claimed, end_pauses, expire_leases, new_job, only_shard, step_of, texts, work_off
from tests.jobs.rehearsal import SECRET, Rehearsal, effects, result_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("effects_table", "sent")]


def test_from_start_to_end() -> None:
    job = new_job()
    assert (job.state, job.started_at) == (JobState.QUEUED, None)
    work_off(job)
    assert (job.state, job.done, job.error) == (JobState.DONE, 5, "")
    assert job.message == result_of(1, 5)
    assert effects(job.pk) == [(0, number) for number in range(5)]
    assert job.started_at
    assert job.finished_at
    assert texts(job) == []


def test_its_slices_are_sent_one_after_the_other(sent: list[tuple[str, Queue]]) -> None:
    job = new_job()
    tasks.send(job.shards.all())  # as start() has it done after the commit
    shard = only_shard(job)
    assert sent == [(shard.pk, Queue.PATIENT)]
    tasks.run_slice(shard.pk)
    assert len(sent) == 2
    tasks.sweep_jobs()
    assert len(sent) == 2


def test_a_slice_that_has_to_wait_comes_back_later(sent: list[tuple[str, Queue]]) -> None:
    """Its worker does something else meanwhile; nobody takes the shard too early, and the sweep finds it then."""
    job = new_job()
    mine = claimed(job)
    assert lifecycle.store(mine, Step(mine.shard.cursor, is_last=False, pause=60))
    shard = only_shard(job)
    assert (shard.state, shard.owner, shard.attempts, job.done) == (ShardState.QUEUED, "", 0, 0)
    assert 55 < (shard.not_before - timezone.now()).total_seconds() <= 60
    tasks.send(job.shards.all())
    tasks.sweep_jobs()
    tasks.run_slice(shard.pk)
    assert (sent, only_shard(job).claim) == ([], 1)
    end_pauses()
    tasks.sweep_jobs()
    assert sent == [(shard.pk, Queue.PATIENT)]
    assert work_off(job).message == result_of(1, 5)


def test_a_clock_that_was_set_back_holds_nothing_up(sent: list[tuple[str, Queue]]) -> None:
    """Its rows have times to come: of the pause of a step, of a message that is lost, of a lease whose worker died."""
    job = new_job()
    later = timezone.now() + timedelta(hours=1)
    job.shards.update(not_before=later, sent_at=later)
    tasks.sweep_jobs()
    shard = only_shard(job)
    assert sent == [(shard.pk, Queue.PATIENT)]
    claimed(job)
    job.shards.update(leased_until=later)
    tasks.sweep_jobs()
    assert len(sent) == 2
    assert only_shard(job).attempts == 1
    assert work_off(job).message == result_of(1, 5)


def test_no_pause_is_longer_than_what_a_clock_that_was_set_back_leaves() -> None:
    job = new_job()
    mine = claimed(job)
    assert lifecycle.store(mine, Step(mine.shard.cursor, is_last=False, pause=24 * 3600))
    assert only_shard(job).not_before <= timezone.now() + lifecycle.LONGEST_PAUSE
    lease = claimed_lease(job)
    assert lease <= timezone.now() + lifecycle.LONGEST_LEASE


def claimed_lease(job: Job) -> datetime:
    end_pauses()
    until = claimed(job).shard.leased_until
    assert until
    return until


def test_shards_are_done_side_by_side(sent: list[tuple[str, Queue]]) -> None:
    job = new_job(shards=3)
    tasks.send(job.shards.all())
    assert len(sent) == 3
    first, second, _ = (lifecycle.claim(shard.pk, "w") for shard in job.shards.order_by("number"))
    assert first
    assert second
    assert lifecycle.store(second, step_of(second))
    assert lifecycle.store(first, step_of(first))
    expire_leases()
    lifecycle.take_back_lost()
    work_off(job)
    assert (job.state, job.done, job.message) == (JobState.DONE, 15, result_of(3, 5))


def test_a_message_that_comes_twice_does_nothing() -> None:
    job = new_job()
    mine = claimed(job)
    assert lifecycle.claim(mine.shard.pk, "second") is None
    assert lifecycle.store(mine, step_of(mine))
    assert not lifecycle.store(mine, step_of(mine))
    work_off(job)
    tasks.run_slice(mine.shard.pk)
    tasks.run_slice("f" * 24)
    assert effects(job.pk) == [(0, number) for number in range(5)]


def test_who_has_lost_the_shard_changes_nothing() -> None:
    """A worker that was thought dead comes back after another has done its slice, and the next one."""
    job = new_job()
    slow = claimed(job)
    late_step = step_of(slow)
    expire_leases()
    assert lifecycle.take_back_lost() == 1
    for _ in range(2):
        quick = claimed(job, "second")
        assert lifecycle.store(quick, step_of(quick))
    assert not lifecycle.store(slow, late_step)
    lifecycle.fail(slow, "I failed.")
    job.refresh_from_db()
    assert (job.done, only_shard(job).cursor["number"]) == (2, 2)
    assert "I failed." not in " ".join(texts(job))
    assert work_off(job).message == result_of(1, 5)
    assert effects(job.pk) == [(0, number) for number in range(5)]


def test_a_lease_that_ended_unnoticed_is_no_loss() -> None:
    """Nobody has taken the shard meanwhile, so what was found is stored."""
    job = new_job()
    mine = claimed(job)
    expire_leases()
    assert lifecycle.store(mine, step_of(mine))


def test_what_store_writes_goes_with_the_cursor() -> None:
    def write_and_fail() -> None:
        Job.objects.filter(pk=job.pk).update(message="half")
        raise IntegrityError("planted-secret")

    job = new_job()
    mine = claimed(job)
    step = Step(cursor={"number": 1, "digest": "x"}, is_last=False, done=1, store=write_and_fail)
    with pytest.raises(IntegrityError), transaction.atomic():
        lifecycle.store(mine, step)
    job.refresh_from_db()
    assert (job.done, job.message, only_shard(job).claim) == (0, "", 1)


class TestCancel:
    def test_before_it_began(self) -> None:
        job = new_job()
        assert services.cancel(job)
        job.refresh_from_db()
        assert (job.state, bool(job.finished_at)) == (JobState.CANCELLED, True)
        assert lifecycle.claim(only_shard(job).pk, "w") is None
        assert not services.cancel(job)

    def test_a_slice_under_way_ends_first_and_counts(self) -> None:
        job = new_job()
        mine = claimed(job)
        assert services.cancel(job)
        job.refresh_from_db()
        assert job.state == JobState.CANCELLING
        assert lifecycle.store(mine, step_of(mine))
        job.refresh_from_db()
        assert (job.state, job.done) == (JobState.CANCELLED, 1)
        tasks.sweep_jobs()
        assert only_shard(job).sent_at is None

    def test_a_worker_that_died_meanwhile(self) -> None:
        job = new_job()
        claimed(job)
        services.cancel(job)
        expire_leases()
        tasks.sweep_jobs()
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED

    def test_a_last_slice_that_was_quicker(self) -> None:
        job = new_job(slices=1)
        mine = claimed(job)
        services.cancel(job)
        lifecycle.store(mine, step_of(mine))
        job.refresh_from_db()
        assert job.state == JobState.DONE  # all of it is done, so that is what it says


class TestFailures:
    def test_three_attempts_with_pauses(self) -> None:
        job = new_job(trouble="error")
        for _ in range(3):
            tasks.run_slice(only_shard(job).pk)
        shard = only_shard(job)
        tasks.run_slice(shard.pk)
        assert (shard.attempts, shard.state) == (0, ShardState.QUEUED)
        for attempt, pause in ((1, 10), (2, 60)):
            shard = only_shard(job)
            assert shard.attempts == attempt
            assert pause - 5 < (shard.not_before - timezone.now()).total_seconds() <= pause
            tasks.run_slice(shard.pk)  # too early: nothing happens
            assert only_shard(job).attempts == attempt
            end_pauses()
            tasks.run_slice(shard.pk)
        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert job.error == "The file is broken. It was tried 3 times."
        assert effects(job.pk) == [(0, 0), (0, 1), (0, 2)]
        assert len(texts(job)) == 3

    def test_one_that_makes_no_sense_to_repeat(self) -> None:
        job = work_off(new_job(trouble="final"))
        assert (job.state, job.error) == (JobState.FAILED, "Nothing will help.")

    def test_a_surprise_is_told_without_its_text(self, caplog: pytest.LogCaptureFixture) -> None:
        job = new_job(trouble="surprise")
        for _ in range(4):
            tasks.run_slice(only_shard(job).pk)
        told = " ".join(texts(job))
        assert "Something unexpected happened (RuntimeError)" in told
        assert SECRET not in told + caplog.text
        assert "rehearsal.py" in caplog.text

    def test_a_slice_that_ends_its_workers(self) -> None:
        job = new_job()
        for _ in range(3):
            claimed(job)
            expire_leases()
            tasks.sweep_jobs()
        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert job.error == "The worker stopped before it finished a step of this job. It was tried 3 times."

    def test_attempts_are_counted_for_one_slice_alone(self) -> None:
        job = new_job(slices=8)
        for _ in range(8):
            claimed(job)
            expire_leases()
            tasks.sweep_jobs()
            mine = claimed(job, "second")
            assert lifecycle.store(mine, step_of(mine))
        job.refresh_from_db()
        assert job.state == JobState.DONE

    def test_when_one_shard_fails_the_others_stop(self) -> None:
        job = new_job(shards=2)
        first, second = (lifecycle.claim(shard.pk, "w") for shard in job.shards.order_by("number"))
        assert first
        assert second
        lifecycle.fail(first, "Broken.", is_final=True)
        assert not lifecycle.store(second, step_of(second))
        assert effects(job.pk) == []


class TestSending:
    @pytest.fixture(autouse=True)
    def waiting(self, monkeypatch: pytest.MonkeyPatch) -> dict[Route, set[str]]:
        """What lies in the queues: nothing yet."""
        waiting: dict[Route, set[str]] = {(queue, ""): set() for queue in Queue}
        monkeypatch.setattr(broker, "waiting", lambda lanes: {lane: waiting[lane] for lane in lanes if lane in waiting})
        return waiting

    def test_what_the_broker_did_not_take(self, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, Queue]]) -> None:
        job = new_job()
        with monkeypatch.context() as patch:
            patch.setattr(broker, "_send", lambda *_: 0)
            tasks.send(job.shards.all())
        assert only_shard(job).sent_at is None
        tasks.sweep_jobs()
        assert len(sent) == 1

    def test_a_message_that_was_lost(self, waiting: dict[Route, set[str]], sent: list[tuple[str, Queue]]) -> None:
        """Each minute would add a message for each shard that waits, if those in the queue were sent again too."""
        lost, kept = new_job(), new_job()
        tasks.send(JobShard.objects.all())
        JobShard.objects.update(sent_at=timezone.now() - timedelta(seconds=61))
        waiting[Queue.PATIENT, ""] = {only_shard(kept).pk, "of another task"}
        sent.clear()
        tasks.sweep_jobs()
        assert sent == [(only_shard(lost).pk, Queue.PATIENT)]
        tasks.sweep_jobs()
        assert len(sent) == 1

    def test_a_lane_that_is_too_long_to_be_read_waits(
        self, waiting: dict[Route, set[str]], sent: list[tuple[str, Queue]]
    ) -> None:
        job = new_job()
        tasks.send(job.shards.all())
        JobShard.objects.update(sent_at=timezone.now() - timedelta(seconds=61))
        del waiting[Queue.PATIENT, ""]
        tasks.sweep_jobs()
        assert len(sent) == 1

    def test_a_lost_one_behind_many_that_wait(
        self, monkeypatch: pytest.MonkeyPatch, waiting: dict[Route, set[str]], sent: list[tuple[str, Queue]]
    ) -> None:
        monkeypatch.setattr(lifecycle, "BATCH", 2)
        jobs = [new_job() for _ in range(5)]
        JobShard.objects.update(sent_at=timezone.now() - timedelta(seconds=61))
        waiting[Queue.PATIENT, ""] = {only_shard(job).pk for job in jobs[:4]}
        tasks.sweep_jobs()
        assert sent == [(only_shard(jobs[4]).pk, Queue.PATIENT)]

    def test_a_pause_is_waited_for(self, sent: list[tuple[str, Queue]]) -> None:
        job = new_job()
        JobShard.objects.update(not_before=timezone.now() + timedelta(minutes=1))
        tasks.sweep_jobs()
        assert sent == []
        end_pauses()
        tasks.sweep_jobs()
        assert sent == [(only_shard(job).pk, Queue.PATIENT)]

    def test_a_kind_that_this_release_does_not_know_waits_for_one_that_does(self) -> None:
        job = new_job()
        Job.objects.filter(pk=job.pk).update(kind="of.tomorrow")
        tasks.run_slice(only_shard(job).pk)
        job.refresh_from_db()
        assert (job.state, only_shard(job).attempts) == (JobState.QUEUED, 0)
        assert services.cancel(job)


class TestBounds:
    def test_one_open_job_per_kind_and_subject(self, team: Team, alice: User) -> None:
        def start() -> tuple[Job, bool]:
            return services.start(
                Rehearsal.kind, title="One", subject=team.pk, team=team, by=alice, arguments={"slices": 1}
            )

        first, is_new = start()
        assert is_new
        assert start() == (first, False)
        services.cancel(first)
        second, is_new = start()
        assert is_new
        assert second != first

    def test_the_open_one_ends_just_when_another_is_refused_for_it(self, team: Team, alice: User) -> None:
        def start() -> tuple[Job, bool]:
            return services.start(Rehearsal.kind, title="One", subject=team.pk, by=alice, arguments={"slices": 1})

        open_one, _ = start()
        states: list[str] = []

        def end_it_first(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
            """What reads the open one comes just after its end."""
            if sql.startswith("SELECT") and "jobs_job" in sql and not states:
                states.append("ending")
                services.cancel(open_one)
                open_one.refresh_from_db()
                states.append(open_one.state)
            return execute(sql, *given)

        with connection.execute_wrapper(end_it_first):
            second, is_new = start()
        assert states == ["ending", JobState.CANCELLED]
        assert is_new
        assert second.pk != open_one.pk
        assert second.shards.count() == 1

    def test_only_the_newest_lines_are_kept(self) -> None:
        job = new_job()
        for number in range(lifecycle.LINES_KEPT + 20):
            lifecycle.log(job, f"{number} " + "x" * 1000)
        lines = texts(job)
        assert len(lines) == lifecycle.LINES_KEPT
        assert lines[-1].startswith(f"{lifecycle.LINES_KEPT + 19} ")

    def test_old_jobs_are_forgotten(self, dataset: Dataset) -> None:
        long_ago = timezone.now() - lifecycle.JOBS_KEPT - timedelta(hours=1)
        kept, old, waiting = (work_off(new_job()), work_off(new_job()), new_job())
        Job.objects.filter(pk__in=[old.pk, waiting.pk]).update(finished_at=long_ago, created_at=long_ago)
        lifecycle.log(old, "a line")
        tasks.prune_jobs()
        assert set(Job.objects.all()) == {kept, waiting}
        assert not JobLogLine.objects.filter(job_id=old.pk).exists()

    def test_a_job_goes_with_its_dataset(self, dataset: Dataset, team: Team) -> None:
        job, _ = services.start(Rehearsal.kind, title="One", dataset=dataset, team=team, arguments={"slices": 9})
        mine = claimed(job)
        dataset.delete()
        assert not lifecycle.store(mine, step_of(mine))

    def test_kinds_are_unique_and_their_slices_short(self) -> None:
        class Other(Rehearsal):
            pass

        with pytest.raises(ValueError, match="Two runners"):
            register(Other)

        class Long(Rehearsal):
            kind = "tests.long"
            queue = Queue.CONTENTS
            slice_seconds = 31.0

        with pytest.raises(ValueError, match="longer than the queue"):
            register(Long)
        with pytest.raises(ValueError, match="Nobody has registered"):
            services.start("tests.unknown", title="")


def test_a_slice_knows_how_many_workers_it_has_ended() -> None:
    """Those that failed in other ways are not counted, and the next slice begins at none."""
    job = new_job()
    lifecycle.fail(claimed(job), "The storage did not answer.")
    end_pauses()
    assert only_shard(job).deaths == 0
    claimed(job)
    expire_leases()
    lifecycle.take_back_lost()
    mine = claimed(job)
    assert (mine.shard.attempts, mine.shard.deaths) == (3, 1)
    assert lifecycle.store(mine, step_of(mine))
    assert only_shard(job).deaths == 0
