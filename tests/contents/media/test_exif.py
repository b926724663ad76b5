"""What of EXIF is kept: how an image was taken, not where, by whom and with which very device."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from contents.media.exif import exif_of
from contents.media.pixels import decoded

Base, Gps = ExifTags.Base, ExifTags.GPS


def written(base: Mapping[Any, Any], camera: Mapping[Any, Any] | None = None, *, name: str = "JPEG") -> bytes:
    image, exif, target = Image.new("RGB", (16, 8), "red"), Image.Exif(), io.BytesIO()
    exif.update(base)
    exif.get_ifd(ExifTags.IFD.Exif).update(camera or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({Gps.GPSLatitudeRef: "N", Gps.GPSLatitude: (47.0, 22.0, 0.0)})
    image.save(target, name, exif=exif)
    return target.getvalue()


def read(content: bytes) -> dict[str, Any]:
    with decoded(io.BytesIO(content)) as image:
        return exif_of(image)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_how_it_was_taken(name: str) -> None:
    base = {Base.Make: "Camera Works\0", Base.Orientation: 6, Base.DateTime: "2026:11:28 10:00:00"}
    camera = {
        Base.ExposureTime: IFDRational(1, 125),
        Base.FNumber: IFDRational(28, 10),
        Base.ISOSpeedRatings: 400,
        Base.LensSpecification: (24.0, 70.0, 2.8, 2.8),
    }
    found = read(written(base, camera, name=name))
    assert found.pop("ExposureTime") == pytest.approx(0.008)
    assert found.pop("FNumber") == pytest.approx(2.8)
    assert found.pop("LensSpecification") == pytest.approx([24, 70, 2.8, 2.8])
    assert found == {
        "Make": "Camera Works",
        "Orientation": 6,
        "DateTime": "2026:11:28 10:00:00",
        "ISOSpeedRatings": 400,
    }


def test_what_tells_of_people_is_left_out() -> None:
    base = {Base.Artist: "Alice", Base.Copyright: "Alice", Base.HostComputer: "Alice's phone"}
    camera = {
        Base.BodySerialNumber: "0815",
        Base.CameraOwnerName: "Alice",
        Base.UserComment: b"at home",
        Base.MakerNote: b"?",
    }
    assert read(written(base, camera)) == {}


def test_odd_values_are_left_out_or_cut() -> None:
    camera = {Base.ExposureTime: IFDRational(1, 0), Base.LensModel: "x" * 1000}
    assert read(written({Base.Software: "\x01\x02"}, camera)) == {"LensModel": "x" * 200}


def test_damaged_exif_is_no_reason_to_refuse_an_image() -> None:
    content = written({Base.Make: "Camera Works"})
    at = content.index(b"Exif\0\0") + 10
    assert isinstance(read(content[:at] + b"\xff" * 12 + content[at + 12 :]), dict)
    plain = io.BytesIO()
    Image.new("RGB", (4, 4)).save(plain, "PNG")
    assert read(plain.getvalue()) == {}
