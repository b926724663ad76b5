"""The problems of an index and of what is inside its files, as pages, exports and the REST API show them.

From kept totals: no query.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from contents.index.queries import Look
from contents.index.totals import Table, Totals
from contents.models import FileKind, InsideProblem, Topic
from contents.problems.explained import LOOKS, SEVERITY_WORDS, Severity
from contents.problems.words import EXPLAINED, TOPICS, AnyProblem, label_of
from contents.reading.totals import ReadTotals

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.HINT: 2}
_OF_VIDEOS = frozenset(
    {
        *(InsideProblem.NO_VIDEO, InsideProblem.FRAME_COUNT, InsideProblem.VARIABLE_RATE),
        *(InsideProblem.SLOW_START, InsideProblem.UNPLAYABLE),
    }
)
_OF_IMAGES = frozenset({InsideProblem.DEEP, InsideProblem.CMYK, InsideProblem.ANIMATED, InsideProblem.ALPHA})


@dataclass(frozen=True)
class Listed:
    """A problem, or a topic, with what is kept of it. `severity` is empty for topics.

    It was looked for in `looked_at` files, of `all_files` that may have it.
    """

    what: AnyProblem | Topic
    slug: str
    label: str
    severity: str
    files: int
    bytes: int
    looked_at: int
    all_files: int
    why: str = ""
    fix: str = ""

    @property
    def look(self) -> str:
        return LOOKS[Severity(self.severity)] if self.severity else "off"

    @property
    def severity_word(self) -> str:
        return gettext(SEVERITY_WORDS[Severity(self.severity)]) if self.severity else ""

    @property
    def is_inside(self) -> bool:
        return isinstance(self.what, InsideProblem)

    @property
    def percent(self) -> float:
        return 100 * self.share

    @property
    def share(self) -> float:
        """Of the files that may have it, how many were looked at."""
        return min(1.0, self.looked_at / self.all_files) if self.all_files else 1.0


def problems_of(look: Look) -> list[Listed]:
    """Those that any file has: errors first, and the most frequent first."""
    found = [listed(what, look) for what in EXPLAINED]
    found = [each for each in found if each.files]
    return sorted(found, key=lambda each: (_RANK[Severity(each.severity)], -each.files))


def changes_of(look: Look) -> list[Listed]:
    return [each for topic in Topic if (each := listed(topic, look)).files]


def listed(what: AnyProblem | Topic, look: Look) -> Listed:
    totals = look.totals
    if isinstance(what, Topic):
        return _topic(what, totals)
    looked_at, all_files, table = totals.files, totals.files, totals.problems
    if isinstance(what, InsideProblem):
        read = read_totals(look)
        looked_at, all_files, table = _count(what, read.kinds), _count(what, totals.readable), read.problems
    explained = EXPLAINED[what]
    files, size = table.get(str(what.value), [0, 0])
    return Listed(
        what,
        explained.slug,
        label_of(what),
        explained.severity.value,
        files,
        size,
        looked_at,
        all_files,
        gettext(explained.why),
        gettext(explained.fix),
    )


def read_totals(look: Look) -> ReadTotals:
    return ReadTotals.of(look.reading.totals) if look.reading and look.reading.totals else ReadTotals()


def _count(what: InsideProblem, kinds: Table) -> int:
    """Of the kinds of files that can have this problem."""
    images, videos = (kinds.get(str(kind.value), [0, 0])[0] for kind in (FileKind.IMAGE, FileKind.VIDEO))
    if what in _OF_VIDEOS:
        return videos
    return images if what in _OF_IMAGES else images + videos


def _topic(topic: Topic, totals: Totals) -> Listed:
    # New and changed files are counted by their Change, gone ones by their topic.
    kept = {Topic.NEW: "1", Topic.CHANGED: "2"}.get(topic, str(topic.value))
    files, size = totals.changes.get(kept, [0, 0])
    return Listed(topic, TOPICS[topic], label_of(topic), "", files, size, totals.files, totals.files)
