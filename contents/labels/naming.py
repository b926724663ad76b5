"""Labels of images: a category of a task, or a value of the metadata. Without Django."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from contents.annotations.findings import printable, shortened
from contents.annotations.metadata.files import MetadataFile
from contents.annotations.predictions.files import PredictionFile

# Of one file; those in it beyond are not kept.
MOST_PER_FILE = 200


def label_of(*parts: str | int) -> int:
    """A number of 63 bits, never 0: the same parts give the same one, and different ones do not in practice."""
    digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1 or 1


def of_category(task: str, category: int) -> int:
    return label_of("task", task, category)


def of_value(path: str, value: str) -> int:
    """Path and value as reports show them."""
    return label_of("metadata", shortened(printable(path)), shortened(printable(value)))


class Labelled(NamedTuple):
    label: int
    key: str


class Collected:
    """What is found while files of annotations are checked; see `seen` of contents.annotations.checking.Check."""

    def __init__(self) -> None:
        self.rows: set[Labelled] = set()

    def note(self, check: PredictionFile | MetadataFile, value: Any) -> None:
        """`value` is the document of the file."""
        key = _key(check)
        if not key:
            return
        for number, label in enumerate(_labels(check, value)):
            if number >= MOST_PER_FILE:
                return
            self.rows.add(Labelled(label, key))


def _key(check: PredictionFile | MetadataFile) -> str:
    """Of the image or video that the file belongs to. A frame counts for its video."""
    if not check.owner:
        return ""
    return check.owner.frame.video if check.owner.frame else check.owner.names[0]


def _labels(check: PredictionFile | MetadataFile, value: Any) -> Iterator[int]:
    if isinstance(check, PredictionFile):
        yield from (of_category(check.schema.name, category) for category in check.categories(value))
    else:
        yield from (of_value(path, text) for path, text in check.categorical(value))
