"""Width and height of an image from its first bytes, without decoding it.

PNG, JPEG, GIF, BMP, WebP and PNM. The size is that of the stored pixels: boxes and masks refer to them, whatever the
EXIF orientation says.
"""

import re
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

_HEAD_BYTES = 256
# Markers that begin a JPEG frame: SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC). ITU-T T.81, table B.1.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MOST_SEGMENTS = 1000
_PNM = re.compile(rb"P[1-6](?:\s++|#[^\n]*+\n)++(\d{1,9})(?:\s++|#[^\n]*+\n)++(\d{1,9})\s")


class Size(NamedTuple):
    """In pixels."""

    width: int
    height: int


def size_of_file(file: BinaryIO) -> Size | None:
    """None: not one of the formats above, or damaged. `file` can seek. Raises OSError."""
    head = file.read(_HEAD_BYTES)
    if head.startswith(b"\xff\xd8"):
        found = _jpeg(file)
    else:
        found = next((read(head) for start, read in _BY_START if head.startswith(start)), None)
    return found if found and found.width > 0 and found.height > 0 else None


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _png(head: bytes) -> Size | None:
    return Size(_big(head[16:20]), _big(head[20:24])) if head[12:16] == b"IHDR" else None


def _gif(head: bytes) -> Size:
    return Size(_little(head[6:8]), _little(head[8:10]))


def _bmp(head: bytes) -> Size:
    if _little(head[14:18]) == 12:  # the header of OS/2
        return Size(_little(head[18:20]), _little(head[20:22]))
    # A negative height means that rows go down.
    return Size(_little(head[18:22]), abs(int.from_bytes(head[22:26], "little", signed=True)))


def _webp(head: bytes) -> Size | None:
    """https://developers.google.com/speed/webp/docs/riff_container, and RFC 6386 section 9.1 for VP8."""
    if head[8:12] != b"WEBP":
        return None
    if head[12:16] == b"VP8X":
        return Size(_little(head[24:27]) + 1, _little(head[27:30]) + 1)
    if head[12:16] == b"VP8L":
        bits = _little(head[21:25])
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    return Size(_little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF)


def _pnm(head: bytes) -> Size | None:
    found = _PNM.match(head)
    return Size(int(found[1]), int(found[2])) if found else None


_BY_START: list[tuple[bytes, Callable[[bytes], Size | None]]] = [
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (b"P", _pnm),
]


def _jpeg(file: BinaryIO) -> Size | None:
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        marker = file.read(2)
        while marker[:1] == b"\xff" and marker[1:] == b"\xff":  # fill bytes
            marker = b"\xff" + file.read(1)
        if len(marker) < 2 or marker[0] != 0xFF:
            return None
        length = _big(file.read(2))
        if marker[1] in _FRAMES:
            frame = file.read(5)
            return Size(_big(frame[3:5]), _big(frame[1:3])) if len(frame) == 5 else None
        if length < 2:
            return None
        file.seek(length - 2, 1)
    return None
