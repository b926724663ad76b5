"""Sizes of images from their first bytes are those that Pillow tells."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from contents.annotations.sizes import Size, size_of_file


def image(form: str, mode: str = "RGB", size: tuple[int, int] = (37, 21), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, **options)
    return file.getvalue()


def with_exif(orientation: int, filler: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "x" * filler
    return image("JPEG", exif=exif)


@pytest.mark.parametrize(
    "data",
    [
        image("PNG"),
        image("JPEG"),
        image("JPEG", progressive=True),
        image("JPEG", "CMYK"),
        with_exif(6, 60_000),
        image("GIF", "P"),
        image("BMP"),
        image("WEBP"),
        image("WEBP", lossless=True),
        image("WEBP", "RGBA"),
        image("PPM"),
        image("PPM", "L"),
        image("PPM").replace(b"P6\n", b"P6\n# made by hand\n"),
        # Rows from the top down.
        (bmp := image("BMP"))[:22] + (-21).to_bytes(4, "little", signed=True) + bmp[26:],
    ],
)
def test_as_pillow_says(data: bytes) -> None:
    assert Image.open(io.BytesIO(data)).size == (37, 21)
    assert size_of_file(io.BytesIO(data)) == Size(37, 21)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\0", b"RIFF", b"P6 x", b"<html>", image("TIFF")])
def test_what_is_not_known(data: bytes) -> None:
    assert size_of_file(io.BytesIO(data)) is None


@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF\0\0\0\0WEBP", b"P6 "]),
    st.binary(max_size=300),
)
def test_no_bytes_make_it_fail(start: bytes, data: bytes) -> None:
    size = size_of_file(io.BytesIO(start + data))
    assert size is None or (size.width > 0 and size.height > 0)
