"""Runs over images, from the permissions to the report."""

from __future__ import annotations

import json

import pytest

from jobs.models import JobState
from runs import artifacts
from runs.models import Run, RunState
from samples.models import Embedding, Sample, SampleType, Tag
from tests.contents.media.making import jpeg
from tests.runs.worker.whole import OUTPUT, World, colours, selection, tag_names

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def content_of(run: Run, name: str) -> bytes:
    return b"".join(artifacts.content(run.artifacts.get(file_name=name)))


def test_a_whole_run(world: World) -> None:
    files = colours(40)
    twin = files["dir0/000.jpg"]
    world.put(files | {"twin.jpg": twin, "cut.jpg": jpeg((400, 300), quality=95)[:-3000], "empty.png": b""})
    run = world.run(selection(10))
    assert (run.state, run.job and run.job.state) == (RunState.COMPLETED, JobState.DONE), run.message
    assert run.message == "Selected 10 of 43 samples."
    assert run.sizes == {
        "nInput": 43,
        "nCorrupt": 2,
        "nDuplicate": 1,
        "nRemoved": 30,
        "nSelected": 10,
        "nPreselectedDatapool": 0,
        "nSelectedWithDatapool": 10,
    }
    names = tag_names(run)
    assert names == sorted(names)
    assert set(names) < set(files)
    assert [tag.name for tag in Tag.objects.order_by("created_at")] == ["initial-tag", run.stamp]
    sample = Sample.objects.get(file_name=names[0])
    assert (sample.type, sample.position, sample.run_id) == (SampleType.IMAGE, 0, run.pk)
    assert sample.thumb_name == f".lightly/thumbnails/{names[0].removesuffix('.jpg')}_thumb.jpg"
    assert sample.meta_data["sizeInBytes"] == len(files[names[0]])
    keys = world.cloud.keys(world.bucket)
    assert {OUTPUT + each.thumb_name for each in Sample.objects.all()} <= set(keys)
    embedding = Embedding.objects.get()
    assert (embedding.name, embedding.rows, embedding.dimensions) == (f"default_{run.stamp}", 10, 3)
    assert OUTPUT + embedding.key in keys
    assert embedding.plots.get().count == 10
    assert world.left() == []
    assert json.loads(content_of(run, "corruptness_check_information.json")) == {
        "corrupt_samples": {"cut.jpg": "truncated", "empty.png": "it is empty"},
        "corrupt_videos": {},
    }
    assert content_of(run, "relevant_filenames.txt").decode().split("\n")[:-1] == sorted(
        [*files, "twin.jpg", "cut.jpg", "empty.png"]
    )
    assert b"Selected 10 of 43 samples." in content_of(run, "log.txt")
    assert run.picks.filter(is_chosen=True).count() == 10
    assert run.picks.filter(is_chosen=False).count() == 30
    assert [each["state"] for each in run.stages] == [
        "INITIALIZING",
        "LOADING_DATASET",
        "EMBEDDING",
        "SAMPLING",
        "UPLOADING_DATASET",
        "SAVING_RESULTS",
        "GENERATING_REPORT",
        "UPLOADING_ARTIFACTS",
    ]
