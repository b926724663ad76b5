"""What is drawn of predictions, however they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contents.annotations.findings import Notes
from contents.annotations.predictions.schema import check_schema
from contents.overlays.drawing import MOST_OBJECTS, Corners, drawn_task, skeletons_of
from contents.overlays.geometry import Upright

PERSON = {"id": 4, "name": "person", "keypoint_names": ["head", "hip", "foot"], "keypoint_skeleton": [[0, 1], [1, 2]]}
SCHEMA = {"task_type": "keypoint-detection", "categories": [{"id": 9, "name": "dog"}, PERSON]}


def drawn(*entries: Any, upright: Upright | None = Upright(8, 6), schema: Any = SCHEMA, corners: int = 1000) -> Any:  # noqa: B008
    known = check_schema(schema, "task", Notes(""))
    return drawn_task(known, skeletons_of(schema), {"predictions": list(entries)}, upright, Corners(corners))


def test_a_box_a_mask_and_keypoints() -> None:
    mask = [9, 2, 6, 2, 29]
    points = [1, 1, 0.9, 2, 2, 0, 3, 3, 1.0]
    task = drawn(
        {"category_id": 4, "score": 0.5, "bbox": [1, 2, 3, 4], "segmentation": mask, "keypoints": points},
        {"category_id": 9, "probabilities": [0.7, 0.3]},
        {"category_id": 5, "score": 0.1},
    )
    assert [(each["name"], each["count"], each["known"]) for each in task["classes"]] == [
        ("dog", 1, True),
        ("person", 1, True),
        ("", 1, False),
    ]
    dog, person, unknown = task["objects"]
    assert (dog["class"], dog["score"], dog["probabilities"]) == (0, 0.7, [["dog", 0.7], ["person", 0.3]])
    assert person["box"] == [1, 2, 3, 4]
    assert person["outline"] == "M1 1 3 1 3 3 1 3Z"
    assert person["points"] == [[1, 1, "head", 0.9], [3, 3, "foot", 1.0]]
    assert person["bones"] == []  # the hip is not there
    assert person["at"] == [1, 2]
    assert unknown == {"class": 2, "score": 0.1}


def test_bones_between_what_is_there() -> None:
    task = drawn({"category_id": 4, "score": 0.5, "keypoints": [1, 1, 0.9, 2, 2, 0.5, 3, 3, 1]})
    assert task["objects"][0]["bones"] == [[1, 1, 2, 2], [2, 2, 3, 3]]


@pytest.mark.parametrize(
    ("orientation", "box", "outline", "point"),
    [
        (1, [1, 2, 3, 1], "M1 2 4 2 4 3 1 3Z", [1, 2]),
        (2, [4, 2, 3, 1], "M7 2 4 2 4 3 7 3Z", [7, 2]),
        (3, [4, 3, 3, 1], "M7 4 4 4 4 3 7 3Z", [7, 4]),
        (4, [1, 3, 3, 1], "M1 4 4 4 4 3 1 3Z", [1, 4]),
        (5, [2, 1, 1, 3], "M2 1 2 4 3 4 3 1Z", [2, 1]),
        (6, [3, 1, 1, 3], "M4 1 4 4 3 4 3 1Z", [4, 1]),
        (7, [3, 4, 1, 3], "M4 7 4 4 3 4 3 7Z", [4, 7]),
        (8, [2, 4, 1, 3], "M2 7 2 4 3 4 3 7Z", [2, 7]),
    ],
)
def test_turned_by_exif(orientation: int, box: list[int], outline: str, point: list[int]) -> None:
    """The same box, as bbox and as mask, and its upper left corner as keypoint."""
    entry = {
        "category_id": 4,
        "score": 0.5,
        "bbox": [1, 2, 3, 1],
        "segmentation": [17, 3, 28],
        "keypoints": [1, 2, 1, 1, 2, 0, 1, 2, 0],
    }
    (shape,) = drawn(entry, upright=Upright(8, 6, orientation))["objects"]
    assert shape["box"] == box
    assert shape["outline"] == outline
    assert shape["points"][0][:2] == point


def test_without_a_size_nothing_has_a_place() -> None:
    (shape,) = drawn({"category_id": 4, "score": 0.5, "bbox": [1, 2, 3, 4]}, upright=None)["objects"]
    assert shape == {"class": 0, "score": 0.5}


def test_what_is_wrong_is_not_drawn() -> None:
    wrong = [
        {"category_id": 4, "bbox": [1, 2, 3]},
        {"category_id": 4, "bbox": [1, 2, -3, 4]},
        {"category_id": 4, "bbox": "x"},
        {"category_id": 4, "segmentation": [1, 2, 3]},  # not all pixels
        {"category_id": 4, "segmentation": [[1, 2, 3, 4]]},
        {"category_id": 4, "segmentation": [48]},  # nothing in it
        {"category_id": 4, "keypoints": [1, 2]},
        {"category_id": 4, "keypoints": [1, 2, 3]},
        {"category_id": "4", "score": "high", "probabilities": "x"},
        {"category_id": True, "score": 1e999},
    ]
    for entry in wrong:
        (shape,) = drawn(entry)["objects"]
        assert not {"box", "outline", "points", "at"} & shape.keys(), entry
    assert drawn("x", None, [])["objects"] == []


def test_not_more_than_can_be_looked_at() -> None:
    many = [{"category_id": 9, "score": number / 1000, "bbox": [0, 0, 1, 1]} for number in range(MOST_OBJECTS + 7)]
    task = drawn(*many)
    assert (len(task["objects"]), task["hidden"], task["count"]) == (MOST_OBJECTS, 7, MOST_OBJECTS + 7)
    assert task["objects"][0]["score"] == (MOST_OBJECTS + 6) / 1000
    mask = {"category_id": 9, "segmentation": [9, 2, 6, 2, 29]}
    first, second = drawn(mask, mask, corners=6)["objects"]
    assert "outline" in first
    assert (second.get("too_detailed"), "outline" in second) == (True, False)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_entry = st.dictionaries(
    st.sampled_from(["category_id", "score", "probabilities", "bbox", "segmentation", "keypoints"]), _json, max_size=6
)
_category = st.dictionaries(
    st.sampled_from(["id", "name", "keypoint_names", "keypoint_skeleton", "keypointNames", "keypointSkeleton"]), _json
)


@given(st.lists(_entry | _json, max_size=4), st.lists(_category | _json, max_size=3), st.integers(1, 8))
def test_whatever_stands_in_the_files(entries: list[Any], categories: list[Any], orientation: int) -> None:
    schema = {"task_type": "keypoint-detection", "categories": categories}
    drawn(*entries, schema=schema, upright=Upright(8, 6, orientation))
    known = check_schema(entries, "task", Notes(""))
    drawn_task(known, skeletons_of(entries), entries, Upright(8, 6), Corners())
