"""Checks one file with predictions: its name, and what stands in it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from contents.annotations.findings import Notes, shown
from contents.annotations.names import (
    FRAME_EXTENSION,
    Owner,
    frame_of,
    is_image,
    nearest,
    stem,
    videos_of,
    wrong_number,
)
from contents.annotations.predictions import rules
from contents.annotations.predictions.objects import Objects
from contents.annotations.predictions.schema import TaskSchema
from contents.annotations.sizes import Size
from contents.annotations.sources import Samples
from contents.annotations.summaries import TaskSummary
from contents.listing.folder import IMAGES

_KEYS = frozenset({"file_name", "predictions"})


@dataclass
class PredictionFile:
    """`stem` is the path relative to the task's folder, without .json. `owner` is None if nobody knows the samples."""

    stem: str
    schema: TaskSchema
    notes: Notes
    samples: Samples | None = None
    owner: Owner | None = None
    summary: TaskSummary = field(default_factory=TaskSummary)

    def check_name(self) -> None:
        """What its name alone tells."""
        if self.samples is None or self.owner is None:
            return
        if self.owner.frame:
            if wrong := wrong_number(self.samples, self.owner.frame):
                self.notes.add(rules.FRAME_NUMBER, found=self.owner.frame.number, expected=wrong)
        elif not self.owner:
            self.summary.files_without_sample += 1
            frame = frame_of(self.stem)
            if frame and frame.extension.lower() in IMAGES and (videos := videos_of(self.samples, frame)):
                extension = videos[0].rpartition(".")[2]
                expected = f"{frame.stem}-{frame.number}-{extension}.json"
                self.notes.add(rules.FRAME_EXTENSION, found=f"{self.stem}.json", expected=expected)
            else:
                self.notes.add(rules.NO_SAMPLE, found=f"{self.stem}.json")

    def check_content(self, value: Any) -> None:
        """`value` is the document of the file."""
        if not isinstance(value, dict):
            self.notes.add(rules.NO_OBJECT, found=shown(value), expected="an object")
            return
        for key in sorted(value.keys() - _KEYS):
            meant = nearest(key, sorted(_KEYS - value.keys()))
            fix = f"Is {shown(meant)} meant?" if meant else ""
            self.notes.add(rules.FILE_KEY, key, found=shown(key), fix=fix, at_key=True)
        if "file_name" in value:
            self._check_file_name(value["file_name"])
        entries = value.get("predictions")
        if not isinstance(entries, list):
            steps = ["predictions"] if "predictions" in value else []
            found = shown(entries) if "predictions" in value else "nothing"
            self.notes.add(rules.NO_LIST, *steps, found=found, expected="a list")
            return
        if not entries:
            self.summary.empty += 1
        Objects(self.schema, self.summary, self.notes, lambda: self._size).check(entries)

    def categories(self, value: Any) -> list[int]:
        """Those of the schema that are predicted in this document, each once."""
        entries = value.get("predictions") if isinstance(value, dict) else None
        entries = entries if isinstance(entries, list) else []
        found = [entry.get("category_id") for entry in entries if isinstance(entry, dict)]
        known = [category for category in found if type(category) is int and category in self.schema.categories]
        return list(dict.fromkeys(known))

    def _check_file_name(self, given: Any) -> None:
        right = list(self.owner.names) if self.owner else []
        if not isinstance(given, str):
            correct = False
        elif right:
            correct = given in right
        else:
            correct = stem(given) == self.stem and is_image(given)
        if not correct:
            extension = FRAME_EXTENSION if self.owner and self.owner.frame else "jpg"
            expected = right[0] if right else f"{self.stem}.{extension}"
            self.notes.add(rules.FILE_NAME, "file_name", found=shown(given), expected=shown(expected))

    @cached_property
    def _size(self) -> Size | None:
        if self.samples is None or not self.owner or not self.owner.names:
            return None
        return self.samples.size(self.owner.names[0])
