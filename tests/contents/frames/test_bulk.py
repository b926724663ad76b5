"""Frames of videos, written by the job as workers do it: the very pixels and numbers that PyAV gives."""

from __future__ import annotations

import io

import av
import pytest
from PIL import Image, ImageChops

from contents.frames import bulk, parts, writing
from contents.frames.parts import Choice
from contents.media.frame_names import frame_name
from contents.media.frames import Picture
from contents.models import CountedVideo, WrittenFrame
from contents.outputs.services import HinderedError, start_frames
from contents.places import Hindrance
from contents.thumbnails.reasons import Reason
from datasources.models import Datasource
from jobs.models import Job, JobState
from teams.models import User
from tests.contents.index.memory import indexed
from tests.contents.media.making import jpeg, rotated, video
from tests.contents.support import on_every_server
from tests.contents.thumbnails.buckets import Bucket
from tests.jobs.helpers import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]
on_s3 = pytest.mark.parametrize("storage", ["S3"], indirect=True)


def written(bucket: Bucket, alice: User, **choice: object) -> Job:
    job, is_new = start_frames(bucket.dataset, Choice(**choice), by=alice)  # type: ignore[arg-type]
    assert is_new
    work_off(job)
    assert job.state == JobState.DONE, job.error
    return job


def tally(job: Job) -> tuple[int, int, dict[str, int]]:
    found = parts.tally_of(job)
    return found.written, found.fresh, found.failed


def names(bucket: Bucket) -> list[str]:
    folder = "out/.lightly/frames/"
    return [key.removeprefix(folder) for key in bucket.store().keys(folder, limit=1000)]


def frame(bucket: Bucket, name: str) -> Image.Image:
    data = bucket.store().read_range(f"out/.lightly/frames/{name}", 0, 10**7).data
    return Image.open(io.BytesIO(data))


def decoded(data: bytes) -> list[Picture]:
    with av.open(io.BytesIO(data), "r") as container:
        return [found.to_image() for found in container.decode(video=0)]  # type: ignore[no-untyped-call]


@on_every_server
def test_every_tenth_frame_of_all_videos(bucket: Bucket, alice: User) -> None:
    bucket.put("in/street/a.mp4", video(frames=60))
    bucket.put("in/b.MOV", video("mov", frames=5))
    bucket.put("in/c.jpg", jpeg())
    indexed(bucket.input)
    job = written(bucket, alice, every=20)
    assert names(bucket) == ["b-0-MOV.png", "street/a-00-mp4.png", "street/a-20-mp4.png", "street/a-40-mp4.png"]
    assert (job.done, job.total, tally(job)) == (2, 2, (4, 0, {}))
    head = bucket.store().head("out/.lightly/frames/street/a-20-mp4.png")
    assert (head.content_type, head.metadata["frame"]) == ("image/png", "20")
    assert frame(bucket, "street/a-20-mp4.png").size == (160, 96)
    assert tally(written(bucket, alice, every=20)) == (0, 4, {})
    bucket.put("in/street/a.mp4", video(frames=100))
    indexed(bucket.input)
    assert tally(written(bucket, alice, every=20)) == (5, 1, {})
    found = CountedVideo.objects.get(key="street/a.mp4")
    assert (found.frames, found.counted, found.width, found.height) == (100, "decoded", 160, 96)
    assert sorted(found.written.values_list("number", flat=True)) == [0, 20, 40, 60, 80]
    assert "street/a-020-mp4.png" in names(bucket)


VIDEOS = {
    "constant.mp4": video(frames=30),
    "varying.mp4": video(frames=30, times=[n * n for n in range(30)]),
    "b-frames.mp4": video(frames=30, options={"movflags": "faststart"}, gop=30),
    "vp9.webm": video("webm", "libvpx-vp9", frames=30),
    "mpeg.mpg": video("mpeg", "mpeg2video", frames=30),
    "rotated.mp4": rotated(video(frames=30)),
}


@on_s3
@pytest.mark.parametrize("name", VIDEOS)
def test_frames_are_those_of_pyav(bucket: Bucket, alice: User, name: str) -> None:
    """Unrotated, and numbered as it decodes them."""
    data = VIDEOS[name]
    bucket.put(f"in/{name}", data)
    indexed(bucket.input)
    expected = decoded(data)
    chosen = [0, 1, 11, 13, len(expected) - 1]
    job = written(bucket, alice, ranges=tuple((number, number) for number in chosen))
    assert tally(job) == (5, 0, {})
    assert CountedVideo.objects.get().frames == len(expected)
    for number in chosen:
        found = frame(bucket, frame_name(name, number, len(expected)))
        assert found.mode == "RGB"
        assert ImageChops.difference(found, expected[number]).getbbox() is None, number


@on_s3
def test_chosen_videos_and_numbers_that_they_do_not_have(bucket: Bucket, alice: User) -> None:
    for name in ("a", "b", "c"):
        bucket.put(f"in/{name}.mp4", video(frames=12))
    bucket.put("in/broken.mp4", b"no video at all")
    indexed(bucket.input)
    chosen = ("a.mp4", "c.mp4", "gone.mp4", "broken.mp4")
    job = written(bucket, alice, videos=chosen, ranges=((3, 5), (10, 99)), format="jpg")
    expected = [f"{name}-{number:02}-mp4.jpg" for name in "ac" for number in (3, 4, 5, 10, 11)]
    assert names(bucket) == expected
    assert tally(job) == (10, 0, {Reason.NO_FRAME: 2, Reason.MISSING: 1, Reason.OTHER_CONTENT: 1})
    assert (job.done, job.total) == (4, 4)
    assert frame(bucket, "a-03-mp4.jpg").format == "JPEG"
    assert list(WrittenFrame.objects.order_by("name").values_list("name", flat=True)) == expected


@on_s3
def test_a_video_is_done_in_as_many_slices_as_it_takes(
    bucket: Bucket, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "FRAMES_OF_A_SLICE", 4)
    bucket.put("in/a.mp4", video(frames=30))
    indexed(bucket.input)
    job = written(bucket, alice, every=1)
    assert tally(job) == (30, 0, {})
    assert WrittenFrame.objects.count() == 30
    assert names(bucket) == [f"a-{number:02}-mp4.png" for number in range(30)]


@on_s3
def test_a_slice_that_runs_out_of_time_stores_what_it_has(
    bucket: Bucket, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SPARE_SECONDS", 1000.0)  # one frame a slice
    bucket.put("in/a.mp4", video(frames=5))
    indexed(bucket.input)
    assert tally(written(bucket, alice, every=1)) == (5, 0, {})


@on_s3
@pytest.mark.parametrize("case", [Hindrance.NO_LIGHTLY, Hindrance.UNWRITABLE, Hindrance.NO_INDEX])
def test_why_it_does_not_start(bucket: Bucket, alice: User, case: Hindrance) -> None:
    if case is not Hindrance.NO_INDEX:
        indexed(bucket.input)
    lightly = Datasource.objects.filter(pk=bucket.lightly.pk)
    if case is Hindrance.NO_LIGHTLY:
        lightly.delete()
    elif case is Hindrance.UNWRITABLE:
        lightly.update(latest_check=None)
    with pytest.raises(HinderedError) as caught:
        start_frames(bucket.dataset, Choice(every=10), by=alice)
    assert caught.value.hindrance is case
