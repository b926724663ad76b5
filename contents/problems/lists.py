"""The problems of an index as pages, exports and the REST API show them. From kept totals: one query, or none."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from contents.index.totals import Totals
from contents.models import Problem, Topic
from contents.problems.words import LOOKS, PROBLEMS, SEVERITY_WORDS, TOPICS, Severity, label_of

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.HINT: 2}


@dataclass(frozen=True)
class Listed:
    """A problem, or a topic, with what is kept of it. `severity` is empty for topics."""

    what: Problem | Topic
    slug: str
    label: str
    severity: str
    files: int
    bytes: int
    why: str = ""
    fix: str = ""

    @property
    def look(self) -> str:
        return LOOKS[Severity(self.severity)] if self.severity else "off"

    @property
    def severity_word(self) -> str:
        return gettext(SEVERITY_WORDS[Severity(self.severity)]) if self.severity else ""


def problems_of(totals: Totals) -> list[Listed]:
    """Those that any file has: errors first, and the most frequent first."""
    found = [_problem(problem, totals) for problem in Problem]
    found = [listed for listed in found if listed.files]
    return sorted(found, key=lambda listed: (_RANK[Severity(listed.severity)], -listed.files))


def changes_of(totals: Totals) -> list[Listed]:
    return [listed for topic in Topic if (listed := _topic(topic, totals)).files]


def listed(what: Problem | Topic, totals: Totals) -> Listed:
    return _problem(what, totals) if isinstance(what, Problem) else _topic(what, totals)


def _problem(problem: Problem, totals: Totals) -> Listed:
    explained = PROBLEMS[problem]
    files, size = totals.problems.get(str(problem.value), [0, 0])
    return Listed(
        problem,
        explained.slug,
        label_of(problem),
        explained.severity.value,
        files,
        size,
        gettext(explained.why),
        gettext(explained.fix),
    )


def _topic(topic: Topic, totals: Totals) -> Listed:
    # New and changed files are counted by their Change, gone ones by their topic.
    kept = {Topic.NEW: "1", Topic.CHANGED: "2"}.get(topic, str(topic.value))
    files, size = totals.changes.get(kept, [0, 0])
    return Listed(topic, TOPICS[topic], label_of(topic), "", files, size)
