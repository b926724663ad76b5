"""Makes images and videos for tests: small, and each frame tells its number by its colour."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream
from PIL import Image

RATE = 25


def picture(size: tuple[int, int] = (64, 48), mode: str = "RGB", colour: Any = "red") -> Image.Image:
    """The upper left quarter is blue, so that it shows which way up it is."""
    image = Image.new(mode, size, colour)
    if mode in {"RGB", "RGBA"}:
        image.paste("blue", (0, 0, size[0] // 2, size[1] // 2))
    return image


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, format_name, **options)
    return target.getvalue()


def jpeg(size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    return encoded(picture(size), "JPEG", **options)


def rotated_jpeg(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    return jpeg(exif=exif, comment=b"secret place")


def png_of(width: int, height: int, *, bits: int = 8, colour: int = 0, data: bytes = b"") -> bytes:
    """With a header that says so, whatever the data is."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def video(
    container: str = "mp4",
    codec: str = "libx264",
    *,
    frames: int = 60,
    size: tuple[int, int] = (160, 96),
    times: Sequence[int] | None = None,
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    gop: int = 12,
) -> bytes:
    """Frame n is gray n * 4. `times` of the frames, in 25ths of a second."""
    # By its name, for a muxer that moves the table of contents to the front opens the file once more.
    with tempfile.NamedTemporaryFile() as target:
        with av.open(target.name, "w", format=container, options=options or {}) as output:
            stream = output.add_stream(codec, rate=RATE)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = *size, pixels
            stream.codec_context.gop_size = gop
            if codec == "libx265":
                stream.options = {"x265-params": "log-level=none"}
            for number in range(frames):
                image = Image.new("RGB", size, (number * 4,) * 3)
                frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
                frame.pts, frame.time_base = (times[number] if times else number), Fraction(1, RATE)
                output.mux(stream.encode(frame))
            output.mux(stream.encode())
        return Path(target.name).read_bytes()


def rotated(mp4: bytes) -> bytes:
    """As phones do it: turned by 90 degrees in the matrix of the track's header (ISO/IEC 14496-12, 8.3.2)."""
    at = mp4.index(b"tkhd") + 4 + 40
    return mp4[:at] + struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30) + mp4[at + 36 :]


def number_of(frame: Image.Image) -> int:
    """Which frame of `video` it is."""
    gray = frame.convert("L").resize((1, 1)).getpixel((0, 0))
    return round(float(str(gray)) / 4)
