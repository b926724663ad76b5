"""The predictions of a tag's samples in the format of COCO: https://cocodataset.org/#format-results

Categories of several tasks stand in one list, so each has a number of its own and says its task as `supercategory`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from samples import queries
from samples.models import PredictionTask, SamplePrediction, Tag

_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
Row = dict[str, Any]


def pieces(tag: Tag, positions: Sequence[int]) -> Iterator[str]:
    """The text of the file, one after the other."""
    numbers, categories = _categories(tag)
    yield f'{{"info": {_dumps({"description": tag.name})}, "categories": {_dumps(categories)}, "images": ['
    images = queries.values_at(tag.dataset_id, positions, "position", "file_name", "meta_data")
    yield from _list(
        {"id": position, "file_name": name, "width": meta.get("width"), "height": meta.get("height")}
        for position, name, meta in images
    )
    yield '], "annotations": ['
    yield from _list(_annotations(tag, positions, numbers))
    yield "]}"


def _list(rows: Iterator[Row]) -> Iterator[str]:
    between = ""
    for row in rows:
        yield f"{between}{_dumps(row)}"
        between = ","


def _categories(tag: Tag) -> tuple[dict[tuple[str, int], int], list[Row]]:
    numbers: dict[tuple[str, int], int] = {}
    found: list[Row] = []
    for name, schema in (
        PredictionTask.objects.filter(dataset=tag.dataset_id).order_by("name").values_list("name", "schema")
    ):
        for category in schema.get("categories", []):
            numbers[name, category["id"]] = len(numbers) + 1
            found.append({"id": len(numbers), "name": category["name"], "supercategory": name})
    return numbers, found


def _annotations(tag: Tag, positions: Sequence[int], numbers: dict[tuple[str, int], int]) -> Iterator[Row]:
    number = 0
    for start in range(0, len(positions), queries.SCATTERED_AT_ONCE):
        some = positions[start : start + queries.SCATTERED_AT_ONCE]
        rows = SamplePrediction.objects.filter(dataset=tag.dataset_id, sample__position__in=list(some))
        for position, singletons in rows.order_by("sample__position", "task_name").values_list(
            "sample__position", "singletons"
        ):
            for singleton in singletons:
                number += 1
                yield _annotation(number, position, singleton, numbers)


def _annotation(number: int, position: int, singleton: Row, numbers: dict[tuple[str, int], int]) -> Row:
    category = numbers.get((singleton["taskName"], singleton["categoryId"]), 0)
    row: Row = {"id": number, "image_id": position, "category_id": category, "score": singleton["score"]}
    if box := singleton.get("bbox"):
        row |= {"bbox": box, "area": box[2] * box[3], "iscrowd": 0}
    if points := singleton.get("keypoints"):
        row |= {"keypoints": points, "num_keypoints": sum(1 for flag in points[2::3] if flag > 0)}
    return row
