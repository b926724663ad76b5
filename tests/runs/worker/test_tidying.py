"""What a run leaves of its work where it may not delete: empty files, and a sentence that says so."""

from __future__ import annotations

import pytest

from clouds.pool import STORES
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from jobs import services as jobs
from runs.models import LogLevel, RunState
from runs.worker.context import PATIENCE
from tests.contents.support import connect
from tests.runs.worker.whole import OUTPUT, World, begun, colours, ended, selection
from tests.servers import WORKING_RIGHTS

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
