"""The report of a check. Reports of parts are merged to that of the whole, in any order, with the same result.

It has about the same size for one file and for a million: of each rule a thousand findings are listed and all counted.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from contents.annotations.findings import Finding, Locate, Notes, printable
from contents.annotations.rules import Severity
from contents.annotations.summaries import MetadataSummary, TaskSummary

MOST_LISTED = 1000
MOST_WORST = 100


@dataclass(slots=True)
class Tally:
    """How often one rule was broken. Of the findings, the first MOST_LISTED by path and line are kept."""

    severity: Severity
    count: int = 0
    _kept: list[Finding] = field(default_factory=list)

    def add(self, findings: Iterable[Finding], count: int) -> None:
        self.count += count
        self._kept.extend(findings)
        if len(self._kept) >= 2 * MOST_LISTED:
            self._prune()

    def _prune(self) -> None:
        self._kept.sort(key=_order)
        del self._kept[MOST_LISTED:]

    @property
    def listed(self) -> list[Finding]:
        self._prune()
        return list(self._kept)

    def improve(self, change: Callable[[Finding], Finding], most: int) -> None:
        """Replace the first `most` of what is listed."""
        self._kept = [*map(change, self.listed[:most]), *self.listed[most:]]


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    return finding.order


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What was found in one file."""

    path: str
    errors: int = 0
    warnings: int = 0
    hints: int = 0

    @property
    def order(self) -> tuple[int, int, int, str]:
        return (-self.errors, -self.warnings, -self.hints, self.path)


@dataclass(slots=True)
class Report:
    """`files` were looked at by name; the content of `read` of them was read."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    tasks: dict[str, TaskSummary] = field(default_factory=dict)
    metadata: MetadataSummary = field(default_factory=MetadataSummary)
    files: int = 0
    read: int = 0
    _worst: list[FileSummary] = field(default_factory=list)

    def task(self, name: str) -> TaskSummary:
        return self.tasks.setdefault(name, TaskSummary())

    def add_findings(self, notes: Notes, locate: Locate | None = None) -> None:
        """Everything that was noted of one file."""
        by_rule: dict[str, list[Finding]] = {}
        for finding in notes.findings(locate):
            by_rule.setdefault(finding.rule, []).append(finding)
        totals = dict.fromkeys(Severity, 0)
        for rule, count in notes.counts.items():
            totals[rule.severity] += count
            self._tally(rule.id, rule.severity).add(by_rule[rule.id], count)
        if notes.counts:
            self.add_worst([FileSummary(printable(notes.path), *totals.values())])

    def add_worst(self, files: Iterable[FileSummary]) -> None:
        self._worst.extend(files)
        if len(self._worst) >= 10 * MOST_WORST:
            self._prune()

    def _tally(self, rule: str, severity: Severity) -> Tally:
        return self.tallies.setdefault(rule, Tally(severity))

    def _prune(self) -> None:
        self._worst.sort(key=lambda file: file.order)
        del self._worst[MOST_WORST:]

    @property
    def worst(self) -> list[FileSummary]:
        """The files with the most findings."""
        self._prune()
        return list(self._worst)

    def count(self, severity: Severity) -> int:
        return sum(tally.count for tally in self.tallies.values() if tally.severity is severity)

    def findings(self) -> Iterator[Finding]:
        """What is listed: errors first, then by rule, path and line."""
        for severity in Severity:
            for _rule, tally in sorted(self.tallies.items()):
                if tally.severity is severity:
                    yield from tally.listed

    def merge(self, other: Self) -> None:
        self.files += other.files
        self.read += other.read
        for rule, tally in other.tallies.items():
            self._tally(rule, tally.severity).add(tally.listed, tally.count)
        for name, summary in other.tasks.items():
            self.task(name).merge(summary)
        self.metadata.merge(other.metadata)
        self.add_worst(other.worst)


def merged(reports: Iterable[Report]) -> Report:
    whole = Report()
    for report in reports:
        whole.merge(report)
    return whole
