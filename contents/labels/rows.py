"""Labels in the database: written by the check of annotations, read by the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from contents.labels.naming import Labelled, of_category, of_value
from contents.models import AnnotationReport, FileLabel, IndexState
from datasets.models import Dataset
from datasources.models import Purpose

AT_ONCE = 500


def store(report_id: int, rows: Iterable[Labelled]) -> None:
    """Those that are there already stay: a slice may be done twice. Call it inside a transaction."""
    left = iter(sorted(rows))
    while some := list(islice(left, AT_ONCE)):
        made = [FileLabel(report_id=report_id, label=row.label, key=row.key) for row in some]
        FileLabel.objects.bulk_create(made, ignore_conflicts=True)


def report_of(dataset: Dataset) -> AnnotationReport | None:
    """The one whose labels count: the newest that is complete."""
    lightly = (Purpose.LIGHTLY, Purpose.INPUT_OUTPUT)
    return AnnotationReport.objects.filter(
        datasource__dataset=dataset, datasource__purpose__in=lightly, state=IndexState.CURRENT
    ).first()


@dataclass(frozen=True)
class Option:
    """One label to choose. `slug` stands in addresses; `number`: how often it was found."""

    slug: str
    name: str
    number: int


@dataclass(frozen=True)
class Group:
    """The labels of a task, or of a path of the metadata."""

    name: str
    is_task: bool
    options: Sequence[Option]


def groups_of(summary: dict[str, Any]) -> list[Group]:
    """What a report found, the most frequent first. `summary` is that of an AnnotationReport."""
    groups = [
        Group(
            task["name"],
            True,
            [
                Option(slug_of(of_category(task["name"], each["id"])), each["name"], each["objects"])
                for each in task["categories"]
                if each["objects"]
            ],
        )
        for task in summary.get("tasks", [])
    ]
    groups += [
        Group(
            path["path"],
            False,
            [
                Option(slug_of(of_value(path["path"], each["value"])), each["value"], each["files"])
                for each in path["top"]
            ],
        )
        for path in (summary.get("metadata") or {}).get("paths", [])
    ]
    return [group for group in groups if group.options]


def slug_of(label: int) -> str:
    return f"{label:016x}"
