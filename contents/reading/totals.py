"""Counts of what was found inside the files that were opened, kept up to date file by file, so that no page counts.

Pure. Of sizes in pixels, codecs and rates there may be any number: only so many are kept apart, and the rest is in the
totals of `others`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from contents.index.totals import OTHERS, Pair, Table
from contents.models import FileKind, InsideProblem, ReadState

# The upper ends of classes, the last of which has none: of sides in pixels, and of durations in seconds.
SIDE_ENDS = (64, 128, 256, 512, 1024, 1920, 3840, 7680)
SECONDS_ENDS = (1, 10, 60, 600, 3600)
MOST_LABELS = 300
IMAGE, VIDEO = int(FileKind.IMAGE), int(FileKind.VIDEO)
FIRST_PROBLEM = 200
"""The number of a problem less this is its bit."""
_PROBLEMS = [(problem.value, 1 << (problem.value - FIRST_PROBLEM)) for problem in InsideProblem]
_OPENED = frozenset({int(ReadState.READ), int(ReadState.HEADER)})


class FactsRow(NamedTuple):
    """A file as it is stored, in the order of the columns but for the reading. See contents.models.FileFacts."""

    key: str
    size: int
    modified: int
    version: str
    kind: int
    state: int
    format: str = ""
    codec: str = ""
    pixels: str = ""
    width: int = 0
    height: int = 0
    bits: int = 0
    orientation: int = 0
    rotation: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    frames: int = 0
    problems: int = 0


@dataclass
class ReadTotals:
    """Files and bytes by what they are. `kinds` and everything below it are of files that could be opened."""

    states: Table = field(default_factory=dict)
    kinds: Table = field(default_factory=dict)
    problems: Table = field(default_factory=dict)
    formats: Table = field(default_factory=dict)
    resolutions: Table = field(default_factory=dict)
    widths: Table = field(default_factory=dict)
    heights: Table = field(default_factory=dict)
    pixels: Table = field(default_factory=dict)
    codecs: Table = field(default_factory=dict)
    durations: Table = field(default_factory=dict)
    rates: Table = field(default_factory=dict)
    seconds: float = 0.0
    frames: int = 0

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        return dict(vars(self))

    @property
    def opened(self) -> int:
        """How many files could be opened."""
        return sum(pair[0] for pair in self.kinds.values())

    def add(self, rows: Iterable[FactsRow]) -> None:
        for row in rows:
            self._count(row, 1)

    def take_away(self, rows: Iterable[FactsRow]) -> None:
        """Of files that were added before."""
        for row in rows:
            self._count(row, -1)

    def _count(self, row: FactsRow, sign: int) -> None:
        files, size = sign, sign * row.size
        _add(self.states, str(row.state), files, size)
        if row.state not in _OPENED:
            return
        _add(self.kinds, str(row.kind), files, size)
        for problem, bit in _PROBLEMS:
            if row.problems & bit:
                _add(self.problems, str(problem), files, size)
        if row.format:
            _add(self.formats, row.format, files, size)
        if row.width and row.height:
            _add(self.resolutions, f"{row.width} x {row.height}", files, size)
            _add(self.widths, class_of(row.width, SIDE_ENDS), files, size)
            _add(self.heights, class_of(row.height, SIDE_ENDS), files, size)
        if row.kind == IMAGE:
            if row.pixels:
                _add(self.pixels, row.pixels, files, size)
        elif row.codec:
            _add(self.codecs, row.codec, files, size)
            _add(self.durations, class_of(row.seconds, SECONDS_ENDS), files, size)
            _add(self.rates, f"{row.rate:.2f}".rstrip("0").rstrip("."), files, size)
            self.seconds = max(0.0, round(self.seconds + sign * row.seconds, 3))
            self.frames += sign * row.frames


def class_of(value: float, ends: tuple[int, ...]) -> str:
    """The number of the class: of a value that is the end of one, the next."""
    return str(sum(1 for end in ends if value >= end))


def _add(table: Table, label: str, files: int, size: int) -> None:
    """Labels with nothing left are forgotten; new ones of a full table count to the others, and so go from there."""
    if label not in table and (files < 0 or len(table) >= MOST_LABELS):
        label = OTHERS
    pair: Pair = table.setdefault(label, [0, 0])
    pair[0] += files
    pair[1] += size
    if not pair[0]:
        del table[label]
