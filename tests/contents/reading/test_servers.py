"""A bucket with a file of each kind of problem, on real storage servers: exactly these are told, and no others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from contents.media.problems import MediaProblem
from contents.models import InsideProblem
from datasets.models import Dataset
from datasources.models import Purpose
from jobs.models import JobState
from tests.contents.index.memory import indexed
from tests.contents.media.making import encoded, jpeg, picture, png_of, rotated_jpeg, video
from tests.contents.media.test_images import DEEP_GRAY, GIF
from tests.contents.media.test_videos import FAST, UNEVEN, without_a_picture
from tests.contents.reading.reading import facts_of, problems_of, read, reading_of
from tests.contents.support import READING, Storage, connect, on_every_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]

GOOD = {
    "good.jpg": jpeg(),
    "good.png": encoded(picture(), "PNG"),
    "sub dir/gööd+1.webp": encoded(picture(), "WEBP"),
    "good.mp4": video(options=FAST),
    "good.webm": video("webm", "libvpx-vp9"),
}
BAD: dict[str, tuple[bytes, dict[str, str]]] = {
    "page.jpg": (b"<!doctype html><script>alert(1)</script>", {"other_content": "HTML page"}),
    "pointer.jpg": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        {"other_content": "Git LFS pointer"},
    ),
    "sdp.mp4": (b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n", {"other_content": "text"}),
    "really-a-png.jpg": (encoded(picture(), "PNG"), {"wrong_extension": "PNG"}),
    "breaks-off.jpg": (jpeg((400, 300), quality=95)[:-3000], {"truncated": ""}),
    "damaged.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, {"corrupt": "broken header of a PNG"}),
    "bomb.png": (png_of(30_000, 30_000), {"too_many_pixels": "30,000 x 30,000 pixels, more than 120 million"}),
    "deep.png": (encoded(DEEP_GRAY, "PNG"), {"deep": "16 bits"}),
    "print.jpg": (encoded(picture(mode="CMYK", colour=(9, 9, 9, 9)), "JPEG"), {"cmyk": ""}),
    "moves.gif": (GIF, {"animated": ""}),
    "clear.png": (encoded(picture(mode="RGBA"), "PNG"), {"alpha": ""}),
    "turned.jpg": (rotated_jpeg(6), {"rotated": "EXIF 6"}),
    "sound.mp4": (without_a_picture(), {"no_video": ""}),
    "uneven.mp4": (video(times=UNEVEN, options=FAST), {"variable_rate": ""}),
    "slow.mp4": (video(), {"slow_start": ""}),
    "old.avi": (video("avi", "mpeg4"), {"unplayable": "mpeg4, yuv420p, in AVI"}),
}
# How many of the frames can be decoded differs between versions of FFmpeg.
CUT_VIDEO = video(options=FAST, gop=1)[: len(video(options=FAST, gop=1)) * 2 // 3]


@on_every_server
def test_everything_that_is_inside(dataset: Dataset, storage: Storage) -> None:
    cloud = storage.cloud
    bucket = cloud.make_bucket()
    source = connect(dataset, Purpose.INPUT, cloud.grant(bucket, "in/", READING))
    files = GOOD | {name: data for name, (data, _) in BAD.items()} | {"cut.mp4": CUT_VIDEO}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: cloud.put(bucket, f"in/{name}", files[name]), files))
    indexed(source)
    job = read(source)
    assert (job.state, job.done) == (JobState.DONE, len(files)), job.error
    reading = reading_of(source)
    told = problems_of(reading)
    cut = told.pop("cut.mp4")
    assert cut["frame_count"].startswith("header 60, decodable ")
    assert told == {name: problems for name, (_, problems) in BAD.items()}
    facts = facts_of(reading)
    assert set(facts) == set(files)
    # What breaks off has a header all the same; what is something else has nothing to tell.
    assert (facts["breaks-off.jpg"].width, facts["breaks-off.jpg"].format) == (400, "JPEG")
    assert (facts["page.jpg"].width, facts["page.jpg"].format) == (0, "")
    assert facts["turned.jpg"].orientation == 6


def test_every_problem_has_a_file() -> None:
    told = {name for _, problems in BAD.values() for name in problems} | {"frame_count", "timed_out"}
    assert told == {problem.name.lower() for problem in InsideProblem}
    assert {problem.name for problem in InsideProblem} == {problem.name for problem in MediaProblem}
