"""A small datasource with predictions of every type and metadata, all of it right, to be spoiled by tests."""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contents.annotations.checking import Check
from contents.annotations.concluding import check_everything
from contents.annotations.report import Report
from contents.annotations.sizes import Size
from contents.annotations.sources import SourceError

P = ".lightly/predictions/"
M = ".lightly/metadata/"
WIDTH, HEIGHT = 100, 50
IMAGES = ("street/1.png", "street/2.png")


def png(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """The beginning of a PNG file, as far as its size stands in it."""
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + zlib.crc32(header).to_bytes(4, "big")


class Files:
    """A source in memory."""

    def __init__(self, files: dict[str, bytes], frames: dict[str, int] | None = None) -> None:
        self.files = files
        self.counted = frames or {}

    def names(self, prefix: str = "") -> Iterator[str]:
        return (name for name in self.files if name.startswith(prefix))

    def folders(self, prefix: str = "") -> list[str]:
        inner = {name.removeprefix(prefix) for name in self.names(prefix)}
        return sorted({name.split("/")[0] for name in inner if "/" in name})

    def read(self, name: str, limit: int) -> bytes:
        if name not in self.files:
            raise SourceError("There is no such file.")
        return self.files[name][:limit]

    def contents(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | SourceError]]:
        for name in names:
            try:
                yield name, self.read(name, limit)
            except SourceError as error:
                yield name, error

    def having(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if name in self.files}

    def named(self, stems: Sequence[str], extensions: frozenset[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in sorted(self.files):
            stem, _dot, extension = name.rpartition(".")
            if stem in stems and extension.lower() in extensions:
                found.setdefault(stem, []).append(name)
        return found

    def size(self, name: str) -> Size | None:
        data = self.files[name]
        if not data.startswith(b"\x89PNG"):
            return None
        return Size(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))

    def frames(self, name: str) -> int | None:
        return self.counted.get(name)


@dataclass
class Tree:
    """`files` are those of the Lightly datasource: bytes, or what is written as JSON. `samples` are those of Input."""

    files: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, bytes] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Tree:
        return copy.deepcopy(self)

    def bytes(self, path: str) -> bytes:
        content = self.files[path]
        return content if isinstance(content, bytes) else json.dumps(content, indent=1).encode()

    def entry(self, task: str, number: int = 1) -> dict[str, Any]:
        """The first prediction of a task for image `number`."""
        entry: dict[str, Any] = self.files[f"{P}{task}/street/{number}.json"]["predictions"][0]
        return entry

    def rename(self, old: str, new: str) -> None:
        """A file, or all files in a folder."""
        for files in (self.files, self.samples):
            for path in [path for path in files if path.startswith(old)]:
                files[new + path.removeprefix(old)] = files.pop(path)

    def lightly(self) -> Files:
        return Files({path: self.bytes(path) for path in self.files})

    def input(self) -> Files:
        return Files(dict(self.samples), dict(self.frames))

    def report(self, *, sample: int | None = None, with_samples: bool = True) -> Report:
        return check_everything(Check(self.lightly(), self.input() if with_samples else None), sample=sample)


BOX = [10, 5, 20, 10]
CATEGORIES = [{"id": 0, "name": "dog"}, {"id": 2, "name": "cat"}]
PROBABILITIES = {0: [0.75, 0.25], 2: [0.125, 0.875]}
# Of the box, row by row.
BOX_RUNS = [510, *[20, 80] * 9, 20, 5000 - 510 - 20 * 10 - 80 * 9]
SHAPES: dict[str, dict[str, Any]] = {
    "labels": {},
    "boxes": {"bbox": BOX},
    "masks": {"segmentation": [0, 100, 4900]},
    "objects": {"bbox": BOX, "segmentation": BOX_RUNS},
    "points": {"keypoints": [10, 5, 1, 30.5, 15, 0]},
}
TYPES = {
    "labels": "classification",
    "boxes": "object-detection",
    "masks": "semantic-segmentation",
    "objects": "instance-segmentation",
    "points": "keypoint-detection",
}
METADATA_SCHEMA = [
    {"name": name, "path": path, "defaultValue": default, "valueDataType": kind}
    for name, path, default, kind in (
        ("Weather", "scene.weather", "unknown", "CATEGORICAL_STRING"),
        ("Speed", "speed", 0.0, "NUMERIC_FLOAT"),
        ("Cars", "cars", 0, "NUMERICAL_INT"),
        ("Night", "night", None, "CATEGORICAL_BOOLEAN"),
        ("Lane", "lanes[1]", 0, "CATEGORICAL_INT"),
        ("Taken", "taken", None, "CATEGORICAL_DATETIME"),
        ("Seen", "seen", 0, "CATEGORICAL_TIMESTAMP"),
        ("Note", "note", "", "OTHER_STRING"),
    )
]
METADATA = {
    "scene": {"weather": "rain"},
    "speed": 13.5,
    "cars": 3,
    "night": False,
    "lanes": [7, 2],
    "taken": "2026-11-28T13:35:00.000Z",
    "seen": 1_795_872_900,
    "note": "as planned",
}


def good() -> Tree:
    tree = Tree(samples=dict.fromkeys(IMAGES, png()))
    tree.files[f"{P}tasks.json"] = list(TYPES)
    for task, kind in TYPES.items():
        categories = copy.deepcopy(CATEGORIES)
        if task == "points":
            for category in categories:
                category |= {"keypoint_names": ["nose", "tail"], "keypoint_skeleton": [[0, 1]]}
        tree.files[f"{P}{task}/schema.json"] = {"task_type": kind, "categories": categories}
        for number, category_id in ((1, 0), (2, 2)):
            entry = {"category_id": category_id, "probabilities": list(PROBABILITIES[category_id])}
            if task != "labels":
                entry["score"] = 0.5
            tree.files[f"{P}{task}/street/{number}.json"] = {
                "file_name": f"street/{number}.png",
                "predictions": [entry | copy.deepcopy(SHAPES[task])],
            }
    tree.files[f"{M}schema.json"] = copy.deepcopy(METADATA_SCHEMA)
    for number in (1, 2):
        tree.files[f"{M}street/{number}.json"] = {
            "file_name": f"street/{number}.png",
            "type": "image",
            "metadata": copy.deepcopy(METADATA),
        }
    return tree
