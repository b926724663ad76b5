"""Runs that do not end well: what they say, and what they leave behind."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from django.utils import timezone

from contents.media import pixels
from datasources.models import Purpose
from jobs import lifecycle, services, tasks
from jobs.models import Job, JobShard, JobState, ShardState
from runs.models import Run, RunState, ScheduledState
from runs.runners import TIDY_KIND
from runs.worker import reading
from runs.worker.tidying import WAIT_SECONDS
from samples.models import Sample
from tests.jobs.helpers import end_pauses, expire_leases
from tests.runs.worker.whole import INPUT, OUTPUT, World, begun, colours, ended, selection
from tests.servers import WORKING_RIGHTS, Right, Trouble

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def shards(run: Run, stage: str) -> list[JobShard]:
    assert run.job
    return [shard for shard in run.job.shards.filter(state=ShardState.QUEUED) if shard.cursor["stage"] == stage]


def until(run: Run, stage: str) -> JobShard:
    """Works until a shard of this stage waits, and gives it."""
    for _ in range(50):
        if found := shards(run, stage):
            return found[0]
        assert run.job
        tasks.run_slice(run.job.shards.filter(state=ShardState.QUEUED).values_list("pk", flat=True)[0])
    raise AssertionError(f"{run} does not come to {stage}")


def tidying(run: Run) -> Job:
    return Job.objects.get(kind=TIDY_KIND, arguments__run=run.pk)


def test_an_aborted_run_leaves_nothing(world: World) -> None:
    world.put(colours(6))
    run = begun(world.dataset, selection(2))
    until(run, "select")
    assert world.left()
    assert run.job
    assert services.cancel(run.job)
    run.refresh_from_db()
    assert run.state == RunState.ABORTED
    assert run.scheduled
    assert run.scheduled.state == ScheduledState.DONE
    run = ended(run)
    assert (run.state, tidying(run).state) == (RunState.ABORTED, JobState.DONE)
    assert world.left() == []
    assert not Sample.objects.exists()


def test_what_comes_late_after_an_abort_is_waited_for(world: World) -> None:
    world.put(colours(3))
    run = begun(world.dataset, selection(2))
    shard = until(run, "select")
    mine = lifecycle.claim(shard.pk, "slow")
    assert mine
    lifecycle.fail(mine, "It failed.", is_final=True)
    JobShard.objects.filter(pk=shard.pk).update(state=ShardState.RUNNING, leased_until=mine.shard.leased_until)
    (job,) = Job.objects.filter(kind=TIDY_KIND)
    started = time.monotonic()
    for _ in range(2):  # the second time comes too early, and does nothing
        tasks.run_slice(job.shards.get().pk)
    assert time.monotonic() - started < WAIT_SECONDS / 2
    waiting = job.shards.get()
    assert (waiting.state, waiting.claim, waiting.sent_at) == (ShardState.QUEUED, 1, None)
    assert 0 < (waiting.not_before - timezone.now()).total_seconds() <= WAIT_SECONDS
    assert world.left()
    expire_leases()
    end_pauses()
    assert ended(run).state == RunState.FAILED
    assert world.left() == []


def test_a_poisonous_file_fails_the_run_by_its_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker ends whenever it decodes one of the files."""
    files = colours(6)
    poison = sorted(files)[3]
    world.put(files)
    run = begun(world.dataset, selection(2))
    until(run, "read")
    decode = pixels.decoded

    def decoded(file: io.BytesIO) -> Any:
        if file.getvalue() == files[poison]:
            raise KeyboardInterrupt  # nobody stores anything, as after a kill
        return decode(file)

    monkeypatch.setattr(reading, "decoded", decoded)
    deaths = 0
    for _ in range(20):
        waiting = JobShard.objects.filter(job=run.job, job__state="RUNNING", state=ShardState.QUEUED)
        if not (pk := waiting.values_list("pk", flat=True).first()):
            break
        try:
            tasks.run_slice(pk)
        except KeyboardInterrupt:
            deaths += 1
            expire_leases()
            lifecycle.take_back_lost()
            end_pauses()
    run.refresh_from_db()
    assert deaths == 3  # one with its neighbours, two alone
    assert run.state == RunState.FAILED
    assert poison in run.message
    assert "ended its worker twice" in run.message
    ended(run)
    assert world.left() == []


def test_files_that_may_not_be_read(world: World) -> None:
    world.put(colours(3))
    world.lead(Purpose.INPUT, world.cloud.grant(world.bucket, INPUT, {Right.LIST}))
    run = world.run(selection(2))
    assert run.state == RunState.FAILED
    assert "read none of the files" in run.message
    assert world.left() == []


def test_a_red_permission_ends_the_run_before_it_reads(world: World) -> None:
    world.put(colours(3))
    world.lead(Purpose.LIGHTLY, world.cloud.grant(world.bucket, OUTPUT, {Right.LIST, Right.READ}))
    content = selection(2, datasource={"processAll": True})
    run = world.run(content)
    assert run.state == RunState.FAILED
    assert "write" in run.message
    assert not world.left()


def test_a_storage_that_fails_for_a_while(world: World) -> None:
    files = colours(5)
    world.put(files)
    run = begun(world.dataset, selection(2))
    shard = until(run, "read")
    world.cloud.trouble(world.bucket, Trouble.SERVER_ERROR)
    tasks.run_slice(shard.pk)
    world.cloud.trouble(world.bucket, None)
    shard.refresh_from_db()
    assert (shard.state, shard.attempts) == (ShardState.QUEUED, 1)
    end_pauses()
    assert ended(run).state == RunState.COMPLETED
    assert world.left() == []


def test_another_place_meanwhile(world: World) -> None:
    world.put(colours(3))
    run = begun(world.dataset, selection(2))
    until(run, "select")
    world.lead(Purpose.LIGHTLY, world.cloud.grant(world.bucket, "elsewhere/", WORKING_RIGHTS))
    assert ended(run).state == RunState.FAILED
    run.refresh_from_db()
    assert "changed meanwhile" in run.message


def test_an_empty_bucket(world: World) -> None:
    run = world.run(selection(2))
    assert run.state == RunState.FAILED
    assert "There are no images" in run.message


def test_large_images_are_read_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    files = colours(6)
    world.put(files)
    monkeypatch.setattr(reading, "BYTES_OF_A_CHUNK", 1)
    run = world.run(selection(6))
    assert run.state == RunState.COMPLETED, run.message
    assert Sample.objects.count() == 6
