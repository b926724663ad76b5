"""Counts and bytes of an index, added up while it is built, so that no page has to count. Pure.

Of folders, extensions, months and storage classes there may be any number. Only so many are kept apart; what remains
is in the totals of `others`, and so every sum is whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from contents.index.rules import OTHER, PREDICTION, FileRow
from contents.listing.folder import LIGHTLY_FOLDER
from contents.models import Change, Problem

Pair = list[int]
"""Files and bytes."""
Table = dict[str, Pair]

# The upper ends of the size classes, in bytes; the last one has none.
SIZE_ENDS = (1, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
MOST_FOLDERS = 200
MOST_EXTENSIONS = 300
MOST_MONTHS = 1200
MOST_CLASSES = 20
OTHERS = ""
"""The row of a table with all that is not kept apart. For extensions, `NONE` are the files without one."""
NONE = "-"
_ROOT = "/"
_PROBLEMS = [(problem.value, 1 << problem.value) for problem in Problem]


@dataclass
class Totals:
    files: int = 0
    bytes: int = 0
    kinds: Table = field(default_factory=dict)
    readable: Table = field(default_factory=dict)  # images and videos by kind, but for empty and archived ones
    extensions: Table = field(default_factory=dict)
    unsupported: Table = field(default_factory=dict)
    folders: Table = field(default_factory=dict)
    sizes: Table = field(default_factory=dict)
    months: Table = field(default_factory=dict)
    classes: Table = field(default_factory=dict)
    problems: Table = field(default_factory=dict)
    changes: Table = field(default_factory=dict)
    deepest: int = 0
    oldest: int | None = None
    newest: int | None = None
    unprocessed: int = 0  # media that came after `processed_until`

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        return dict(vars(self))

    def add(self, rows: Iterable[FileRow], *, processed_until: int) -> None:
        months: dict[int, str] = {}
        for row in rows:
            size, key, modified = row.size, row.key, row.modified
            self.files += 1
            self.bytes += size
            _count(self.kinds, str(row.kind), size)
            _count(self.extensions, row.extension or NONE, size, MOST_EXTENSIONS)
            _count(self.folders, folder_of(key), size)
            _count(self.sizes, size_class(size), size)
            day = modified // 86_400
            month = months.get(day)
            if month is None:
                month = months[day] = month_of(modified)
            _count(self.months, month, size, MOST_MONTHS)
            if row.storage_class:
                _count(self.classes, row.storage_class, size, MOST_CLASSES)
            if row.change:
                _count(self.changes, str(row.change), size)
            if row.problems:
                self._add_problems(row)
            if row.kind < PREDICTION:
                if modified > processed_until:
                    self.unprocessed += 1
                if size and not row.archived:
                    _count(self.readable, str(row.kind), size)
            self.deepest = max(self.deepest, key.count("/"))
            if self.oldest is None or modified < self.oldest:
                self.oldest = modified
            if self.newest is None or modified > self.newest:
                self.newest = modified
        self.folders = largest(self.folders, MOST_FOLDERS)

    def _add_problems(self, row: FileRow) -> None:
        for problem, bit in _PROBLEMS:
            if row.problems & bit:
                _count(self.problems, str(problem), row.size)
        if row.kind == OTHER and row.problems & 1 << Problem.UNSUPPORTED:
            _count(self.unsupported, row.extension, row.size, MOST_EXTENSIONS)

    def merge(self, other: Totals) -> None:
        """Add those of another part of the same index."""
        self.files += other.files
        self.bytes += other.bytes
        self.unprocessed += other.unprocessed
        self.deepest = max(self.deepest, other.deepest)
        self.oldest = min((at for at in (self.oldest, other.oldest) if at is not None), default=None)
        self.newest = max((at for at in (self.newest, other.newest) if at is not None), default=None)
        for name, most in _TABLES.items():
            table: Table = getattr(self, name)
            for label, (files, size) in getattr(other, name).items():
                pair = table.setdefault(label, [0, 0])
                pair[0] += files
                pair[1] += size
            setattr(self, name, largest(table, most))

    def changed(self, change: Change) -> Pair:
        return self.changes.get(str(change.value), [0, 0])


_TABLES = {
    "kinds": 100,
    "readable": 100,
    "extensions": MOST_EXTENSIONS,
    "unsupported": MOST_EXTENSIONS,
    "folders": MOST_FOLDERS,
    "sizes": 100,
    "months": MOST_MONTHS,
    "classes": MOST_CLASSES,
    "problems": 1000,
    "changes": 100,
}


def folder_of(key: str) -> str:
    """The top folder, with its slash; in Lightly's own folder also the next one. `/` for files at the root."""
    start = len(LIGHTLY_FOLDER) if key.startswith(LIGHTLY_FOLDER) else 0
    end = key.find("/", start)
    if end < 0:
        return key[:start] or _ROOT
    return key[: min(end + 1, 300)]


def size_class(size: int) -> str:
    """The number of the class, see SIZE_ENDS."""
    for number, end in enumerate(SIZE_ENDS):
        if size < end:
            return str(number)
    return str(len(SIZE_ENDS))


def month_of(seconds: int) -> str:
    """As in 2026-11. What is before 1970 or after 9999 is counted to the nearest of these."""
    return time.strftime("%Y-%m", time.gmtime(min(max(seconds, 0), 253_402_300_799)))


def largest(table: Table, most: int) -> Table:
    """The rows with the most files, and one more with all others."""
    if len(table) <= most + 1:
        return table
    others = list(table.pop(OTHERS, [0, 0]))
    ranked = sorted(table.items(), key=lambda row: (-row[1][0], row[0]))
    for _, (files, size) in ranked[most:]:
        others[0] += files
        others[1] += size
    return dict(ranked[:most]) | {OTHERS: others}


def _count(table: Table, label: str, size: int, most: int = 0) -> None:
    """One more file. With `most`, a new label of a full table counts to the others."""
    pair = table.get(label)
    if pair is None:
        if most and len(table) >= most:
            label = OTHERS
        pair = table.setdefault(label, [0, 0])
    pair[0] += 1
    pair[1] += size
