"""Looks into videos, and takes single frames out of them.

Frames are numbered from 0 in the order in which they are shown, as PyAV decodes them: what the Lightly worker does, and
other decoders do not (https://docs.lightly.ai/docs/prediction-format). They are not rotated: predictions refer to the
stored pixels.

FFmpeg is never given a URL or a path, and only these containers: some of the others are playlists, which lead it to any
address.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from contents.media.images import MOST_PIXELS, demand_few_pixels, head_of
from contents.media.problems import Found, MediaError, MediaProblem, error_of
from contents.media.ranged_file import File, failure_of
from contents.media.signatures import VIDEO_EXTENSIONS, fits, format_of

CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,hevc,h264"
# Of which rows are kept in memory.
MOST_FRAMES = 5_000_000
_PLAYABLE = {
    "MP4": {"h264": {"yuv420p", "yuvj420p"}, "av1": {"yuv420p"}},
    "Matroska": {"vp8": {"yuv420p"}, "vp9": {"yuv420p"}, "av1": {"yuv420p"}},
}
# Elsewhere a jump may lead behind the frame that was meant.
_EXACT_JUMPS = {"MP4", "Matroska"}
# Rates that differ by less are rounding: of NTSC's 30000/1001 in whole milliseconds, for one.
_ROUNDING = 0.1
# Of stills: as many frames are decoded behind a key frame, and lie between two where nobody knows the length.
MOST_AHEAD, STRIDE = 300, 24
_MOMENT = 0.001  # seconds
# So many frames ahead decoding goes on instead of jumping.
NEAR = 24


@dataclass(frozen=True)
class VideoFacts:
    """`width` and `height` in stored pixels; `seconds` of the header, `rotation` in degrees clockwise.

    `header_frames`: what the header says, 0 if nothing. `frames`: how many there are, as far as `counted` tells.
    """

    format: str
    codec: str
    pixel_format: str
    width: int
    height: int
    seconds: float
    rate: float
    header_frames: int
    frames: int
    rotation: int
    counted: Counted
    found: list[Found] = field(default_factory=list)


class Counted(StrEnum):
    """What a number of frames rests on."""

    HEADER = "header"
    PACKETS = "packets"
    DECODED = "decoded"


def glance_at_video(file: File, name: str) -> VideoFacts:
    """By the header and the first frame: of a large file little is read. Raises MediaError."""
    return _look(file, name, Counted.HEADER)


def look_at_video(file: File, name: str) -> VideoFacts:
    """Reads the whole file once, and decodes one frame. Raises MediaError for what is no video, or a broken one."""
    return _look(file, name, Counted.PACKETS)


def check_video(file: File, name: str, *, seconds: float = math.inf) -> VideoFacts:
    """As `look_at_video`, and decodes every frame, as long as that takes no more than so many seconds."""
    return _look(file, name, Counted.DECODED, seconds)


def _look(file: File, name: str, counted: Counted, decode_seconds: float = 0.0) -> VideoFacts:
    times = [] if counted is Counted.HEADER else _times_of(file)
    with _opened(file) as (container, stream, format_name):
        frames = container.decode(stream)
        first = _first(frames)
        count = _count(frames, decode_seconds) if counted is Counted.DECODED else None
        if counted is Counted.DECODED and count is None:
            counted = Counted.PACKETS
        seconds = (container.duration or 0) / av.time_base
        is_fast = _is_fast_start(file, format_name)
        return _facts(stream, format_name, name, times, first, seconds, is_fast=is_fast, count=count, counted=counted)


def _count(left: Iterator[VideoFrame], seconds: float) -> int | None:
    """All frames, of which the first is decoded already. None where that takes longer."""
    ends_at = time.monotonic() + seconds
    count = 1
    for _ in left:
        count += 1
        if time.monotonic() > ends_at:
            return None
    return count


def count_frames(file: File) -> int:
    """How many packets of pictures there are, which names of frames are padded to. Raises MediaError."""
    return len(_times_of(file))


def frames_of(file: File, numbers: Iterable[int]) -> Iterator[tuple[int, Image.Image]]:
    """Those that exist of these frames, in order, unrotated. Raises MediaError.

    Where the container allows it, this jumps to the key frame before each one that is far away. It never counts by
    time: many videos have no constant rate.
    """
    wanted = sorted(set(numbers))
    with _opened(file) as (container, stream, format_name):
        times = _times(container, stream)
        if format_name in _EXACT_JUMPS and None not in times:
            try:
                for number, frame in _by_time(
                    container, stream, sorted(time for time in times if time is not None), wanted
                ):
                    yield number, _picture(frame)
                    wanted = wanted[wanted.index(number) + 1 :]
                return
            except _WrongJumpError:
                pass  # its times lie: the rest is found by counting
    with _opened(file) as (container, stream, _):
        left = set(wanted)
        for number, frame in enumerate(container.decode(stream)):
            if number in left:
                left.remove(number)
                yield number, _picture(frame)
            if not left:
                return


@dataclass(frozen=True)
class Shown:
    """A frame with its picture, unrotated. `moment`: its time in units of the video, by which `frames_from` and
    `frames_at` find it again; None where the container tells none. `seconds`: the same from the beginning of time.
    """

    number: int
    moment: int | None
    seconds: float
    picture: Image.Image


def frame_count(file: File) -> int:
    """How many frames there are: by the header where that is exact, else by all packets. Raises MediaError."""
    with _opened(file) as (_, stream, format_name):
        # The table of samples of an MP4 has an entry for each (ISO/IEC 14496-12, 8.7.3).
        if format_name == "MP4" and stream.frames > 0:
            return stream.frames
    return count_frames(file)


def frames_from(file: File, number: int, moment: int | None) -> Iterator[Shown]:
    """The frames from this number on, in order. `moment`: of the first, where it is known. Raises MediaError.

    A jump spares decoding all frames before, where the container allows it.
    """
    if number and moment is not None:
        with _opened(file) as (container, stream, format_name):
            if format_name in _EXACT_JUMPS:
                container.seek(moment, stream=stream, backward=True)
                frames = container.decode(stream)
                first = next((frame for frame in frames if frame.pts is None or frame.pts >= moment), None)
                if first is not None and first.pts == moment:
                    for at, frame in enumerate(itertools.chain([first], frames), start=number):
                        yield _shown(at, frame)
                    return
    with _opened(file) as (container, stream, _):
        for at, frame in enumerate(container.decode(stream)):
            if at >= number:
                yield _shown(at, frame)


def frames_at(file: File, wanted: Sequence[tuple[int, int | None]]) -> Iterator[Shown]:
    """These frames, by number and moment, in ascending order. Those that are not found are left out.

    Raises MediaError.
    """
    at = -NEAR - 1
    frames: Iterator[Shown] = iter(())
    for number, moment in wanted:
        if number - at > NEAR:
            frames = frames_from(file, number, moment)
        found = next((frame for frame in frames if frame.number >= number), None)
        if found is None:
            return
        at = found.number
        if found.number == number:
            yield found


def _shown(number: int, frame: VideoFrame) -> Shown:
    return Shown(number, frame.pts, float(frame.time or 0.0), _picture(frame))


def poster_of(file: File) -> Image.Image:
    """The first frame, upright: for people. Raises MediaError."""
    with _opened(file) as (container, stream, _):
        first = _first(container.decode(stream))
        return _picture(first).rotate(first.rotation, expand=True)


def stills_of(file: File, count: int) -> Iterator[tuple[float, Image.Image]]:
    """Up to so many frames, upright, spread evenly over the video, each with its time in seconds. Raises MediaError.

    For people: the first frame that is shown at or after each of these times, or one before where there are very many
    between two key frames.
    """
    with _opened(file) as (container, stream, _):
        start = (container.start_time or 0) / av.time_base
        seconds = (container.duration or 0) / av.time_base
        shown = -1.0
        frames = container.decode(stream)
        for number in range(count):
            wanted = start + seconds * number / count
            if number and seconds:
                container.seek(int(wanted * av.time_base), backward=True)
                frames = container.decode(stream)
            # Without a length there is nothing to jump to.
            found = _next(frames, wanted if seconds else 0.0, 0 if seconds else STRIDE * min(number, 1))
            if found is None:
                return
            moment = (found.time if found.pts is not None else start) - start
            if moment > shown or not seconds:
                shown = moment
                yield max(0.0, moment), _picture(found).rotate(found.rotation, expand=True)


def _next(frames: Iterator[VideoFrame], wanted: float, skipped: int) -> VideoFrame | None:
    """The first frame at or after a time, or the last of MOST_AHEAD; of those behind the next `skipped` ones."""
    found = None
    for number, frame in enumerate(itertools.islice(frames, skipped + MOST_AHEAD)):
        found = frame
        if number >= skipped and (frame.pts is None or frame.time >= wanted - _MOMENT):
            break
    return found


@contextlib.contextmanager
def _opened(file: File) -> Iterator[tuple[InputContainer, VideoStream, str]]:
    head, format_name = b"", ""
    try:
        head = head_of(file)
        format_name = format_of(head)
        with av.open(file, "r", options={"format_whitelist": CONTAINERS}, metadata_errors="replace") as container:
            if not container.streams.video:
                raise MediaError(Found(MediaProblem.NO_VIDEO))
            stream = container.streams.video[0]
            demand_few_pixels(stream.width, stream.height)
            # The header may say less than what is decoded then.
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            stream.thread_type = "AUTO"
            yield container, stream, format_name
        # FFmpeg takes a file that can't be read any further for one that ends there.
        if (failure := failure_of(file)) is not None:
            raise failure
    except Exception as error:  # noqa: BLE001 - decoders raise whatever comes up in a broken file
        if isinstance(error, av.FFmpegError) and format_name not in VIDEO_EXTENSIONS:
            detail = format_name or "unknown content"
            error = MediaError(Found(MediaProblem.OTHER_CONTENT, detail) if head else Found(MediaProblem.TRUNCATED))
        raise error_of(error, file) from None


def _times(container: InputContainer, stream: VideoStream) -> list[int | None]:
    """The time of each packet with a picture, in the order of the file; None where the container tells none."""
    times = []
    for packet in container.demux(stream):
        if packet.size and not packet.is_discard:
            times.append(packet.pts)
            if len(times) > MOST_FRAMES:
                raise MediaError(Found(MediaProblem.TIMED_OUT, f"more than {MOST_FRAMES:,} frames"))
    return times


def _times_of(file: File) -> list[int | None]:
    with _opened(file) as (container, stream, _):
        return _times(container, stream)


def _first(frames: Iterator[VideoFrame]) -> VideoFrame:
    first = next(frames, None)
    if first is None:
        raise MediaError(Found(MediaProblem.CORRUPT, "no frame can be decoded"))
    return first


def _picture(frame: VideoFrame) -> Image.Image:
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's own type is wider
    return picture


class _WrongJumpError(Exception):
    """There is no frame at the time that a packet has."""


def _by_time(
    container: InputContainer, stream: VideoStream, times: list[int], wanted: list[int]
) -> Iterator[tuple[int, VideoFrame]]:
    frames: Iterator[VideoFrame] = iter(())
    at = -NEAR - 1
    for number in wanted:
        if number >= len(times):
            return
        # Decoding goes on where the next one is near: a jump costs all frames since the key frame before.
        if number - at > NEAR:
            container.seek(times[number], stream=stream, backward=True)
            frames = container.decode(stream)
        found = next((frame for frame in frames if frame.pts is None or frame.pts >= times[number]), None)
        if found is None or found.pts != times[number]:
            raise _WrongJumpError
        at = number
        yield number, found


def _facts(
    stream: VideoStream,
    format_name: str,
    name: str,
    times: list[int | None],
    first: VideoFrame,
    seconds: float,
    *,
    is_fast: bool,
    count: int | None,
    counted: Counted,
) -> VideoFacts:
    codec, pixels = stream.codec_context.name, first.format.name
    frames = stream.frames if counted is Counted.HEADER else len(times) if count is None else count
    rotation = -first.rotation % 360
    found = []
    if not fits(format_name, name):
        found.append(Found(MediaProblem.WRONG_EXTENSION, format_name))
    if counted is not Counted.HEADER and (frames != len(times) or stream.frames not in {0, frames}):
        found.append(Found(MediaProblem.FRAME_COUNT, f"header {stream.frames or len(times)}, decodable {frames}"))
    if _varies(times):
        found.append(Found(MediaProblem.VARIABLE_RATE))
    if rotation:
        found.append(Found(MediaProblem.ROTATED, f"{rotation}°"))
    if not is_fast:
        found.append(Found(MediaProblem.SLOW_START))
    if pixels not in _PLAYABLE.get(format_name, {}).get(codec, set()):
        found.append(Found(MediaProblem.UNPLAYABLE, f"{codec}, {pixels}, in {format_name or 'this container'}"))
    rate = float(stream.average_rate or 0)
    size = (first.width, first.height)
    return VideoFacts(format_name, codec, pixels, *size, seconds, rate, stream.frames, frames, rotation, counted, found)


def _varies(times: list[int | None]) -> bool:
    known = sorted(time for time in times if time is not None)
    steps = sorted(later - earlier for earlier, later in itertools.pairwise(known))
    if len(steps) < 2:
        return False
    middle = steps[len(steps) // 2]
    # Whole units of time may be coarse: one of them is no change of rate.
    return any(abs(step - middle) > max(1, _ROUNDING * middle) for step in steps)


def _is_fast_start(file: File, format_name: str) -> bool:
    """Whether an MP4's table of contents (moov) comes before its media (mdat). Others need none.

    ISO/IEC 14496-12, 4.2: each box begins with its length (4 bytes, 1: 8 more follow) and its type (4 bytes).
    """
    at, end = 0, file.seek(0, 2)
    while format_name == "MP4" and at + 8 <= end:
        file.seek(at)
        head = file.read(16) or b""
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if kind in {b"moov", b"mdat"}:
            return kind == b"moov"
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length < 8:
            break
        at += length
    return True
