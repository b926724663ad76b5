"""What the documents of one sample tell. What can't be used is left out: the check of annotations says why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from contents.annotations.documents.reading import read_document
from contents.annotations.findings import Notes
from contents.annotations.metadata.schema import steps_of
from contents.annotations.predictions.schema import TaskSchema, TaskType
from runs.worker.annotations.scores import Entry, scores_of

MISSING, BROKEN, USED = "missing", "broken", "used"
MOST_BYTES = 50_000_000


def document_of(content: bytes | None) -> Any:
    """The JSON value. None: there is no file, or nothing can be made of it."""
    if content is None:
        return None
    document = read_document(content, Notes(""), most_bytes=MOST_BYTES)
    return document.value if document else None


def predictions_of(content: bytes | None, schema: TaskSchema) -> dict[str, Any]:
    """`state`, and of a used file `counts` (of objects by category) and `scores`."""
    if content is None:
        return {"state": MISSING}
    document = document_of(content)
    listed = document.get("predictions") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return {"state": BROKEN}
    entries = [entry for each in listed if (entry := _entry(each, schema)) is not None]
    counts = Counter(entry.category for entry in entries)
    has_objects = schema.type is not TaskType.CLASSIFICATION
    return {
        "state": USED,
        "counts": {str(category): count for category, count in sorted(counts.items())},
        "scores": scores_of(entries, has_objects=has_objects),
    }


def _entry(value: Any, schema: TaskSchema) -> Entry | None:
    if not isinstance(value, dict):
        return None
    category: Any = value.get("category_id")
    score: Any = value.get("score")
    if type(category) is not int or category not in schema.categories:
        return None
    listed = value.get("probabilities")
    usable = isinstance(listed, list) and len(listed) == len(schema.categories) and all(map(_is_share, listed))
    probabilities = tuple(map(float, listed)) if isinstance(listed, list) and usable and sum(listed) > 0 else ()
    known = score is not None and _is_share(score)
    return Entry(category, float(score) if known else None, probabilities)


def _is_share(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value) and 0 <= value <= 1


def metadata_of(content: bytes | None) -> dict[str, Any] | None:
    """The object `metadata` of a file. None: there is none."""
    document = document_of(content)
    found = document.get("metadata") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else None


def value_at(metadata: Mapping[str, Any] | None, key: str) -> Any:
    """What stands at a key such as `scene.weather` or `tags[0]`. None: nothing."""
    value: Any = metadata
    for step in steps_of(key) or (key,):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def number_in(value: Any) -> float:
    """NaN for what is no number."""
    return float(value) if type(value) in {int, float} and math.isfinite(value) else math.nan


def category_in(value: Any) -> str | None:
    """As it stands in JSON: true and false are categories too. None for lists, objects and nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None
