"""Thumbnails and frames against the bare library that does the work."""

import io
from functools import partial

import av
from PIL import Image

from bench.measuring import Effort, Measured, at_most, in_turns
from contents.media.thumbnails import LONGEST_SIDE, QUALITY, thumbnail_of
from contents.media.videos import frames_of
from tests.contents.media.making import encoded, video

_PHOTO = (4000, 3000)
_FRAMES = 250


def thumbnails(effort: Effort) -> Measured:
    """Of a photo of 12 megapixels, in memory."""
    noise = Image.effect_noise((_PHOTO[0] // 8, _PHOTO[1] // 8), 60).resize(_PHOTO)
    photo = encoded(noise.convert("RGB"), "JPEG", quality=90)
    ways = lambda: thumbnail_of(io.BytesIO(photo)), partial(_bare_thumbnail, photo)
    ours, bare = in_turns(*ways, times=effort.times, middle=min)
    return Measured("thumbnail of 12 megapixels", ours, bare, "bare Pillow", at_most(1.11))


def _bare_thumbnail(photo: bytes) -> None:
    with Image.open(io.BytesIO(photo)) as image:
        image.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        image.save(io.BytesIO(), "JPEG", quality=QUALITY)


def exact_frame(effort: Effort) -> Measured:
    """One in the middle of a video, by its number."""
    film = video(frames=_FRAMES, size=(640, 360), options={"movflags": "faststart"}, gop=50)
    number = _FRAMES // 2
    ways = lambda: list(frames_of(io.BytesIO(film), [number])), partial(_bare_frame, film, number)
    ours, bare = in_turns(*ways, times=effort.times, middle=min)
    return Measured("a frame by its number", ours, bare, "bare PyAV", at_most(1.5))


def _bare_frame(film: bytes, number: int) -> None:
    """As who knows that this very video has a constant rate and no frame missing."""
    with av.open(io.BytesIO(film), "r") as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        assert stream.average_rate
        assert stream.time_base
        time = int(number / stream.average_rate / stream.time_base)
        container.seek(time, stream=stream)
        for frame in container.decode(stream):
            if frame.pts is not None and frame.pts >= time:
                frame.to_image()  # type: ignore[no-untyped-call]
                return
