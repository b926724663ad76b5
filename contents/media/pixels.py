"""What a run needs of a decoded picture: counts of its values, its gray picture, and a small one for a network.

All that takes long is done by Pillow, in C. Numbers are made of it in runs.worker, where numpy is.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps

from contents.media.images import load, opened_image, orientation_of
from contents.media.ranged_file import File
from contents.media.thumbnails import eight_bits

# Of the small picture of which the lightness is told.
LIGHTNESS_SIDE = 128
# Before it is scaled well, a picture is shrunk quickly to no less than this multiple of the wanted size.
_REDUCING_GAP = 1.5


@dataclass(frozen=True)
class Pixels:
    """`width` and `height` in stored pixels.

    `values`: how often each value (0 to 255) comes in red, then green, then blue. `shades`: the same for the gray
    picture. `gray`: its bytes, row by row. `small`: RGB bytes of at most LIGHTNESS_SIDE on each side. `sized`: RGB
    bytes of the upright picture in the size that was asked for. `digest`: of all RGB bytes, if asked for.
    """

    width: int
    height: int
    values: list[int]
    shades: list[int]
    gray: bytes
    small: bytes
    sized: bytes
    digest: str


@contextlib.contextmanager
def decoded(file: File) -> Iterator[Image.Image]:
    """A whole image, of an animation the first picture. Raises MediaError."""
    with opened_image(file) as image:
        load(image)
        yield image


def pixels_of(image: Image.Image, size: tuple[int, int], *, with_digest: bool = False) -> Pixels:
    """`size`: (width, height) of `sized`. Transparency is left out: its colours are what a network sees."""
    orientation = orientation_of(image)
    colours = eight_bits(image)
    if colours.mode != "RGB":
        colours = colours.convert("RGB")
    gray = colours.convert("L")
    small = colours.reduce(max(1, -(-max(colours.size) // LIGHTNESS_SIDE)))
    return Pixels(
        image.width,
        image.height,
        colours.histogram(),
        gray.histogram(),
        gray.tobytes(),
        small.tobytes(),
        _sized(colours, size, orientation).tobytes(),
        hashlib.blake2b(colours.tobytes(), digest_size=16).hexdigest() if with_digest else "",
    )


def _sized(colours: Image.Image, size: tuple[int, int], orientation: int) -> Image.Image:
    asked = size[::-1] if orientation > 4 else size
    sized = colours.resize(asked, Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
    if orientation == 1:
        return sized
    sized.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(sized)
