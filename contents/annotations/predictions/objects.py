"""Checks the entries of `predictions` in one file, and counts them."""

from collections.abc import Callable
from typing import Any

from contents.annotations.findings import Notes, Steps, shown
from contents.annotations.names import nearest
from contents.annotations.predictions import rules
from contents.annotations.predictions.schema import TaskSchema, TaskType
from contents.annotations.predictions.shapes import (
    check_box,
    check_keypoints,
    check_mask,
    check_mask_in_box,
    is_number,
)
from contents.annotations.sizes import Size
from contents.annotations.summaries import TaskSummary

_SUM_TOLERANCE = 1e-3
_COMMON = frozenset({"category_id", "score", "probabilities"})
_KEYS = {
    TaskType.CLASSIFICATION: _COMMON,
    TaskType.OBJECT_DETECTION: _COMMON | {"bbox"},
    TaskType.SEMANTIC_SEGMENTATION: _COMMON | {"segmentation"},
    TaskType.INSTANCE_SEGMENTATION: _COMMON | {"segmentation", "bbox"},
    TaskType.KEYPOINT_DETECTION: _COMMON | {"keypoints", "bbox"},
    None: _COMMON | {"segmentation", "bbox", "keypoints"},
}
_WITH_BOX = frozenset({TaskType.OBJECT_DETECTION, TaskType.INSTANCE_SEGMENTATION})
_WITH_MASK = frozenset({TaskType.SEMANTIC_SEGMENTATION, TaskType.INSTANCE_SEGMENTATION})


class Objects:
    """`size` is asked for the image's size when an object needs it."""

    def __init__(self, schema: TaskSchema, summary: TaskSummary, notes: Notes, size: Callable[[], Size | None]) -> None:
        self.schema = schema
        self.summary = summary
        self.notes = notes
        self.size = size
        self.order = list(schema.categories)

    def check(self, entries: list[Any]) -> None:
        keys = _KEYS[self.schema.type]
        for number, entry in enumerate(entries):
            place: Steps = ("predictions", number)
            if not isinstance(entry, dict):
                self.notes.add(rules.ENTRY, *place, found=shown(entry), expected="an object")
                continue
            for key in sorted(entry.keys() - keys):
                meant = nearest(key, sorted(keys - entry.keys()))
                fix = f"Is {shown(meant)} meant?" if meant else ""
                self.notes.add(rules.ENTRY_KEY, *place, key, found=shown(key), fix=fix, at_key=True)
            self.summary.objects += 1
            self._check_category(entry, place)
            self._check_score(entry, place)
            if "probabilities" in entry:
                self.summary.with_probabilities += 1
                self._check_probabilities(entry, place)
            self._check_shapes(entry, place)

    def _check_category(self, entry: dict[str, Any], place: Steps) -> None:
        if "category_id" not in entry:
            self.notes.add(rules.CATEGORY_MISSING, *place, expected=self._categories())
            return
        category = entry["category_id"]
        if type(category) is int and category in self.schema.categories:
            counts = self.summary.per_category
            counts[category] = counts.get(category, 0) + 1
        elif self.schema.categories or type(category) is not int:  # a broken schema is told only once
            self.notes.add(
                rules.CATEGORY_UNKNOWN, *place, "category_id", found=shown(category), expected=self._categories()
            )

    def _categories(self) -> str:
        if len(self.order) > 10:
            return f"one of {len(self.order)} ids, such as {self.order[0]}"
        return " or ".join(map(str, self.order)) or "an id of the schema"

    def _check_score(self, entry: dict[str, Any], place: Steps) -> None:
        if "score" not in entry:
            if self.schema.type is not TaskType.CLASSIFICATION:
                self.notes.add(rules.SCORE_MISSING, *place, expected="a number from 0 to 1")
            return
        score = entry["score"]
        if is_number(score) and 0 <= score <= 1:
            self.summary.scores.add(score)
        else:
            self.notes.add(rules.SCORE, *place, "score", found=shown(score), expected="a number from 0 to 1")

    def _check_probabilities(self, entry: dict[str, Any], place: Steps) -> None:
        values, place = entry["probabilities"], (*place, "probabilities")
        expected = f"a list of {len(self.order)} numbers"
        if not isinstance(values, list):
            self.notes.add(rules.PROBABILITIES_LENGTH, *place, found=shown(values), expected=expected)
            return
        for number, value in enumerate(values):
            if not (is_number(value) and 0 <= value <= 1):
                found = shown(value)
                self.notes.add(rules.PROBABILITIES_RANGE, *place, number, found=found, expected="a number from 0 to 1")
                return
        if not self.order:  # a broken schema is told only once
            return
        if len(values) != len(self.order):
            self.notes.add(rules.PROBABILITIES_LENGTH, *place, found=f"{len(values)} numbers", expected=expected)
            return
        total = sum(values)
        if abs(total - 1) > _SUM_TOLERANCE:
            self.notes.add(rules.PROBABILITIES_SUM, *place, found=f"a sum of {total:.6g}", expected="a sum of 1")
        self._check_order(entry.get("category_id"), values, place)

    def _check_order(self, category: Any, values: list[float], place: Steps) -> None:
        highest = max(values)
        likely = self.order[values.index(highest)]
        known = type(category) is int and category in self.schema.categories
        if known and likely != category and values.count(highest) == 1:
            found = f"the highest one is that of category {likely}"
            self.notes.add(rules.PROBABILITIES_ORDER, *place, found=found, expected=f"category {category}")

    def _check_shapes(self, entry: dict[str, Any], place: Steps) -> None:
        task, notes, size = self.schema.type, self.notes, self.size
        boxed = masked = False
        # The box of keypoints may be left out, and null is how some writers do it.
        if "bbox" in entry and not (task is TaskType.KEYPOINT_DETECTION and entry["bbox"] is None):
            boxed = check_box(entry["bbox"], size(), (*place, "bbox"), notes)
        elif task in _WITH_BOX:
            notes.add(rules.BOX_MISSING, *place, expected="[x, y, width, height]")
        if "segmentation" in entry:
            masked = check_mask(entry["segmentation"], size(), (*place, "segmentation"), notes)
        elif task in _WITH_MASK:
            notes.add(rules.MASK_MISSING, *place, expected="a list of run lengths")
        if boxed and masked and (known := size()):
            check_mask_in_box(entry["segmentation"], entry["bbox"], known, (*place, "segmentation"), notes)
        if "keypoints" in entry:
            category = entry.get("category_id")
            named = self.schema.keypoints.get(category) if type(category) is int else None
            check_keypoints(entry["keypoints"], named, (*place, "keypoints"), notes)
        elif task is TaskType.KEYPOINT_DETECTION:
            notes.add(rules.KEYPOINTS_MISSING, *place, expected="[x, y, confidence, …]")
