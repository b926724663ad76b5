"""Looks into images: what they are, and what would spoil a run."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, cast

from PIL import ExifTags, Image, UnidentifiedImageError

from contents.media.problems import Found, MediaError, MediaProblem, error_of
from contents.media.ranged_file import File, failure_of
from contents.media.signatures import HEAD_BYTES, fits, format_of

# Without a list Pillow takes whatever it knows: an EPS under the name of a .jpg would start Ghostscript.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
# Of which decoding takes about 500 MB.
MOST_PIXELS = 120_000_000
# Ours is the limit, and it is asked before anything is decoded: Pillow's own only warns up to twice its number.
Image.MAX_IMAGE_PIXELS = None

_DEEP_MODES = {"I", "I;16", "I;16B", "I;16L", "I;16N", "F"}
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa"}
_TIFF_BITS = 258
_PNG_DEPTH_AT = 24


@dataclass(frozen=True)
class ImageFacts:
    """`width` and `height` in pixels as stored, before any rotation by EXIF; `orientation` is EXIF's, 1 to 8."""

    format: str
    width: int
    height: int
    mode: str
    bits: int
    orientation: int
    found: list[Found] = field(default_factory=list)


def look_at_image(file: File, name: str) -> ImageFacts:
    """By the header alone. Raises MediaError for what is no image."""
    with opened_image(file) as image:
        return _facts(file, image, name)


def check_image(file: File, name: str) -> ImageFacts:
    """As `look_at_image`, and decodes it wholly. Raises MediaError for what is no image, or a broken one."""
    with opened_image(file) as image:
        facts = _facts(file, image, name)
        load(image)
        return facts


@contextlib.contextmanager
def opened_image(file: File) -> Iterator[Image.Image]:
    """Raises MediaError, also for what goes wrong with the image inside. Errors of reading the file pass through."""
    head = b""
    try:
        head = head_of(file)
        # Pillow warns of odd metadata, which does not matter here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(cast(IO[bytes], file), formats=FORMATS) as image:
                demand_few_pixels(image.width, image.height)
                yield image
    except UnidentifiedImageError as error:
        raise (error_of(error, file) if failure_of(file) else MediaError(_what_else(head))) from None
    except Exception as error:  # noqa: BLE001 - decoders raise whatever comes up in a broken file
        raise error_of(error, file) from None


def head_of(file: File) -> bytes:
    """The first HEAD_BYTES; the file is at its beginning afterwards."""
    file.seek(0)
    head = file.read(HEAD_BYTES) or b""
    file.seek(0)
    return head


def load(image: Image.Image) -> None:
    """Decode it. Pillow's `verify()` does not do: it passes truncated JPEGs."""
    image.load()


def demand_few_pixels(width: int, height: int) -> None:
    """Raises MediaError."""
    if width * height > MOST_PIXELS:
        detail = f"{width:,} x {height:,} pixels, more than {MOST_PIXELS // 1_000_000} million"
        raise MediaError(Found(MediaProblem.TOO_MANY_PIXELS, detail))


def orientation_of(image: Image.Image) -> int:
    """EXIF's, 1 (upright) if there is none or a wrong one."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # Pillow would read the file to its end to look for it there, which nobody else does
    found = image.getexif().get(ExifTags.Base.Orientation, 1)
    return found if found in range(1, 9) else 1


def _facts(file: File, image: Image.Image, name: str) -> ImageFacts:
    format_name, orientation = image.format or "", orientation_of(image)
    bits = _bits(file, image)
    found = []
    if not fits(format_name, name):
        found.append(Found(MediaProblem.WRONG_EXTENSION, format_name))
    if bits > 8:
        found.append(Found(MediaProblem.DEEP, f"{bits} bits"))
    if image.mode == "CMYK":
        found.append(Found(MediaProblem.CMYK))
    if getattr(image, "is_animated", False):
        found.append(Found(MediaProblem.ANIMATED))
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        found.append(Found(MediaProblem.ALPHA))
    if orientation != 1:
        found.append(Found(MediaProblem.ROTATED, f"EXIF {orientation}"))
    return ImageFacts(format_name, image.width, image.height, image.mode, bits, orientation, found)


def _bits(file: File, image: Image.Image) -> int:
    """Of a channel, as stored. Pillow reads 16-bit colour as 8-bit, so its mode does not always tell."""
    if image.format == "PNG":
        place = file.tell()
        file.seek(_PNG_DEPTH_AT)
        depth = file.read(1)
        file.seek(place)
        return depth[0] if depth else 8
    if image.format == "TIFF":
        stored = getattr(image, "tag_v2", {}).get(_TIFF_BITS, (8,))
        return max(map(int, stored if isinstance(stored, tuple) else (stored,)))
    return (32 if image.mode in {"I", "F"} else 16) if image.mode in _DEEP_MODES else 8


def _what_else(head: bytes) -> Found:
    """Of a file that is no image Pillow may open."""
    if not head:
        return Found(MediaProblem.TRUNCATED, "0 bytes")
    format_name = format_of(head)
    if format_name in FORMATS:
        return Found(MediaProblem.CORRUPT, f"broken header of a {format_name}")
    return Found(MediaProblem.OTHER_CONTENT, format_name or "unknown content")
