"""What images are, what would spoil a run, and thumbnails."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from contents.media.images import check_image, look_at_image
from contents.media.problems import MediaError, MediaProblem
from contents.media.thumbnails import thumbnail_of
from tests.contents.media.making import encoded, jpeg, picture, png_of, rotated_jpeg

P = MediaProblem
DEEP_GRAY = Image.new("I;16", (40, 30), 1000)
GIF = encoded(picture(), "GIF", save_all=True, append_images=[picture(colour="green")])

GOOD = [
    ("a.jpg", jpeg()),
    ("a.JPEG", jpeg(progressive=True)),
    ("a.png", encoded(picture(), "PNG")),
    ("a.bmp", encoded(picture(), "BMP")),
    ("a.gif", encoded(picture(), "GIF")),
    ("a.tiff", encoded(picture(), "TIFF", compression="tiff_lzw")),
    ("a.tif", encoded(picture(mode="L", colour=9), "TIFF")),
    ("a.webp", encoded(picture(), "WEBP")),
    ("a.ppm", encoded(picture(), "PPM")),
    ("a.pgm", encoded(picture(mode="L", colour=9), "PPM")),
    ("a.png", encoded(picture(mode="1", colour=1), "PNG")),
]
# What is wrong, and can be shown all the same.
ODD = [
    (P.WRONG_EXTENSION, "PNG", "a.jpg", encoded(picture(), "PNG")),
    (P.WRONG_EXTENSION, "JPEG", "a", jpeg()),
    (P.DEEP, "16 bits", "a.png", encoded(DEEP_GRAY, "PNG")),
    (P.DEEP, "16 bits", "a.tif", encoded(DEEP_GRAY, "TIFF")),
    (P.DEEP, "16 bits", "a.png", png_of(2, 1, bits=16, colour=2, data=b"\0" + b"\1" * 12)),
    (P.CMYK, "", "a.jpg", encoded(picture(mode="CMYK", colour=(9, 9, 9, 9)), "JPEG")),
    (P.ANIMATED, "", "a.gif", GIF),
    (P.ALPHA, "", "a.png", encoded(picture(mode="RGBA"), "PNG")),
    (P.ALPHA, "", "a.webp", encoded(picture(mode="RGBA", colour=(255, 0, 0, 9)), "WEBP")),
    (P.ROTATED, "EXIF 6", "a.jpg", rotated_jpeg(6)),
]
# What can't be shown. `late`: only decoding tells.
BROKEN = [
    (P.TRUNCATED, "a.jpg", jpeg((400, 300), quality=95)[:-3000], True),
    (P.TRUNCATED, "a.png", encoded(Image.effect_noise((200, 200), 90), "PNG")[:-9000], True),
    (P.TRUNCATED, "a.jpg", b"", False),
    (P.CORRUPT, "a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, False),
    (P.CORRUPT, "a.jpg", b"\xff\xd8\xff" + b"\0" * 100, False),
    (P.TOO_MANY_PIXELS, "a.png", png_of(30_000, 30_000), False),
    (P.TOO_MANY_PIXELS, "a.png", png_of(12_001, 10_000), False),
]
OTHER = [
    ("HTML page", b"<!DOCTYPE html><html><body>403</body></html>"),
    ("XML", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"),
    ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ("JSON", b'{"error": "not found"}'),
    ("Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
    ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"),
    ("PDF", b"%PDF-1.7\n"),
    ("ZIP archive", b"PK\3\4" + b"\0" * 30),
    ("MP4", b"\0\0\0\x18ftypisom" + b"\0" * 30),
    ("HEIF", b"\0\0\0\x18ftypheic" + b"\0" * 30),
    ("text", b"hello\n"),
    ("unknown content", b"\0\1\2\3" * 40),
]


@pytest.mark.parametrize(("name", "data"), GOOD, ids=[f"{name} {n}" for n, (name, _) in enumerate(GOOD)])
def test_good_images(name: str, data: bytes) -> None:
    facts = check_image(io.BytesIO(data), name)
    assert facts.found == []
    assert (facts.width, facts.height) == (64, 48)
    assert thumbnail_of(io.BytesIO(data)).content_type == "image/jpeg"


@pytest.mark.parametrize(("problem", "detail", "name", "data"), ODD)
def test_odd_images(problem: MediaProblem, detail: str, name: str, data: bytes) -> None:
    facts = check_image(io.BytesIO(data), name)
    assert [(found.problem, found.detail) for found in facts.found] == [(problem, detail)]
    assert facts == look_at_image(io.BytesIO(data), name)
    assert thumbnail_of(io.BytesIO(data)).data


@pytest.mark.parametrize(("problem", "name", "data", "late"), BROKEN)
def test_broken_images(problem: MediaProblem, name: str, data: bytes, late: bool) -> None:
    if late:
        look_at_image(io.BytesIO(data), name)
    for attempt in (lambda: check_image(io.BytesIO(data), name), lambda: thumbnail_of(io.BytesIO(data), 300)):
        with pytest.raises(MediaError) as error:
            attempt()
        assert error.value.found.problem is problem


@pytest.mark.parametrize(("what", "data"), OTHER)
def test_what_is_no_image(what: str, data: bytes) -> None:
    with pytest.raises(MediaError) as error:
        look_at_image(io.BytesIO(data), "a.jpg")
    assert (error.value.found.problem, error.value.found.detail) == (P.OTHER_CONTENT, what)


def test_every_problem_of_images_has_a_case() -> None:
    cases = {row[0] for row in ODD} | {row[0] for row in BROKEN} | {P.OTHER_CONTENT}
    of_videos = {P.NO_VIDEO, P.FRAME_COUNT, P.VARIABLE_RATE, P.SLOW_START, P.UNPLAYABLE, P.TIMED_OUT}
    assert cases == set(MediaProblem) - of_videos


class TestThumbnails:
    @pytest.mark.parametrize("size", [(2000, 1000), (1000, 2000), (320, 320), (50, 20), (3000, 1)])
    def test_size(self, size: tuple[int, int]) -> None:
        made = thumbnail_of(io.BytesIO(jpeg(size)))
        with Image.open(io.BytesIO(made.data)) as image:
            assert image.size == (made.width, made.height)
        assert max(image.size) == min(320, max(size))  # never larger than the original
        assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.02) or 1 in image.size

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_upright_and_without_a_word_of_the_original(self, orientation: int) -> None:
        data = rotated_jpeg(orientation)
        assert b"Secret" in data
        made = thumbnail_of(io.BytesIO(data))
        assert b"ecret" not in made.data
        with Image.open(io.BytesIO(made.data)) as image:
            assert not image.getexif()
            assert {"exif", "icc_profile", "comment"}.isdisjoint(image.info)
            assert image.size == ((48, 64) if orientation > 4 else (64, 48))
            corners = [(3, 3), (image.width - 4, 3), (3, image.height - 4), (image.width - 4, image.height - 4)]
            blue = [number for number, corner in enumerate(corners) if image.convert("RGB").getpixel(corner)[2] > 150]  # type: ignore[index]
        # Where EXIF says the stored upper left corner is (EXIF 2.3, table 5).
        assert blue == [{1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2}[orientation]]

    def test_deep_gray_is_not_white(self) -> None:
        image = Image.new("I;16", (64, 64), 2000)
        image.paste(4000, (0, 0, 32, 64))
        made = thumbnail_of(io.BytesIO(encoded(image, "PNG")))
        with Image.open(io.BytesIO(made.data)) as small:
            assert small.getpixel((5, 30)) > 200  # type: ignore[operator]
            assert small.getpixel((60, 30)) < 50  # type: ignore[operator]

    def test_transparency_stays(self) -> None:
        image = picture(mode="RGBA")
        image.putpixel((60, 40), (0, 0, 0, 0))
        image.paste((0, 0, 0, 0), (40, 30, 64, 48))
        made = thumbnail_of(io.BytesIO(encoded(image, "PNG")))
        assert made.content_type == "image/webp"
        with Image.open(io.BytesIO(made.data)) as small:
            assert small.getpixel((60, 44))[3] == 0  # type: ignore[index]

    def test_colours_are_srgb(self) -> None:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        # One in which red and green have changed places.
        swapped = srgb.replace(b"rXYZ", b"xxxx").replace(b"gXYZ", b"rXYZ").replace(b"xxxx", b"gXYZ")
        plain = thumbnail_of(io.BytesIO(jpeg())).data
        with Image.open(io.BytesIO(thumbnail_of(io.BytesIO(jpeg(icc_profile=swapped))).data)) as small:
            red, green, _ = small.getpixel((60, 40))  # type: ignore[misc]
        assert green > 200 > red
        assert thumbnail_of(io.BytesIO(jpeg(icc_profile=b"broken"))).data == plain


SEEDS = [data for _, data in GOOD] + [row[-1] for row in ODD]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=12),
    st.integers(0, 5000),
)
def test_damaged_images_are_told_never_more(data: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    if cut % 3 == 0:
        del damaged[cut % len(damaged) :]
    for look in (lambda file: check_image(file, "a.jpg"), thumbnail_of):
        with contextlib.suppress(MediaError):
            look(io.BytesIO(bytes(damaged)))
