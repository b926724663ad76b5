"""What a selection can go by in a dataset, as the last check saw it: tasks, scores and metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from contents.annotation_reports.queries import standing_of
from datasets.models import Dataset
from runs.pages.building import encoded
from runs.selection.parsing.inputs import LIGHTLY_METADATA

# Of which kinds of tasks there are which scores: https://docs.lightly.ai/docs/active-learning-scorers
_UNCERTAINTY = ("uncertainty_least_confidence", "uncertainty_margin", "uncertainty_entropy")
_OBJECTS = ("objectness_least_confidence", "object_frequency")
_OBJECT_TASKS = {"object-detection", "keypoint-detection"}

Choices = list[tuple[str, Any]]


@dataclass(frozen=True)
class Offers:
    """Choices of a form. `tasks` is empty if nobody has checked the annotations, or there are none."""

    numbers: Choices
    classes: Choices
    tasks: tuple[str, ...]
    files_by_task: dict[str, int]
    metadata_files: int
    was_checked: bool


def offers_of(dataset: Dataset) -> Offers:
    """From the kept report: nothing in the bucket is read."""
    report = standing_of(dataset).report
    summary: dict[str, Any] = report.summary if report else {}
    tasks = list(summary.get("tasks", []))
    metadata = summary.get("metadata") or {}
    paths = metadata.get("paths", [])
    numeric = [each["path"] for each in paths if str(each.get("type", "")).startswith("NUMERIC")]
    categories = [each["path"] for each in paths if each.get("top") and each["path"] not in numeric]
    scores = [score for task in tasks for score in _scores(task)]
    counts = [_count(task["name"]) for task in tasks if task["type"] != "classification"]
    numbers = [
        (gettext("Lightly's metadata"), [_key(f"lightly.{name}") for name in LIGHTLY_METADATA]),
        (gettext("Your metadata"), [_key(path) for path in numeric]),
        (gettext("Scores of predictions"), scores),
        (gettext("Number of objects"), counts),
    ]
    classes = [
        (gettext("Classes of a task"), [_classes(task["name"]) for task in tasks]),
        (gettext("Your metadata"), [_key(path) for path in categories]),
    ]
    return Offers(
        [(name, group) for name, group in numbers if group],
        [(name, group) for name, group in classes if group],
        tuple(task["name"] for task in tasks),
        {task["name"]: int(task.get("files", 0)) for task in tasks},
        int(metadata.get("files", 0)),
        report is not None,
    )


def with_value(choices: Choices, value: str, label: str) -> Choices:
    """The choices, and one more if this value is not among them: it may come from another run."""
    known = {each for _, group in choices for each, _ in group}
    return choices if not value or value in known else [*choices, (gettext("From the configuration"), [(value, label)])]


def _key(key: str) -> tuple[str, str]:
    return encoded({"type": "METADATA", "key": key}), key


def _classes(task: str) -> tuple[str, str]:
    return encoded({"type": "PREDICTIONS", "name": "CLASS_DISTRIBUTION", "task": task}), task


def _count(task: str) -> tuple[str, str]:
    return encoded({"type": "PREDICTIONS", "name": "CATEGORY_COUNT", "task": task}), task


def _scores(task: dict[str, Any]) -> Choices:
    names = (*_UNCERTAINTY, *_OBJECTS) if task["type"] in _OBJECT_TASKS else _UNCERTAINTY
    name = task["name"]
    return [(encoded({"type": "SCORES", "task": name, "score": score}), f"{name}: {score}") for score in names]
