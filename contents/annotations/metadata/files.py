"""Checks one file with metadata, and counts its values."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contents.annotations.findings import Notes, Steps, printable, shown
from contents.annotations.metadata import rules
from contents.annotations.metadata.schema import ValueType, Wanted
from contents.annotations.metadata.values import misfit
from contents.annotations.names import FRAME_EXTENSION, Owner, is_image, stem, wrong_number
from contents.annotations.predictions.rules import FRAME_NUMBER
from contents.annotations.sources import Samples
from contents.annotations.summaries import MetadataSummary, PathSummary
from contents.listing.folder import IMAGES, VIDEOS

_KINDS = ("image", "video", "frame")
_MOST_PATH = 200  # characters
_MOST_DEEP = 10
_MISSING = object()
# Types whose values are counted one by one.
_COUNTED = frozenset(ValueType) - {
    *(ValueType.NUMERIC_INT, ValueType.NUMERIC_FLOAT, ValueType.CATEGORICAL_TIMESTAMP, ValueType.OTHER_STRING)
}


@dataclass
class MetadataFile:
    """`stem` is the path relative to the metadata's folder, without .json.

    `owner` is None if nobody knows the samples.
    """

    stem: str
    wanted: list[Wanted]
    notes: Notes
    samples: Samples | None = None
    owner: Owner | None = None
    summary: MetadataSummary = field(default_factory=MetadataSummary)

    def check_name(self) -> None:
        """What its name alone tells."""
        if self.samples is None or self.owner is None:
            return
        if not self.owner:
            self.summary.files_without_sample += 1
            self.notes.add(rules.NO_SAMPLE, found=f"{self.stem}.json")
        elif self.owner.frame and (wrong := wrong_number(self.samples, self.owner.frame)):
            self.notes.add(FRAME_NUMBER, found=self.owner.frame.number, expected=wrong)

    def check_content(self, value: Any) -> None:
        """`value` is the document of the file."""
        if not isinstance(value, dict):
            self.notes.add(rules.NO_OBJECT, found=shown(value), expected="an object")
            return
        if "file_name" in value:
            self._check_file_name(value["file_name"])
        self._check_kind(value)
        metadata = value.get("metadata", _MISSING)
        if not isinstance(metadata, dict):
            nothing = metadata is _MISSING
            steps = [] if nothing else ["metadata"]
            found = "nothing" if nothing else shown(metadata)
            self.notes.add(rules.NO_METADATA, *steps, found=found, expected="an object")
            return
        for wanted in self.wanted:
            self._check_value(metadata, wanted)
        self._count_unused(metadata)

    def categorical(self, value: Any) -> Iterator[tuple[str, str]]:
        """Path and value of what is counted by categories, in this document."""
        metadata = value.get("metadata") if isinstance(value, dict) else None
        for wanted in self.wanted if isinstance(metadata, dict) else []:
            found = _at(metadata, wanted.steps)
            if found is _MISSING or found is None or wanted.type not in _COUNTED:
                continue
            if not misfit(found, wanted.type):
                yield wanted.path, _category(found)

    def _check_file_name(self, given: Any) -> None:
        right = list(self.owner.names) if self.owner else []
        if not isinstance(given, str):
            correct = False
        elif right:
            correct = given in right
        else:
            correct = stem(given) == self.stem and given.rpartition(".")[2].lower() in IMAGES | VIDEOS
        if not correct:
            extension = FRAME_EXTENSION if self.owner and self.owner.frame else "jpg"
            expected = right[0] if right else f"{self.stem}.{extension}"
            self.notes.add(rules.FILE_NAME, "file_name", found=shown(given), expected=shown(expected))

    def _check_kind(self, value: dict[str, Any]) -> None:
        kind = value.get("type", _MISSING)
        if kind not in _KINDS:
            steps = [] if kind is _MISSING else ["type"]
            found = "nothing" if kind is _MISSING else shown(kind)
            self.notes.add(rules.KIND, *steps, found=found, expected=" or ".join(_KINDS))
        elif self.owner:
            right = "frame" if self.owner.frame else "image" if is_image(self.owner.names[0]) else "video"
            if kind != right:
                self.notes.add(rules.KIND_WRONG, "type", found=shown(kind), expected=shown(right))

    def _check_value(self, metadata: dict[str, Any], wanted: Wanted) -> None:
        summary = path_summary(self.summary, wanted)
        value = _at(metadata, wanted.steps)
        if value is _MISSING or value is None:
            summary.missing += 1
            return
        wrong = misfit(value, wanted.type)
        if wrong:
            summary.wrong += 1
            self.notes.add(
                wrong.rule, "metadata", *wanted.steps, found=shown(value), expected=wrong.expected, fix=wrong.fix
            )
            return
        summary.present += 1
        if wanted.type.is_numeric or wanted.type is ValueType.CATEGORICAL_TIMESTAMP:
            summary.numbers.add(value)
        elif wanted.type is not ValueType.OTHER_STRING:
            summary.categories.add(_category(value))

    def _count_unused(self, metadata: dict[str, Any]) -> None:
        """Values of the file that lie on no path of the schema. Lists count as a whole."""
        used = {wanted.steps for wanted in self.wanted}
        on_the_way = {steps[:length] for steps in used for length in range(1, len(steps))}
        stack: list[tuple[Steps, Any]] = [((), metadata)]
        while stack:
            steps, value = stack.pop()
            if isinstance(value, dict) and value and len(steps) < _MOST_DEEP and steps not in used:
                stack.extend(((*steps, key), each) for key, each in value.items())
            elif steps and steps not in used and steps not in on_the_way:
                self.summary.unused.add(printable(".".join(map(str, steps)))[:_MOST_PATH])


def _category(value: Any) -> str:
    """As it is counted."""
    return shown(value) if isinstance(value, bool) else printable(str(value))[:_MOST_PATH]


def path_summary(summary: MetadataSummary, wanted: Wanted) -> PathSummary:
    found = summary.paths.get(wanted.path)
    if found is None:
        found = PathSummary(name=wanted.name, type=wanted.type, default=shown(wanted.default))
        summary.paths[wanted.path] = found
    return found


def _at(value: Any, steps: Steps) -> Any:
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return _MISSING
        elif not isinstance(value, dict) or step not in value:
            return _MISSING
        value = value[step]
    return value
