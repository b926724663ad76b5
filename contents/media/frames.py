"""Single frames of videos as files: in stored pixels, unrotated, and without any metadata."""

from __future__ import annotations

import io

from PIL import Image

# PNG's quickest: of a 720p frame it takes a third of the time of the usual one, for a tenth more bytes.
_PNG_LEVEL = 1
_JPEG_QUALITY = 95
Picture = Image.Image
TYPES = {"png": "image/png", "jpg": "image/jpeg"}


def encoded_frame(picture: Image.Image, format_name: str) -> bytes:
    """`format_name` is one of TYPES."""
    target = io.BytesIO()
    clean = picture.convert("RGB")
    if format_name == "png":
        clean.save(target, "PNG", compress_level=_PNG_LEVEL)
    else:
        clean.save(target, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return target.getvalue()
