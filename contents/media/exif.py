"""What a camera wrote into an image about how it was taken.

Only the tags listed here. Where it was taken (GPS), by whom, with which very device (serial numbers, names of phones)
and what nobody can read (notes of the maker) is left out: it is personal data that no selection needs.
"""

from __future__ import annotations

import contextlib
import math
import struct
from typing import Any

from PIL import ExifTags, Image

_NAMES = frozenset(
    {
        *("Make", "Model", "LensMake", "LensModel", "LensSpecification", "Software", "Orientation"),
        *("DateTime", "DateTimeOriginal", "DateTimeDigitized", "OffsetTime", "OffsetTimeOriginal"),
        *("SubsecTime", "SubsecTimeOriginal", "ExposureTime", "FNumber", "ExposureProgram", "ISOSpeedRatings"),
        *("ShutterSpeedValue", "ApertureValue", "BrightnessValue", "ExposureBiasValue", "MaxApertureValue"),
        *("SubjectDistance", "SubjectDistanceRange", "MeteringMode", "LightSource", "Flash", "FocalLength"),
        *("FocalLengthIn35mmFilm", "ExposureMode", "WhiteBalance", "DigitalZoomRatio", "SceneCaptureType"),
        *("GainControl", "Contrast", "Saturation", "Sharpness", "ColorSpace", "ExifImageWidth", "ExifImageHeight"),
        *("XResolution", "YResolution", "ResolutionUnit"),
    }
)
_TAGS = {tag.value: tag.name for tag in ExifTags.Base if tag.name in _NAMES}
_LONGEST, _MOST_NUMBERS = 200, 8


def exif_of(image: Image.Image) -> dict[str, Any]:
    """By the names of the standard, as JSON can have it. What can't be read is left out."""
    if image.format == "PNG" and "exif" not in image.info:
        return {}  # Pillow would read the file to its end to look for it there
    found: dict[str, Any] = {}
    # Whatever bytes stand there, Pillow interprets them.
    with contextlib.suppress(OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error, OverflowError):
        exif = image.getexif()
        for entries in (exif, exif.get_ifd(ExifTags.IFD.Exif)):
            for tag, value in entries.items():
                name, plain = _TAGS.get(tag), _plain(value)
                if name is not None and plain is not None:
                    found[name] = plain
    return found


def _plain(value: Any) -> Any:
    """None for what can't be told."""
    if isinstance(value, bytes):
        return None
    if isinstance(value, str):
        text = "".join(letter for letter in value if letter.isprintable()).strip()
        return text[:_LONGEST] or None
    if isinstance(value, tuple):
        numbers = [_plain(each) for each in value[:_MOST_NUMBERS]]
        return None if None in numbers else numbers
    if isinstance(value, int):
        return value if abs(value) < 2**53 else None
    with contextlib.suppress(ValueError, ZeroDivisionError, OverflowError, TypeError):
        number = float(value)
        return number if math.isfinite(number) else None
    return None
