"""Runs over videos: every frame is looked at once, and chosen ones become files."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from clouds import parse_config
from clouds.patient import Patience, PatientStore
from datasources.endpoints import configured_endpoints
from jobs.models import JobShard
from jobs.runners import Slice, runner_of
from runs import artifacts
from runs.models import RunState
from runs.worker import videos
from runs.worker.choosing import selecting
from samples.models import Sample, SampleType
from tests.contents.media.making import video
from tests.contents.support import READING
from tests.runs.worker.test_inputs import demand_that_the_client_takes, report_of
from tests.runs.worker.whole import OUTPUT, World, begun, ended, selection, tag_names

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

FAST = {"movflags": "faststart"}


@pytest.fixture
def videos_world(world: World) -> World:
    world.dataset.type = "Videos"
    world.dataset.save()
    return world


def picture_in(world: World, key: str) -> Image.Image:
    config = parse_config(world.cloud.grant(world.bucket, OUTPUT, READING), configured_endpoints())
    store = PatientStore(config, configured_endpoints(), Patience())
    content = b"".join(store.stream(key))
    store.close()
    return Image.open(io.BytesIO(content))


def test_frames_of_videos(videos_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = videos_world
    monkeypatch.setattr(videos, "FRAMES_OF_A_SLICE", 25)
    clip = video(frames=60, options=FAST)
    world.put({"a/clip.mp4": clip, "b.avi": video("avi", "mpeg4", frames=9), "page.mp4": b"<html>no video"})
    run = world.run(selection(8, normalizeEmbeddings=False))
    assert run.state == RunState.COMPLETED, run.message
    assert run.sizes["nInput"] == 70
    assert run.sizes["nCorrupt"] == 1
    names = tag_names(run)
    assert len(names) == 8
    frames = [each for each in Sample.objects.order_by("position") if each.file_name.startswith("a/clip-")]
    assert frames
    for sample in frames:
        assert sample.type == SampleType.VIDEO_FRAME
        assert sample.video_frame_data
        number = sample.video_frame_data["sourceVideoFrameIndex"]
        assert sample.file_name == f"a/clip-{number:02}-mp4.png"
        assert sample.video_frame_data["sourceVideo"] == "a/clip.mp4"
        assert sample.video_frame_data["sourceVideoFrameTimestamp"] == pytest.approx(number / 25)
        # Frame n is gray n * 4.
        gray = picture_in(world, f"{OUTPUT}.lightly/frames/{sample.file_name}").convert("L").tobytes()
        assert abs(sum(gray) / len(gray) - number * 4) <= 4
    keys = world.cloud.keys(world.bucket)
    assert {OUTPUT + sample.thumb_name for sample in Sample.objects.all()} <= set(keys)
    assert world.left() == []
    told = json.loads(b"".join(artifacts.content(run.artifacts.get(type="CORRUPTNESS_CHECK_INFORMATION"))))
    assert told == {"corrupt_samples": {}, "corrupt_videos": {"page.mp4": "other_content: HTML page"}}
    report = report_of(run)
    sizes = report["generalInformation"]["datasetInformation"]["videoLevelSizes"]
    assert (sizes["nInput"], sizes["nCorrupt"]) == (3, 1)
    demand_that_the_client_takes(report)


def test_slices_of_videos_may_be_done_twice(videos_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = videos_world
    world.put({f"{number}.mp4": video(frames=30, options=FAST, size=(160, 80 + 16 * number)) for number in range(2)})
    content = selection(5, useDatapool=True, normalizeEmbeddings=False)
    first = world.run(content)
    assert first.state == RunState.COMPLETED, first.message
    expected = tag_names(first)
    world.dataset.tags.all().delete()
    world.dataset.samples.all().delete()
    world.dataset.embeddings.all().delete()
    sizes = iter([7, 30, 11, 5, 30, 13] * 20)

    def before(shard_id: str) -> None:
        """Another worker does the same slice, and comes as far as it does."""
        monkeypatch.setattr(videos, "FRAMES_OF_A_SLICE", next(sizes))
        shard = JobShard.objects.select_related("job").get(pk=shard_id)
        runner = runner_of(shard.job.kind)
        if shard.cursor["stage"] == "read":
            assert runner
            runner.run(Slice(shard.job, shard.number, shard.cursor, float("inf")))
        monkeypatch.setattr(videos, "FRAMES_OF_A_SLICE", next(sizes))
        selecting.forget()

    again = ended(begun(world.dataset, content), seed=3, before=before)
    assert again.state == RunState.COMPLETED, again.message
    assert tag_names(again) == expected
    # What the dataset has is not chosen a second time.
    more = world.run(content)
    assert more.state == RunState.COMPLETED, more.message
    assert not set(tag_names(more)) & set(expected)
