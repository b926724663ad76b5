"""What lies in the buckets of `make demo`: images, videos, predictions, metadata, and a dozen mistakes to be found."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

from lightly_platform.demo.images import SIZE, Box, is_night, street

IMAGES = 240
VIDEOS = 6
_DAYS = 8  # folders
_ROAD = 250  # the row of pixels where it begins
_FRAME = (320, 180)
_RATE = 15
Files = Iterator[tuple[str, bytes]]


def street_images() -> Files:
    """Names relative to the Input datasource."""
    for number in range(IMAGES):
        yield _name(number), street(number)[0]
    yield from _spoilt_images()


def _spoilt_images() -> Files:
    """One of each mistake that happens in real buckets."""
    good, _ = street(1)
    picture = Image.open(io.BytesIO(good))
    yield "day-3/empty.jpg", b""
    yield "day-3/cut-off.jpg", good[: len(good) // 2]
    yield "day-3/expired-link.jpg", b"<!DOCTYPE html><title>403 Forbidden</title><p>The link has expired."
    yield "day-4/not-fetched.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    yield "day-4/really-a-png.jpg", _encoded(picture, "PNG")
    yield "day-4/printed.jpg", _encoded(picture.convert("CMYK"), "JPEG")
    yield "day-5/phone.jpg", _turned(picture)
    yield "day-5/copy of scene-001.jpg", good
    yield "day-5/Scene-005.JPG", street(5)[0]
    yield "day-6/depth.png", _encoded(Image.linear_gradient("L").convert("I;16"), "PNG")
    yield "day-6/notes.txt", b"Camera 2 was cleaned in the afternoon.\n"
    yield "day-6/.DS_Store", b"\0\0\0\1Bud1"
    yield "day-7/from-phone.heic", b"\0\0\0\x18ftypheic" + bytes(200)


def street_annotations() -> Files:
    """Names relative to the Lightly datasource."""
    folder = ".lightly/predictions"
    yield f"{folder}/tasks.json", _json(["cars", "light", "road", "wheels"])
    cars = [{"id": 0, "name": "car"}, {"id": 1, "name": "bicycle"}]
    yield f"{folder}/cars/schema.json", _json({"task_type": "object-detection", "categories": cars})
    light = [{"id": 0, "name": "day"}, {"id": 1, "name": "night"}]
    yield f"{folder}/light/schema.json", _json({"task_type": "classification", "categories": light})
    road = [{"id": 0, "name": "road"}]
    yield f"{folder}/road/schema.json", _json({"task_type": "semantic-segmentation", "categories": road})
    wheels = {"id": 0, "name": "car", "keypoint_names": ["front wheel", "back wheel"], "keypoint_skeleton": [[0, 1]]}
    yield f"{folder}/wheels/schema.json", _json({"task_type": "keypoint-detection", "categories": [wheels]})
    yield ".lightly/metadata/schema.json", _json(_metadata_schema())
    for number in range(IMAGES):
        name = _name(number)
        stem = name.removesuffix(".jpg")
        _, car = street(number)
        if number % 40 != 7:  # some have none
            yield f"{folder}/cars/{stem}.json", _json(_cars(name, number, car))
        yield f"{folder}/light/{stem}.json", _json(_light(name, number))
        yield f"{folder}/road/{stem}.json", _json(_road(name, car))
        yield f"{folder}/wheels/{stem}.json", _json(_wheels(name, car))
        yield f".lightly/metadata/{stem}.json", _json(_metadata(name, number))
    yield f"{folder}/cars/day-1/deleted.json", _json({"file_name": "day-1/deleted.jpg", "predictions": []})
    yield ".lightly/relevant.txt", b"day-1/*\nday-2/* day-2/scene-04*\nday-9/*\n/day-3/scene-003.jpg\n"


def _cars(name: str, number: int, box: Box) -> dict[str, Any]:
    score = round(0.99 - number % 50 / 100, 2)
    entry: dict[str, Any] = {
        "category_id": 0,
        "bbox": box,
        "score": score,
        "probabilities": [score, round(1 - score, 2)],
    }
    if number == 20:
        entry["category_id"] = 7  # there is none
    if number == 21:
        entry["bbox"] = _outside(box)
    if number == 22:
        entry["score"] = 98  # per cent
    return {"file_name": "scene-023.jpg" if number == 23 else name, "predictions": [entry]}


def _outside(box: Box) -> Box:
    return SIZE[0] - 10, *box[1:]


def _light(name: str, number: int) -> dict[str, Any]:
    night = 0.9 if is_night(number) else 0.1
    entry = {"category_id": int(is_night(number)), "probabilities": [round(1 - night, 1), night]}
    return {"file_name": name, "predictions": [entry]}


def _road(name: str, car: Box) -> dict[str, Any]:
    """All below the houses, but for the car: row by row, beginning with what is no road."""
    width, height = SIZE
    left, top, car_width, car_height = car
    rows = top + car_height - _ROAD  # with the car in them
    runs = [width * _ROAD, left]
    runs += [car_width, width - car_width] * (rows - 1)
    runs += [car_width, width - left - car_width + width * (height - top - car_height)]
    return {"file_name": name, "predictions": [{"category_id": 0, "segmentation": runs, "score": 0.97}]}


def _wheels(name: str, car: Box) -> dict[str, Any]:
    left, top, _, _ = car
    points = [left + 18, top + 32, 0.9, left + 58, top + 32, 0.8]
    return {"file_name": name, "predictions": [{"category_id": 0, "keypoints": points, "score": 0.88}]}


def _metadata_schema() -> list[dict[str, Any]]:
    return [
        {"name": "Weather", "path": "weather", "defaultValue": "dry", "valueDataType": "CATEGORICAL_STRING"},
        {"name": "Speed", "path": "vehicle.speed", "defaultValue": 0, "valueDataType": "NUMERIC_FLOAT"},
    ]


def _metadata(name: str, number: int) -> dict[str, Any]:
    speed: object = round(30 + 25 * ((number * 37) % 100) / 100, 1)
    if number == 30:
        speed = "fast"
    weather = ("dry", "wet", "snow")[number % 7 % 3]
    return {"file_name": name, "type": "image", "metadata": {"weather": weather, "vehicle": {"speed": speed}}}


def gate_videos() -> Files:
    for number in range(VIDEOS):
        yield f"gate-{number + 1}.mp4", _video(number, is_fast=number != 2)
    yield "gate-7.mp4", _video(6, is_fast=True)[:3000]  # the upload broke off
    yield "gate-8.avi", _video(7, container="avi", codec="mpeg4")


def _video(number: int, *, container: str = "mp4", codec: str = "libx264", is_fast: bool = False) -> bytes:
    """A box that goes through a gate."""
    # By its name: a muxer that moves the table of contents to the front opens the file once more.
    with tempfile.NamedTemporaryFile() as target:
        options = {"movflags": "faststart"} if is_fast else {}
        with av.open(target.name, "w", format=container, options=options) as output:
            stream = output.add_stream(codec, rate=_RATE)
            assert isinstance(stream, VideoStream)  # noqa: S101 - for type checkers
            stream.width, stream.height, stream.pix_fmt = *_FRAME, "yuv420p"
            for at in range(60):
                frame = av.VideoFrame.from_image(_gate(number, at))  # type: ignore[no-untyped-call]
                frame.pts, frame.time_base = at, Fraction(1, _RATE)
                output.mux(stream.encode(frame))
            output.mux(stream.encode())
        return Path(target.name).read_bytes()


def _gate(number: int, at: int) -> Image.Image:
    picture = Image.new("RGB", _FRAME, (58 + 12 * number, 66, 84))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 140, *_FRAME), fill=(92, 90, 88))
    for left in (80, 228):
        draw.rectangle((left, 30, left + 12, 140), fill=(214, 168, 60))
    left = at * 6 - 50
    draw.rectangle((left, 104, left + 44, 140), fill=(170, 120, 80))
    return picture


def _name(number: int) -> str:
    return f"day-{number * _DAYS // IMAGES + 1}/scene-{number:03}.jpg"


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def _encoded(picture: Image.Image, format_name: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, format_name, **options)
    return target.getvalue()


def _turned(picture: Image.Image) -> bytes:
    """As phones store what was taken upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return _encoded(picture.rotate(90, expand=True), "JPEG", exif=exif)
