"""What a run leaves of its work where it may not delete: empty files, and a sentence that says so."""

from __future__ import annotations

import pytest

from clouds.patient import Patience
from clouds.pool import STORES
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from jobs import services as jobs
from jobs import tasks
from jobs.models import JobShard, ShardState
from runs.models import LogLevel, Run, RunState
from runs.worker import context, tidying
from runs.worker.context import PATIENCE
from runs.worker.tidying import MOST_TRIES, TIDY
from tests.contents.support import connect
from tests.runs.worker.whole import OUTPUT, World, begun, colours, ended, selection
from tests.servers import WORKING_RIGHTS, Trouble

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def test_an_unfinished_upload_is_given_up_or_told_of(world: World) -> None:
    """S3 wants a right for it that runs don't need."""
    world.put(colours(2))
    run = begun(world.dataset, selection(1))
    lightly = world.dataset.datasources.get(purpose=Purpose.LIGHTLY)
    key = f"{OUTPUT}.lightly/embeddings/default_{run.stamp}.csv"
    with STORES.borrowed(lightly.config, configured_endpoints(), PATIENCE) as store:
        upload = store.begin_parts(key, content_type="text/csv", beside="")
    assert run.job
    shard = run.job.shards.get()
    shard.cursor |= {"csv": {"upload": upload, "parts": [], "row": 0}}
    shard.save()
    jobs.cancel(run.job)
    assert ended(run).state == RunState.ABORTED
    (warning,) = run.lines.filter(level=LogLevel.WARNING)
    assert warning.text.startswith(
        f"Parts of the unfinished file .lightly/embeddings/default_{run.stamp}.csv may be left"
    )


def test_without_the_right_to_delete(world: World) -> None:
    world.dataset.datasources.filter(purpose=Purpose.LIGHTLY).delete()
    connect(world.dataset, Purpose.LIGHTLY, world.cloud.grant(world.bucket, OUTPUT, WORKING_RIGHTS))
    world.put(colours(6))
    run = world.run(selection(3))
    assert run.state == RunState.COMPLETED, run.message
    left = world.left()
    assert left
    lightly = world.dataset.datasources.get(purpose=Purpose.LIGHTLY)
    with STORES.borrowed(lightly.config, configured_endpoints(), PATIENCE) as store:
        assert {store.read_range(key, 0, 10).data for key in left} == {b""}
    (warning,) = run.lines.filter(level=LogLevel.WARNING)
    assert warning.text.startswith(
        f"The credentials of the Lightly datasource may not delete files, so {len(left)} files that the run worked"
    )


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the storage."""
    monkeypatch.setattr(tidying, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(context, "PATIENCE", Patience(call_seconds=8.0, attempts=1))


def at_tidying(world: World) -> tuple[Run, JobShard]:
    """A run of which nothing is left to do but that."""
    run = begun(world.dataset, selection(3))
    assert run.job
    for _ in range(60):
        (shard, *_) = run.job.shards.filter(state=ShardState.QUEUED)
        if shard.cursor["stage"] == TIDY:
            return run, shard
        tasks.run_slice(shard.pk)
    raise AssertionError(f"{run} does not come to its end")


def test_a_storage_that_is_busy_for_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be removed now is removed a little later, and nobody has to hear of it."""
    hurry(monkeypatch)
    world.put(colours(6))
    run, shard = at_tidying(world)
    assert world.left()
    world.cloud.trouble(world.bucket, Trouble.THROTTLED)
    for tries in range(1, MOST_TRIES):
        tasks.run_slice(shard.pk)
        shard.refresh_from_db()
        assert (shard.state, shard.cursor["tries"]) == (ShardState.QUEUED, tries)
    world.cloud.trouble(world.bucket, None)
    assert world.left()
    assert ended(run).state == RunState.COMPLETED
    assert world.left() == []
    assert not run.lines.filter(level=LogLevel.WARNING).exists()


def test_a_storage_that_stays_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run has its result all the same, and its log says what is left where."""
    hurry(monkeypatch)
    world.put(colours(6))
    run, _ = at_tidying(world)
    world.cloud.trouble(world.bucket, Trouble.THROTTLED)
    assert ended(run).state == RunState.COMPLETED
    world.cloud.trouble(world.bucket, None)
    assert world.left()
    (warning,) = run.lines.filter(level=LogLevel.WARNING)
    assert warning.text.startswith("What the run worked with is left in .lightly/runs/")
