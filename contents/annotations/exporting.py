"""The report for people and programs: CSV, JSON, and lines for a terminal."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from contents.annotations.catalogue import RULES
from contents.annotations.findings import Finding
from contents.annotations.packing import finding_values
from contents.annotations.report import Report
from contents.annotations.rules import Severity
from contents.annotations.summaries import SCORE_BINS, MetadataSummary, PathSummary, TaskSummary, as_counts
from core.formats.cells import safe_cell

COLUMNS = [field.name for field in fields(Finding)]
MOST_VALUES = 50


class _Echo:
    """What csv.writer writes into; it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """One line for each finding that is listed. Begins with a byte order mark, for Excel."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for finding in findings:
        yield writer.writerow([safe_cell(str(value)) for value in finding_values(finding).values()])


def as_json(report: Report) -> dict[str, Any]:
    """The whole report. `rules` counts all findings; `findings` lists the first thousand of each rule."""
    return {
        **totals(report),
        "rules": rule_rows(report),
        "tasks": {name: task_values(task) for name, task in sorted(report.tasks.items())},
        "metadata": metadata_values(report.metadata),
        "worst_files": [
            {"path": file.path, "errors": file.errors, "warnings": file.warnings, "hints": file.hints}
            for file in report.worst
        ],
        "findings": [finding_values(finding) for finding in report.findings()],
    }


def totals(report: Report) -> dict[str, int]:
    return {
        "files": report.files,
        "read": report.read,
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "hints": report.count(Severity.HINT),
    }


def rule_rows(report: Report) -> list[dict[str, Any]]:
    """The rules that were broken: errors first, then those that were broken most."""
    severities = list(Severity)
    rows = sorted(
        report.tallies.items(), key=lambda item: (severities.index(item[1].severity), -item[1].count, item[0])
    )
    return [
        {
            "rule": rule,
            "severity": tally.severity.value,
            "title": RULES[rule].title,
            "count": tally.count,
            "listed": len(tally.listed),
        }
        for rule, tally in rows
    ]


def task_values(task: TaskSummary) -> dict[str, Any]:
    return {
        "type": str(task.type),
        **as_counts(task),
        "categories": [
            {"id": key, "name": name, "objects": task.per_category.get(key, 0)} for key, name in task.categories.items()
        ],
        "scores": [
            {"from": number / SCORE_BINS, "to": (number + 1) / SCORE_BINS, "objects": count}
            for number, count in enumerate(task.scores.bins)
        ],
    }


def metadata_values(metadata: MetadataSummary) -> dict[str, Any]:
    return {
        **as_counts(metadata),
        "paths": [{"path": path, **path_values(values)} for path, values in sorted(metadata.paths.items())],
        "unused": [{"path": path, "files": count} for path, count in metadata.unused.top(MOST_VALUES)],
    }


def path_values(values: PathSummary) -> dict[str, Any]:
    """What one can balance on. `histogram` is that of numbers, `top` the most frequent categories."""
    numbers, categories = values.numbers, values.categories
    shown = categories.top(MOST_VALUES)
    return {
        "name": values.name,
        "type": str(values.type),
        "default": values.default,
        **as_counts(values),
        "least": numbers.least if numbers.count else None,
        "greatest": numbers.greatest if numbers.count else None,
        "histogram": [{"from": low, "to": high, "files": count} for low, high, count in numbers.rows()],
        "different": categories.different,
        "top": [{"value": value, "files": count} for value, count in shown],
        "others": sum(categories.counts.values()) + categories.others - sum(count for _value, count in shown),
    }


def text_lines(report: Report, *, most: int = 5) -> Iterator[str]:
    """For a terminal: what was looked at, and of each rule the first `most` findings."""
    counts = totals(report)
    yield f"{_number(counts['files'], 'file')} checked, {counts['read']:,} of them read."
    for name, task in sorted(report.tasks.items()):
        yield from _task_lines(name, task)
    if report.metadata.files:
        yield from _metadata_lines(report.metadata)
    for row in rule_rows(report):
        rule, tally = RULES[row["rule"]], report.tallies[row["rule"]]
        yield ""
        yield f"{rule.severity.upper()} {rule.title} ({tally.count:,} x, {rule.id})"
        for finding in tally.listed[:most]:
            yield f"  {_place(finding)}"
            if finding.found or finding.expected:
                expected = f"; expected {finding.expected}" if finding.expected else ""
                yield f"    found {finding.found or 'nothing'}{expected}"
            if finding.fix != rule.fix:
                yield f"    {finding.fix}"
        if tally.count > most:
            yield f"  … and {tally.count - min(most, len(tally.listed)):,} more"
        yield f"  {rule.fix}"
    yield ""
    named = (_number(counts[f"{severity}s"], str(severity)) for severity in Severity)
    yield ", ".join(named) + "."


def _place(finding: Finding) -> str:
    line = f":{finding.line}:{finding.column}" if finding.line else ""
    return f"{finding.path}{line}" + (f"  {finding.pointer}" if finding.pointer else "")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _task_lines(name: str, task: TaskSummary) -> Iterator[str]:
    yield ""
    yield f"Task {name} ({task.type or 'type unknown'})"
    yield f"  {_number(task.files, 'file')}, {task.read:,} read, {task.with_errors:,} with errors; " + _number(
        task.objects, "prediction"
    )
    if task.samples:
        yield f"  {task.samples_without_file:,} of {task.samples:,} images or videos have no file with predictions"
    for key, label in list(task.categories.items())[:MOST_VALUES]:
        yield f"  {task.per_category.get(key, 0):>9,}  {label} ({key})"
    if task.scores.total:
        most = max(task.scores.bins)
        bars = "".join(" ▁▂▃▄▅▆▇█"[-(-8 * count // most)] for count in task.scores.bins)
        yield f"  scores 0 |{bars}| 1"


def _metadata_lines(metadata: MetadataSummary) -> Iterator[str]:
    yield ""
    yield f"Metadata: {_number(metadata.files, 'file')}, {metadata.read:,} read, {metadata.with_errors:,} with errors"
    if metadata.samples:
        yield f"  {metadata.samples_without_file:,} of {metadata.samples:,} images or videos have default values"
    for path, values in sorted(metadata.paths.items()):
        yield f"  {path} ({values.type}): {_values_in_words(values)}; missing in {values.missing:,}"


def _values_in_words(values: PathSummary) -> str:
    if values.numbers.count:
        return f"{values.numbers.least:g} to {values.numbers.greatest:g} in {_number(values.numbers.count, 'file')}"
    top = values.categories.top(5)
    if not top:
        return f"{_number(values.present, 'value')}"
    more = values.categories.different - len(top)
    return ", ".join(f"{value} {count:,}" for value, count in top) + (f" and {more:,} more" if more > 0 else "")
