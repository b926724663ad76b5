"""Parameters and answers of /v1/datasets/{id}/contents/file/…"""

from __future__ import annotations

from typing import Any

from ninja import Field

from contents.api.contents_schemas import Answered, Which
from contents.filmstrips.files import STILLS

_TEXT = r"^[^\x00]*$"


class WhichFile(Which):
    file_name: str = Field(alias="fileName", min_length=1, max_length=2048, pattern=_TEXT)


class WhichStill(WhichFile):
    number: int = Field(0, ge=0, lt=STILLS, description="of the stills, in the order of time")


class FaultData(Answered):
    rule: str = Field(description="as docs/annotations.md lists them")
    severity: str = Field(description="error, warning or hint")
    path: str
    pointer: str = Field(description="JSON pointer to the place in the file")
    line: int
    column: int
    found: str
    expected: str
    fix: str


class ObjectData(Answered):
    """What one entry of a file of predictions says. Coordinates: pixels of the upright picture."""

    category_id: int | None = Field(None, alias="categoryId")
    category: str = Field("", description="its name; empty if the schema has none of this id")
    score: float | None = None
    probabilities: list[tuple[str, float]] = Field([], description="the highest, with the names of their categories")
    box: list[float] | None = Field(None, description="x, y, width, height")
    outline: str | None = Field(None, description="of the mask, as the attribute d of an SVG path")
    points: list[tuple[float, float, str, float]] = Field([], description="x, y, name, confidence; those found")
    too_detailed: bool = Field(False, alias="tooDetailed", description="the mask has more corners than are answered")


class TaskData(Answered):
    name: str
    type: str = Field(description="object-detection, classification …; empty if the schema does not say it")
    file: str = Field(description="in the Lightly datasource")
    is_missing: bool = Field(alias="isMissing", description="there is no such file")
    count: int = Field(description="of the entries in the file")
    objects: list[ObjectData] = Field(description="those with the highest scores, at most 500")
    findings: list[FaultData]


class ValueData(Answered):
    path: str
    value: str


class MetadataData(Answered):
    file: str
    is_missing: bool = Field(alias="isMissing")
    values: list[ValueData]
    findings: list[FaultData]


class FileAnnotationsData(Answered):
    width: int = Field(description="of the upright picture; 0 if its header can't be read, and of a video")
    height: int
    orientation: int = Field(description="of EXIF, 1 to 8")
    tasks: list[TaskData]
    findings: list[FaultData] = Field(description="about tasks.json")
    metadata: MetadataData


class VideoData(Answered):
    format: str
    codec: str
    pixel_format: str = Field(alias="pixelFormat")
    width: int
    height: int
    seconds: float
    rate: float = Field(description="frames a second")
    frames: int
    rotation: int = Field(description="in degrees")
    unplayable: str = Field(description="why browsers don't play it; empty: they do")
    is_slow_to_start: bool = Field(alias="isSlowToStart", description="its index is at the end of the file")
    stills: list[float] = Field(description="seconds from the start of each still that …/file/still gives")
    broken: str = Field(description="why there are no more stills; empty: there are")


def annotations_data(told: dict[str, Any]) -> dict[str, Any]:
    """`told` is what contents.overlays.making keeps."""
    meta = told["metadata"]
    return {
        **{key: told[key] for key in ("width", "height", "orientation", "findings")},
        "tasks": [_task(task) for task in told["tasks"]],
        "metadata": {**{key: meta[key] for key in ("file", "values", "findings")}, "isMissing": meta["missing"]},
    }


def _task(task: dict[str, Any]) -> dict[str, Any]:
    classes = task.get("classes", [])
    return {
        **{key: task[key] for key in ("name", "type", "file", "findings")},
        "isMissing": task["missing"],
        "count": task.get("count", 0),
        "objects": [_object(each, classes) for each in task.get("objects", [])],
    }


def _object(found: dict[str, Any], classes: list[dict[str, Any]]) -> dict[str, Any]:
    own = classes[found["class"]] if found["class"] is not None else None
    return {
        "categoryId": own["id"] if own else None,
        "category": own["name"] if own else "",
        "score": found["score"],
        "tooDetailed": found.get("too_detailed", False),
        **{key: found[key] for key in ("probabilities", "box", "outline", "points") if key in found},
    }


def video_data(told: dict[str, Any], broken: str) -> dict[str, Any]:
    """`told` is what contents.filmstrips.making keeps; where the storage is, is of no use to scripts."""
    kept = ("format", "codec", "width", "height", "seconds", "rate", "frames", "rotation", "unplayable", "stills")
    more = {"pixelFormat": told["pixels"], "isSlowToStart": told["is_slow"], "broken": broken}
    return {key: told[key] for key in kept} | more
