"""Lightly's metadata of a picture against its formulas in plain numpy."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from contents.media.pixels import decoded, pixels_of
from runs.worker.pictures import NUMBERS, metadata_of, number_of
from tests.contents.media.making import encoded, rotated_jpeg


def noise(size: tuple[int, int] = (61, 47)) -> Image.Image:
    chance = np.random.default_rng(1)
    return Image.fromarray(chance.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def test_the_formulas_of_lightly_utils() -> None:
    image = noise()
    found = metadata_of(pixels_of(image, (16, 16)), 1234)
    values = np.asarray(image, np.float64)
    scaled = values / 255.0
    kernel = ImageFilter.Kernel((3, 3), (-1, -1, -1, -1, 8, -1, -1, -1, -1), 1, 0)
    assert found["mean"] == pytest.approx(scaled.mean(axis=(0, 1)).tolist())
    assert found["std"] == pytest.approx(scaled.std(axis=(0, 1)).tolist())
    assert found["sumOfValues"] == pytest.approx(scaled.sum(axis=(0, 1)).tolist())
    assert found["sumOfSquares"] == pytest.approx((scaled**2).sum(axis=(0, 1)).tolist())
    assert found["snr"] == pytest.approx(values.mean() / values.std())
    assert found["sharpness"] == pytest.approx(float(np.std(np.asarray(image.convert("L").filter(kernel))[1:-1, 1:-1])))
    assert (found["shape"], found["sizeInBytes"]) == ([47, 61, 3], 1234)
    assert found["dynamic"]["contrast"] == pytest.approx(float(np.asarray(image.convert("L")).std()) / 255)


def test_black_white_and_gray() -> None:
    black, gray, white = (
        metadata_of(pixels_of(Image.new("RGB", (40, 30), (level,) * 3), (8, 8)), 1) for level in (0, 119, 255)
    )
    assert (black["luminance"], white["luminance"]) == pytest.approx((0.0, 100.0), abs=1e-6)
    # sRGB 119 is CIE L* 50 (gray card).
    assert gray["luminance"] == pytest.approx(50.0, abs=0.1)
    assert (black["snr"], gray["snr"], gray["sharpness"], gray["uniformRowRatio"]) == (0.0, 0.0, 0.0, 1.0)
    assert max(white["mean"]) <= 1.0


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (9, 2), (3, 3)])
def test_tiny_pictures(size: tuple[int, int]) -> None:
    found = metadata_of(pixels_of(noise(size), (8, 8)), 1)
    assert found["shape"] == [size[1], size[0], 3]
    assert np.isfinite(found["sharpness"])


def test_rows_that_are_uniform() -> None:
    image = noise((20, 10))
    image.paste((128, 128, 128), (0, 6, 20, 10))
    assert metadata_of(pixels_of(image, (8, 8)), 1)["uniformRowRatio"] == pytest.approx(0.4)


def test_numbers_for_selections() -> None:
    found = metadata_of(pixels_of(noise(), (8, 8)), 77)
    values = {name: number_of(found, name) for name in NUMBERS}
    assert all(np.isfinite(value) for value in values.values())
    assert (values["width"], values["height"], values["sizeInBytes"]) == (61, 47, 77)
    assert np.isnan(number_of(found, "colour"))
    assert np.isnan(number_of({}, "sharpness"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16", "LA"])
def test_all_kinds_of_pixels(mode: str) -> None:
    image = noise((32, 32)).convert("L").convert("I;16") if mode == "I;16" else noise((32, 32)).convert(mode)
    pixels = pixels_of(image, (8, 8))
    assert len(pixels.sized) == 8 * 8 * 3
    assert metadata_of(pixels, 1)["shape"] == [32, 32, 3]


def test_networks_see_pictures_upright() -> None:
    """The upper left quarter is blue once the picture is turned as EXIF says."""
    with decoded(io.BytesIO(rotated_jpeg(6))) as image:
        pixels = pixels_of(image, (4, 2))
    assert (pixels.width, pixels.height) == (64, 48)
    upright = np.frombuffer(pixels.sized, np.uint8).reshape(2, 4, 3)
    # Stored, the blue quarter is upper left; turned by 90 degrees clockwise it is upper right.
    assert upright[0, 3, 2] > 150 > upright[0, 0, 2]


def test_digests_tell_pixels_not_files() -> None:
    one, other = noise(), noise()
    other.putpixel((3, 3), (0, 0, 0))
    png, bmp = (Image.open(io.BytesIO(encoded(one, kind))) for kind in ("PNG", "BMP"))
    same = {pixels_of(image, (8, 8), with_digest=True).digest for image in (one, png, bmp)}
    assert len(same) == 1
    assert pixels_of(other, (8, 8), with_digest=True).digest not in same
    assert pixels_of(one, (8, 8)).digest == ""
