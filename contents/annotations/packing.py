"""Reports as JSON and back, so that parts of a check can be kept and merged later, by another process."""

import math
from dataclasses import fields
from typing import Any

from contents.annotations.findings import Finding
from contents.annotations.layout import Layout
from contents.annotations.metadata.schema import ValueType, Wanted
from contents.annotations.predictions.schema import TaskSchema, TaskType
from contents.annotations.report import FileSummary, Report, Tally
from contents.annotations.rules import Severity
from contents.annotations.summaries import (
    Categories,
    MetadataSummary,
    NumberHistogram,
    PathSummary,
    ScoreHistogram,
    TaskSummary,
    as_counts,
)

_FINDING_FIELDS = [field.name for field in fields(Finding)]


def packed(report: Report) -> dict[str, Any]:
    """Only what JSON knows."""
    return {
        "files": report.files,
        "read": report.read,
        "tallies": {
            rule: {
                "severity": tally.severity.value,
                "count": tally.count,
                "listed": [finding_values(finding) for finding in tally.listed],
            }
            for rule, tally in report.tallies.items()
        },
        "tasks": {name: _packed_task(task) for name, task in report.tasks.items()},
        "metadata": _packed_metadata(report.metadata),
        "worst": [[file.path, file.errors, file.warnings, file.hints] for file in report.worst],
    }


def unpacked(data: dict[str, Any]) -> Report:
    """Of what `packed` made."""
    report = Report(files=data["files"], read=data["read"])
    for rule, each in data["tallies"].items():
        tally = report.tallies[rule] = Tally(Severity(each["severity"]))
        tally.add([Finding(**(finding | {"severity": tally.severity})) for finding in each["listed"]], each["count"])
    report.tasks = {name: _unpacked_task(task) for name, task in data["tasks"].items()}
    report.metadata = _unpacked_metadata(data["metadata"])
    report.add_worst(FileSummary(*file) for file in data["worst"])
    return report


def packed_layout(layout: Layout) -> dict[str, Any]:
    return {
        "tasks": [
            {
                "name": task.name,
                "type": task.type.value if task.type else None,
                "categories": list(task.categories.items()),
                "keypoints": list(task.keypoints.items()),
            }
            for task in layout.tasks
        ],
        "metadata": None
        if layout.metadata is None
        else [[each.name, each.path, list(each.steps), each.type.value, each.default] for each in layout.metadata],
    }


def unpacked_layout(data: dict[str, Any]) -> Layout:
    """Of what `packed_layout` made."""
    tasks = [
        TaskSchema(
            task["name"],
            TaskType(task["type"]) if task["type"] else None,
            dict(task["categories"]),
            dict(task["keypoints"]),
        )
        for task in data["tasks"]
    ]
    if data["metadata"] is None:
        return Layout(tasks, None)
    return Layout(
        tasks,
        [
            Wanted(name, path, tuple(steps), ValueType(kind), default)
            for name, path, steps, kind, default in data["metadata"]
        ],
    )


def finding_values(finding: Finding) -> dict[str, Any]:
    values = {name: getattr(finding, name) for name in _FINDING_FIELDS}
    return values | {"severity": finding.severity.value}


def _packed_task(task: TaskSummary) -> dict[str, Any]:
    return as_counts(task) | {
        "type": str(task.type),
        "categories": {str(key): name for key, name in task.categories.items()},
        "per_category": {str(key): count for key, count in task.per_category.items()},
        "scores": task.scores.bins,
    }


def _unpacked_task(data: dict[str, Any]) -> TaskSummary:
    special = {
        "categories": {int(key): name for key, name in data["categories"].items()},
        "per_category": {int(key): count for key, count in data["per_category"].items()},
        "scores": ScoreHistogram(list(data["scores"])),
    }
    return TaskSummary(**(data | special))


def _packed_metadata(metadata: MetadataSummary) -> dict[str, Any]:
    return as_counts(metadata) | {
        "paths": {path: _packed_path(values) for path, values in metadata.paths.items()},
        "unused": _packed_categories(metadata.unused),
    }


def _unpacked_metadata(data: dict[str, Any]) -> MetadataSummary:
    special = {
        "paths": {path: _unpacked_path(values) for path, values in data["paths"].items()},
        "unused": _unpacked_categories(data["unused"]),
    }
    return MetadataSummary(**(data | special))


def _packed_path(values: PathSummary) -> dict[str, Any]:
    return as_counts(values) | {
        "name": values.name,
        "type": str(values.type),
        "default": values.default,
        "numbers": _packed_numbers(values.numbers),
        "categories": _packed_categories(values.categories),
    }


def _unpacked_path(data: dict[str, Any]) -> PathSummary:
    special = {
        "numbers": _unpacked_numbers(data["numbers"]),
        "categories": _unpacked_categories(data["categories"]),
    }
    return PathSummary(**(data | special))


def _packed_numbers(numbers: NumberHistogram) -> dict[str, Any]:
    return {
        "count": numbers.count,
        # JSON has no infinity.
        "least": numbers.least if numbers.count else None,
        "greatest": numbers.greatest if numbers.count else None,
        "level": numbers.level,
        "bins": {str(at): count for at, count in numbers.bins.items()},
    }


def _unpacked_numbers(data: dict[str, Any]) -> NumberHistogram:
    return NumberHistogram(
        count=data["count"],
        least=math.inf if data["least"] is None else data["least"],
        greatest=-math.inf if data["greatest"] is None else data["greatest"],
        level=data["level"],
        bins={int(at): count for at, count in data["bins"].items()},
    )


def _packed_categories(categories: Categories) -> dict[str, Any]:
    categories.settle()
    return {"counts": dict(categories.counts), "others": categories.others}


def _unpacked_categories(data: dict[str, Any]) -> Categories:
    return Categories(dict(data["counts"]), data["others"])
