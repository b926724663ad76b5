"""Figures of a check. Each can be added to another one of its kind, in any order, with the same result."""

import hashlib
import heapq
import math
import sys
from dataclasses import dataclass, field
from typing import Any, Self

# Of the values of a categorical path this many are counted one by one.
MOST_COUNTED = 1000
SCORE_BINS = 20
MOST_BINS = 64
# No bin is narrower than 2 ** FINEST.
FINEST = -30


@dataclass(slots=True)
class ScoreHistogram:
    """Counts of scores from 0 to 1 in bins of the same width. 1 belongs to the last bin."""

    bins: list[int] = field(default_factory=lambda: [0] * SCORE_BINS)

    def add(self, score: float) -> None:
        self.bins[min(SCORE_BINS - 1, int(score * SCORE_BINS))] += 1

    def merge(self, other: Self) -> None:
        self.bins = [one + another for one, another in zip(self.bins, other.bins, strict=True)]

    @property
    def total(self) -> int:
        return sum(self.bins)


@dataclass(slots=True)
class NumberHistogram:
    """Counts of numbers whose range nobody knows beforehand.

    Bins are 2 ** `level` wide and begin at multiples of that. The level is the lowest with at most MOST_BINS bins from
    the least to the greatest number. So it follows from these two alone, whatever comes first, and two histograms of
    different levels can be added exactly.
    """

    count: int = 0
    least: float = math.inf
    greatest: float = -math.inf
    level: int = FINEST
    bins: dict[int, int] = field(default_factory=dict)

    def add(self, number: float) -> None:
        """`number` is finite."""
        self.count += 1
        self._widen(number, number)
        at = _bin(number, self.level)
        self.bins[at] = self.bins.get(at, 0) + 1

    def merge(self, other: Self) -> None:
        if not other.count:
            return
        self.count += other.count
        self._widen(other.least, other.greatest)
        for at, count in other.bins.items():
            place = at >> (self.level - other.level)
            self.bins[place] = self.bins.get(place, 0) + count

    def _widen(self, least: float, greatest: float) -> None:
        if self.least <= least and greatest <= self.greatest:
            return
        self.least, self.greatest = min(self.least, least), max(self.greatest, greatest)
        level = _level(self.least, self.greatest)
        if level > self.level:
            wider: dict[int, int] = {}
            for at, count in self.bins.items():
                place = at >> (level - self.level)
                wider[place] = wider.get(place, 0) + count
            self.bins, self.level = wider, level

    def rows(self) -> list[tuple[float, float, int]]:
        """From, to (not included) and count of each bin that is not empty, in order."""
        return [(_edge(at, self.level), _edge(at + 1, self.level), count) for at, count in sorted(self.bins.items())]


def _level(least: float, greatest: float) -> int:
    largest = max(abs(least), abs(greatest))
    level = max(FINEST, math.frexp(largest)[1] - 60)
    while _bin(greatest, level) - _bin(least, level) >= MOST_BINS:
        level += 1
    return level


def _bin(number: float, level: int) -> int:
    scaled = math.ldexp(number, -level)
    # A number may be so small beside the bins that nothing is left of it but its sign.
    return -1 if scaled == 0 and number < 0 else math.floor(scaled)


def _edge(at: int, level: int) -> float:
    try:
        return math.ldexp(at, level)
    except OverflowError:
        return math.copysign(sys.float_info.max, at)


@dataclass(slots=True)
class Categories:
    """Counts of texts, however many different ones there are.

    If there are more than MOST_COUNTED, those with the lowest hashes are counted on, and all the others together. A
    text that was dropped never comes back, because the limit only falls: so each count is exact, and the same in
    whatever order texts come.
    """

    counts: dict[str, int] = field(default_factory=dict)
    others: int = 0

    def add(self, text: str, count: int = 1) -> None:
        self.counts[text] = self.counts.get(text, 0) + count
        if len(self.counts) >= 2 * MOST_COUNTED:
            self.settle()

    def merge(self, other: Self) -> None:
        self.others += other.others
        for text, count in other.counts.items():
            self.counts[text] = self.counts.get(text, 0) + count
        self.settle()

    def settle(self) -> None:
        """Drop what is beyond the limit."""
        if len(self.counts) > MOST_COUNTED:
            kept = set(heapq.nsmallest(MOST_COUNTED, self.counts, key=_hash))
            self.others += sum(count for text, count in self.counts.items() if text not in kept)
            self.counts = {text: self.counts[text] for text in kept}

    @property
    def different(self) -> int:
        """How many different texts there are, at least."""
        return len(self.counts) + bool(self.others)

    def top(self, most: int) -> list[tuple[str, int]]:
        """Those with the highest counts."""
        return heapq.nsmallest(most, self.counts.items(), key=lambda item: (-item[1], item[0]))


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


@dataclass(slots=True)
class TaskSummary:
    """One task of the predictions. `objects` are entries of `predictions`; `samples` are images or frames."""

    type: str = ""
    categories: dict[int, str] = field(default_factory=dict)
    files: int = 0  # by name
    read: int = 0
    with_errors: int = 0
    empty: int = 0  # files that were read and have no objects
    objects: int = 0
    with_probabilities: int = 0
    samples: int = 0
    samples_without_file: int = 0
    files_without_sample: int = 0
    per_category: dict[int, int] = field(default_factory=dict)
    scores: ScoreHistogram = field(default_factory=ScoreHistogram)

    def merge(self, other: Self) -> None:
        self.type = self.type or other.type
        self.categories = self.categories or other.categories
        add_numbers(self, other)
        for category, count in other.per_category.items():
            self.per_category[category] = self.per_category.get(category, 0) + count
        self.scores.merge(other.scores)


@dataclass(slots=True)
class PathSummary:
    """One path of the metadata's schema. `numbers` or `categories` hold the values, by its type."""

    name: str = ""
    type: str = ""
    default: str = ""  # as a person writes it
    present: int = 0
    missing: int = 0  # in files that were read: the default value applies
    wrong: int = 0
    numbers: NumberHistogram = field(default_factory=NumberHistogram)
    categories: Categories = field(default_factory=Categories)

    def merge(self, other: Self) -> None:
        self.name, self.type = self.name or other.name, self.type or other.type
        self.default = self.default or other.default
        add_numbers(self, other)
        self.numbers.merge(other.numbers)
        self.categories.merge(other.categories)


@dataclass(slots=True)
class MetadataSummary:
    files: int = 0  # by name
    read: int = 0
    with_errors: int = 0
    samples: int = 0
    samples_without_file: int = 0  # the default values apply
    files_without_sample: int = 0
    paths: dict[str, PathSummary] = field(default_factory=dict)
    unused: Categories = field(default_factory=Categories)  # paths in files that the schema does not name

    def merge(self, other: Self) -> None:
        add_numbers(self, other)
        for path, summary in other.paths.items():
            self.paths.setdefault(path, PathSummary()).merge(summary)
        self.unused.merge(other.unused)


def add_numbers(one: Any, other: Any) -> None:
    """Add all fields that are plain counts."""
    for name, value in as_counts(other).items():
        setattr(one, name, getattr(one, name) + value)


def as_counts(summary: Any) -> dict[str, int]:
    return {name: value for name in summary.__slots__ if type(value := getattr(summary, name)) is int}
