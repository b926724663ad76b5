"""The predictions of a tag's samples in the format of COCO: https://cocodataset.org/#format-data

They are those in the Lightly datasource and those that scripts stored here. Of a task that is in both, scripts win.
Categories of several tasks stand in one list, so each has a number of its own and says its task as `supercategory`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from contents.listing.errors import NoDatasourceError
from datasources.models import Purpose
from samples import queries
from samples.exports.lightly import Predictions, Singleton, read
from samples.exports.places import Places
from samples.models import PredictionTask, SamplePrediction, Tag

_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
Row = dict[str, Any]
Numbers = dict[tuple[str, int], int]


def pieces(tag: Tag, positions: Sequence[int], places: Places) -> Iterator[str]:
    """The text of the file, one after the other. Raises TooMuchError and ListingError, before the first one."""
    stored = dict(PredictionTask.objects.filter(dataset=tag.dataset_id).values_list("name", "schema"))
    in_lightly = _in_lightly(tag, positions, places)
    numbers, categories = _categories(stored, in_lightly)
    info: Row = {"description": tag.name}
    if in_lightly.unreadable:
        info["note"] = f"{in_lightly.unreadable} files with predictions can't be read: check the annotations."
    yield f'{{"info": {_dumps(info)}, "categories": {_dumps(categories)}, "images": ['
    images = queries.values_at(tag.dataset_id, positions, "position", "file_name", "meta_data")
    yield from _list(
        {"id": position, "file_name": name, "width": meta.get("width"), "height": meta.get("height")}
        for position, name, meta in images
    )
    yield '], "annotations": ['
    told = _told(tag, positions, in_lightly, set(stored))
    yield from _list(_annotation(number, position, one, numbers) for number, (position, one) in enumerate(told, 1))
    yield "]}"


def _in_lightly(tag: Tag, positions: Sequence[int], places: Places) -> Predictions:
    try:
        datasource = places.datasource(Purpose.LIGHTLY)
    except NoDatasourceError:
        return Predictions()
    return read(datasource, list(queries.values_at(tag.dataset_id, positions, "position", "file_name")))


def _list(rows: Iterable[Row]) -> Iterator[str]:
    between = ""
    for row in rows:
        yield f"{between}{_dumps(row)}"
        between = ","


def _categories(stored: dict[str, Row], in_lightly: Predictions) -> tuple[Numbers, list[Row]]:
    named = {task.name: task.categories for task in in_lightly.tasks}
    for name, schema in stored.items():
        named[name] = {category["id"]: category["name"] for category in schema.get("categories", [])}
    numbers: Numbers = {}
    found: list[Row] = []
    for name, categories in sorted(named.items()):
        for category, words in categories.items():
            numbers[name, category] = len(numbers) + 1
            found.append({"id": len(numbers), "name": words, "supercategory": name})
    return numbers, found


def _told(
    tag: Tag, positions: Sequence[int], in_lightly: Predictions, stored: set[str]
) -> Iterator[tuple[int, Singleton]]:
    """Of each sample, in order."""
    for start in range(0, len(positions), queries.SCATTERED_AT_ONCE):
        some = positions[start : start + queries.SCATTERED_AT_ONCE]
        by_position: dict[int, list[Singleton]] = {
            position: [one for one in in_lightly.found.get(position, []) if one["taskName"] not in stored]
            for position in some
        }
        rows = SamplePrediction.objects.filter(dataset=tag.dataset_id, sample__position__in=list(some))
        for position, singletons in rows.order_by("task_name").values_list("sample__position", "singletons"):
            by_position[position].extend(singletons)
        yield from ((position, one) for position in some for one in by_position[position])


def _annotation(number: int, position: int, singleton: Singleton, numbers: Numbers) -> Row:
    category = numbers.get((singleton["taskName"], singleton["categoryId"]), 0)
    row: Row = {"id": number, "image_id": position, "category_id": category, "score": singleton["score"]}
    box = singleton.get("bbox") or []
    if len(box) == 4:
        row |= {"bbox": box, "area": box[2] * box[3], "iscrowd": 0}
    if points := singleton.get("keypoints"):
        row |= {"keypoints": points, "num_keypoints": sum(1 for flag in points[2::3] if flag > 0)}
    return row
