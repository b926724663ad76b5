"""Boxes and points in stored pixels, shown on the upright picture: as Pillow turns the pixels themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from contents.overlays.geometry import Upright

WIDTH, HEIGHT = 7, 4


def shown(image: Image.Image, orientation: int) -> Image.Image:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.info["exif"] = exif.tobytes()
    turned = ImageOps.exif_transpose(image)
    assert turned is not None
    return turned


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("box", [(0, 0, 1, 1), (2, 1, 3, 2), (6, 3, 1, 1), (0, 2, 7, 1)])
def test_a_box_lies_where_its_pixels_are(orientation: int, box: tuple[int, int, int, int]) -> None:
    x, y, width, height = box
    image = Image.new("L", (WIDTH, HEIGHT))
    image.paste(255, (x, y, x + width, y + height))
    turned = shown(image, orientation)
    upright = Upright(WIDTH, HEIGHT, orientation)
    assert upright.size == turned.size
    left, top, wide, high = upright.box(*box)
    assert turned.getbbox() == (left, top, left + wide, top + high)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_point_lies_on_its_pixel(orientation: int) -> None:
    for x in range(WIDTH):
        for y in range(HEIGHT):
            image = Image.new("L", (WIDTH, HEIGHT))
            image.putpixel((x, y), 255)
            at = Upright(WIDTH, HEIGHT, orientation).point(x + 0.5, y + 0.5)
            assert shown(image, orientation).getpixel((int(at[0]), int(at[1]))) == 255


@given(st.integers(1, 8), st.floats(0, 100), st.floats(0, 50))
def test_all_stay_in_the_picture(orientation: int, x: float, y: float) -> None:
    upright = Upright(100, 50, orientation)
    across, down = upright.point(x, y)
    assert 0 <= across <= upright.size[0]
    assert 0 <= down <= upright.size[1]
