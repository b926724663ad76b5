"""Limits of a configuration: files that the storage deletes soon, corrupt frames, a dataset that is not empty."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clouds.store import expiry_in
from jobs.models import JobState
from runs import artifacts
from runs.models import Run, RunState
from tests.contents.media.making import video
from tests.runs.worker.whole import World, colours, selection, tag_names
from tests.servers.s3.cloud import S3Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def limited(strategy: str) -> dict[str, Any]:
    limit = {"minDaysToExpiration": 7, "handlingStrategy": strategy}
    return selection(3, datasource={"processAll": True, "bypassVerify": True, "inputExpiration": limit})


def expire(world: World, days: float) -> None:
    assert isinstance(world.cloud, S3Cloud)
    world.cloud.delete_after(world.bucket, datetime.now(UTC) + timedelta(days=days))


def corrupt_in(run: Run) -> dict[str, str]:
    content = b"".join(artifacts.content(run.artifacts.get(file_name="corruptness_check_information.json")))
    found: dict[str, str] = json.loads(content)["corrupt_samples"]
    return found


def test_files_that_expire_soon_are_left_out(world: World) -> None:
    files = colours(3)
    world.put(files)
    expire(world, 3.05)
    run = world.run(limited("SKIP"))
    assert run.state == RunState.COMPLETED, run.message
    assert corrupt_in(run) == dict.fromkeys(files, "the storage deletes it in 3.0 days")
    assert run.sizes["nSelected"] == 0
    expire(world, 8)
    run = world.run(limited("SKIP"))
    assert tag_names(run) == sorted(files)


def test_files_that_expire_soon_end_the_run(world: World) -> None:
    world.put(colours(3))
    expire(world, 3)
    run = world.run(limited("ABORT"))
    assert (run.state, run.job and run.job.state) == (RunState.ABORTED, JobState.FAILED)
    assert "input_expiration demands 7" in run.message
    assert world.left() == []


def test_a_dataset_that_is_not_empty_aborts_without_the_datapool(world: World) -> None:
    world.put(colours(3))
    assert world.run(selection(1)).state == RunState.COMPLETED
    run = world.run(selection(1))
    assert run.state == RunState.ABORTED
    assert "use_datapool" in run.message
    assert run.finished_at


@pytest.mark.parametrize(("threshold", "corrupt"), [(0.5, 6), (1.0, 0), (None, 0)])
def test_frames_of_one_brightness(world: World, threshold: float | None, corrupt: int) -> None:
    world.dataset.type = "Videos"
    world.dataset.save()
    world.put({"gray.mp4": video(frames=6)})  # every row of each frame is of one gray
    docker = {} if threshold is None else {"corruptnessCheck": {"corruptionThreshold": threshold}}
    run = world.run(selection(6, **docker))
    assert run.state == RunState.COMPLETED, run.message
    assert run.sizes["nCorrupt"] == len(corrupt_in(run)) == corrupt
    assert (run.sizes["nSelected"] == 0) == (corrupt == 6)


def test_dates_of_expiry() -> None:
    assert expiry_in('expiry-date="Fri, 21 Dec 2012 00:00:00 GMT", rule-id="old"') == 1_356_048_000
    assert [expiry_in(header) for header in (None, "", "rule-id=x", 'expiry-date="soon"')] == [0, 0, 0, 0]
