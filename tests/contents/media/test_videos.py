"""What videos are, what would spoil a run, and single frames by their number."""

from __future__ import annotations

import io
import socket
from dataclasses import replace
from typing import cast

import av
import pytest
from celery.exceptions import SoftTimeLimitExceeded

from contents.media import ranged_file
from contents.media.frame_names import frame_name, thumbnail_name
from contents.media.problems import MediaError, MediaProblem, error_of
from contents.media.ranged_file import BLOCK_BYTES, BudgetError, RangedFile
from contents.media.videos import (
    NEAR,
    Counted,
    check_video,
    count_frames,
    frames_of,
    glance_at_video,
    look_at_video,
    poster_of,
)
from tests.contents.media.making import jpeg, number_of, video

P = MediaProblem
FAST = {"movflags": "faststart"}
UNEVEN = [number + (number // 10) * 5 for number in range(60)]
CONTAINERS = [
    ("a.mp4", "mp4", "libx264"),
    ("a.mov", "mov", "libx265"),
    ("a.webm", "webm", "libvpx-vp9"),
    ("a.avi", "avi", "mpeg4"),
    ("a.mpg", "mpeg", "mpeg2video"),
    ("a.mpg", "mpegts", "libx264"),
    ("a.hevc", "hevc", "libx265"),
]


def problems(data: bytes, name: str = "a.mp4") -> list[tuple[MediaProblem, str]]:
    found = check_video(io.BytesIO(data), name).found
    return [(each.problem, each.detail) for each in found]


def without_a_picture() -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=8000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate, frame.pts = 8000, 0
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return target.getvalue()


@pytest.mark.parametrize(("name", "container", "codec"), CONTAINERS)
def test_frames_by_number(name: str, container: str, codec: str) -> None:
    data = video(container, codec)
    facts = check_video(io.BytesIO(data), name)
    assert (facts.frames, facts.width, facts.height) == (60, 160, 96)
    assert facts.rate == 25
    assert facts == replace(look_at_video(io.BytesIO(data), name), counted=Counted.DECODED)
    assert count_frames(io.BytesIO(data)) == 60
    for wanted in ([0], [59], [31], [7, 8, 9], [1, NEAR + 20, 58], range(60), [59, 3, 3, 60, 200]):
        found = list(frames_of(io.BytesIO(data), wanted))
        assert [number for number, _ in found] == sorted({number for number in wanted if number < 60})
        for number, frame in found:
            assert abs(number_of(frame) - number) <= 1, (wanted, number)  # lossy, but the next one is 4 shades away


def test_frames_of_an_uneven_video() -> None:
    """Not by time: at the 25 a second that the header says, frame 59 would be another one."""
    data = video(times=UNEVEN)
    assert [number_of(frame) for _, frame in frames_of(io.BytesIO(data), [11, 35, 59])] == [11, 35, 59]


def test_good_videos() -> None:
    assert problems(video(options=FAST)) == []
    assert problems(video("webm", "libvpx-vp9"), "a.webm") == []


@pytest.mark.parametrize(
    ("problem", "detail", "name", "data"),
    [
        (P.SLOW_START, "", "a.mp4", video()),
        (P.VARIABLE_RATE, "", "a.mp4", video(times=UNEVEN, options=FAST)),
        (P.WRONG_EXTENSION, "Matroska", "a.mp4", video("webm", "libvpx-vp9")),
        (P.UNPLAYABLE, "hevc, yuv420p, in MP4", "a.mov", video("mov", "libx265", options=FAST)),
        (P.UNPLAYABLE, "h264, yuv444p, in MP4", "a.mp4", video(pixels="yuv444p", options=FAST)),
        (P.UNPLAYABLE, "mpeg4, yuv420p, in AVI", "a.avi", video("avi", "mpeg4")),
    ],
)
def test_odd_videos(problem: MediaProblem, detail: str, name: str, data: bytes) -> None:
    assert problems(data, name) == [(problem, detail)]


def test_who_has_no_time_to_decode_all_counts_packets() -> None:
    data = video(options=FAST, gop=1)
    facts = check_video(io.BytesIO(data), "a.mp4", seconds=-1)
    assert (facts.counted, facts.frames) == (Counted.PACKETS, 60)
    assert check_video(io.BytesIO(data), "a.mp4", seconds=60).counted is Counted.DECODED


def test_a_glance_takes_the_headers_word() -> None:
    """Of a file that is too large to be read, whatever comes after its beginning."""
    data = video(options=FAST, gop=1)
    facts = glance_at_video(io.BytesIO(data[: len(data) * 2 // 3]), "a.mp4")
    assert (facts.counted, facts.frames, facts.width, facts.height) == (Counted.HEADER, 60, 160, 96)
    assert round(facts.seconds, 1) == 2.4
    assert facts.found == []


def test_a_header_that_promises_more_than_there_is() -> None:
    data = video(options=FAST, gop=1)
    facts = check_video(io.BytesIO(data[: len(data) * 2 // 3]), "a.mp4")
    assert 0 < facts.frames < 60
    assert (P.FRAME_COUNT, f"header 60, decodable {facts.frames}") in [(f.problem, f.detail) for f in facts.found]


@pytest.mark.parametrize(
    ("problem", "detail", "data"),
    [
        (P.NO_VIDEO, "", without_a_picture()),
        (P.TRUNCATED, "", b""),
        (P.OTHER_CONTENT, "HTML page", b"<!doctype html><title>403</title>"),
        (P.OTHER_CONTENT, "playlist", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"),
        (P.OTHER_CONTENT, "JPEG", jpeg()),
        (P.CORRUPT, "InvalidDataError", video()[:300]),
        (P.CORRUPT, "InvalidDataError", b"\0\0\0\x18ftypisom" + b"\1" * 3000),
    ],
)
def test_what_is_no_video(problem: MediaProblem, detail: str, data: bytes) -> None:
    for look in (lambda file: look_at_video(file, "a.mp4"), count_frames, poster_of):
        with pytest.raises(MediaError) as error:
            look(io.BytesIO(data))
        assert error.value.found.problem is problem
        assert error.value.found.detail == detail


def test_no_video_makes_us_ask_anybody() -> None:
    """Playlists and session descriptions lead FFmpeg to addresses, if it takes them for what they are."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        url = f"http://127.0.0.1:{port}/a.ts"
        for content in (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{url}'\n",
            f"<?xml version='1.0'?><MPD><Period><BaseURL>{url}</BaseURL></Period></MPD>",
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n",
        ):
            with pytest.raises(MediaError):
                look_at_video(io.BytesIO(content.encode()), "a.mp4")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has knocked
            server.accept()


class TestRangedFile:
    @staticmethod
    def of(data: bytes, *, most_bytes: int = 10**9, seconds: float = 60) -> RangedFile:
        return RangedFile(
            lambda start, length: data[start : start + length], len(data), most_bytes=most_bytes, seconds=seconds
        )

    def test_it_reads_what_is_there(self) -> None:
        data = bytes(range(256)) * 3000
        file, plain = self.of(data), io.BytesIO(data)
        for at, length in [(0, 10), (BLOCK_BYTES - 5, 10), (700_000, -1), (5, 600_000), (767_990, 100), (900_000, 9)]:
            assert file.seek(at) == plain.seek(at)
            assert file.read(length) == plain.read(length)
            assert file.tell() == min(plain.tell(), max(at, len(data)))
        assert file.seek(-3, io.SEEK_END) == len(data) - 3
        assert file.requests <= 6

    def test_of_a_large_video_only_what_is_needed_is_read(self) -> None:
        data = video(options=FAST) + b"\0\0\0\0free" + bytes(40 * BLOCK_BYTES)
        file = self.of(data)
        assert [number for number, _ in frames_of(file, [30])] == [30]
        assert file.bytes_read < 10 * BLOCK_BYTES

    @pytest.mark.parametrize("budget", [{"most_bytes": 1000}, {"seconds": -1}])
    def test_it_ends_by_its_budget(self, budget: dict[str, float]) -> None:
        file = self.of(video(), **budget)  # type: ignore[arg-type]
        with pytest.raises(BudgetError):
            file.read(2000)
        with pytest.raises(MediaError) as error:
            look_at_video(self.of(video(), **budget), "a.mp4")  # type: ignore[arg-type]
        assert error.value.found.problem is P.TIMED_OUT

    def test_what_the_storage_says_is_told_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(start: int, length: int) -> bytes:
            if start >= 2000:
                raise ConnectionError("gone")
            return data[start : start + length]

        monkeypatch.setattr(ranged_file, "BLOCK_BYTES", 1000)
        data = video(options=FAST)
        with pytest.raises(ConnectionError, match="gone"):
            look_at_video(RangedFile(fail, len(data), most_bytes=10**9, seconds=60), "a.mp4")

    def test_a_worker_whose_time_is_over_says_so(self) -> None:
        """The limit of the queue is raised wherever the process is at: in the storage's client, or in a decoder."""

        def interrupted(_start: int, _length: int) -> bytes:
            raise SoftTimeLimitExceeded

        with pytest.raises(MediaError) as error:
            look_at_video(RangedFile(interrupted, 5000, most_bytes=10**9, seconds=60), "a.mp4")
        assert error.value.found.problem is P.TIMED_OUT
        assert cast(MediaError, error_of(SoftTimeLimitExceeded(), object())).found.problem is P.TIMED_OUT


@pytest.mark.parametrize(
    ("video_name", "number", "frames", "name"),
    [
        ("video_1.mp4", 99, 200, "video_1-099-mp4.png"),
        ("street/a.b.MOV", 0, 10, "street/a.b-00-MOV.png"),
        ("v.webm", 8, 9, "v-8-webm.png"),
    ],
)
def test_names_of_frames(video_name: str, number: int, frames: int, name: str) -> None:
    assert frame_name(video_name, number, frames) == name
    with pytest.raises(ValueError, match="of"):
        frame_name(video_name, frames, frames)


def test_names_of_thumbnails() -> None:
    default = ".lightly/thumbnails/[filename]_thumb.[extension]"
    assert thumbnail_name(default, "street/1.jpg") == ".lightly/thumbnails/street/1_thumb.jpg"
    assert thumbnail_name("t/[extension]/[filename].x", "a.b/c.PNG") == "t/PNG/a.b/c.x"
    assert thumbnail_name(default, "[extension].jpg") == ".lightly/thumbnails/[extension]_thumb.jpg"
