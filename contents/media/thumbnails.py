"""Small pictures that every browser shows: upright, in sRGB, without any metadata of the original (place, camera)."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from contents.media.images import load, opened_image
from contents.media.problems import Found, MediaError, MediaProblem
from contents.media.ranged_file import File

# Twice the side of a tile, for sharp screens.
LONGEST_SIDE = 320
QUALITY = 85
_MOST_PROFILE_BYTES = 4 * 1024 * 1024
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True)
class Thumbnail:
    """`width` and `height` in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int


def thumbnail_of(file: File, longest_side: int = LONGEST_SIDE) -> Thumbnail:
    """Raises MediaError. Of an animation the first picture."""
    with opened_image(file) as image:
        # JPEGs are decoded at a fraction of their size. At twice the target nothing of it can be seen.
        image.draft("RGB", (2 * longest_side, 2 * longest_side))
        load(image)
        return small(image, longest_side)


def safe_thumbnail(data: bytes) -> Thumbnail:
    """What somebody says is a thumbnail, decoded and encoded anew. Raises MediaError, also for a larger picture."""
    with opened_image(io.BytesIO(data)) as image:
        if max(image.size) > LONGEST_SIDE or image.format not in {"JPEG", "WEBP"}:
            raise MediaError(Found(MediaProblem.OTHER_CONTENT, f"{image.format}, {image.width} x {image.height}"))
        load(image)
        return small(image)


def small(image: Image.Image, longest_side: int = LONGEST_SIDE) -> Thumbnail:
    """A thumbnail of what is decoded already. It changes the image."""
    profile = image.info.get("icc_profile")
    picture = eight_bits(image)
    picture.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    picture = _in_srgb(picture, profile)
    picture = ImageOps.exif_transpose(picture)
    has_alpha = picture.mode == "RGBA"
    target = io.BytesIO()
    # What is not named is not written: no EXIF, no profile, no comment.
    clean = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    clean.save(target, "WEBP" if has_alpha else "JPEG", quality=QUALITY)
    return Thumbnail(target.getvalue(), f"image/{'webp' if has_alpha else 'jpeg'}", *picture.size)


def eight_bits(image: Image.Image) -> Image.Image:
    """L, RGB, RGBA or CMYK."""
    if image.mode in {"L", "RGB", "RGBA", "CMYK"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _scaled(image)
    has_alpha = image.mode in {"LA", "La", "PA", "RGBa"} or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "L" if image.mode == "1" else "RGB")


def _scaled(image: Image.Image) -> Image.Image:
    """Deep gray by the range of what is in it. Pillow's own conversion cuts all above 255 off, which is white."""
    orientation = image.getexif()
    wide = image.convert("F")
    low, high = wide.getextrema()
    assert isinstance(low, float)  # noqa: S101 - a gray image has one channel
    assert isinstance(high, float)  # noqa: S101
    factor = 255 / (high - low) if high > low else 0.0
    gray = wide.point(lambda value: value * factor - low * factor).convert("L")
    gray.info["exif"] = orientation.tobytes()
    return gray


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile and len(profile) <= _MOST_PROFILE_BYTES:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode)
            if changed is not None:
                return changed
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile that is broken, or of other channels: the plain conversion is what browsers show then
    return image if image.mode in {"L", mode} else image.convert(mode)
