"""Active learning scores, and what the documents of one sample tell."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contents.annotations.predictions.schema import TaskSchema, TaskType
from runs.worker.annotations.scores import FREQUENCY, OBJECTNESS, SCORES, Entry, scaled, scores_of
from runs.worker.annotations.told import (
    BROKEN,
    MISSING,
    USED,
    category_in,
    metadata_of,
    number_in,
    predictions_of,
    value_at,
)

BOXES = TaskSchema("boxes", TaskType.OBJECT_DETECTION, {1: "car", 2: "bus", 7: "van"})
KIND = TaskSchema("kind", TaskType.CLASSIFICATION, {0: "a", 1: "b"})


def test_uncertainties_by_hand() -> None:
    found = scores_of([Entry(1, 0.5, (0.5, 0.3, 0.2))], has_objects=True)
    assert found["uncertainty_least_confidence"] == pytest.approx(0.5)
    assert found["uncertainty_margin"] == pytest.approx(1 - (0.5 - 0.3))
    entropy = -(0.5 * math.log(0.5) + 0.3 * math.log(0.3) + 0.2 * math.log(0.2)) / math.log(3)
    assert found["uncertainty_entropy"] == pytest.approx(entropy)
    assert found[OBJECTNESS] == pytest.approx(0.5)
    assert found[FREQUENCY] == 1.0


def test_an_image_is_as_uncertain_as_its_most_uncertain_object() -> None:
    sure, unsure = Entry(1, 0.9, (1.0, 0.0, 0.0)), Entry(2, 0.3, (0.3, 0.4, 0.3))
    found = scores_of([sure, unsure], has_objects=True)
    assert found["uncertainty_least_confidence"] == pytest.approx(0.6)
    assert found["uncertainty_margin"] == pytest.approx(0.9)
    assert found[OBJECTNESS] == pytest.approx(1 - (0.9 + 0.3) / 2)


def test_further_objects_of_a_class_count_less() -> None:
    entries = [Entry(1, 0.5)] * 3 + [Entry(2, 0.5)]
    assert scores_of(entries, has_objects=True)[FREQUENCY] == pytest.approx(1 + 2 * 0.25 + 1)
    assert scaled([0.0, 1.0, 2.5, math.nan])[:3] == pytest.approx([0.9, 0.94, 1.0])
    assert math.isnan(scaled([0.0, math.nan])[1])
    assert scaled([1.0, 1.0]) == [1.0, 1.0]


def test_without_probabilities_and_without_objects() -> None:
    assert scores_of([Entry(1, 0.8)], has_objects=False) == {"uncertainty_least_confidence": pytest.approx(0.2)}
    assert scores_of([], has_objects=True) == dict.fromkeys(SCORES, 0.0)
    assert scores_of([], has_objects=False) == {}


shares = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6).filter(lambda each: sum(each) > 0)


@given(st.lists(st.builds(Entry, st.integers(0, 3), st.floats(0, 1), shares.map(tuple)), min_size=1, max_size=5))
def test_scores_lie_between_0_and_1(entries: list[Entry]) -> None:
    found = scores_of(entries, has_objects=True)
    assert all(-1e-9 <= value <= 1 + 1e-9 for name, value in found.items() if name != FREQUENCY)


def document(*entries: Any) -> bytes:
    return json.dumps({"file_name": "a.jpg", "predictions": list(entries)}).encode()


def test_predictions_of_a_file() -> None:
    entries = [
        {"category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.5},
        {"category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.7},
        {"category_id": 7, "bbox": [0, 0, 1, 1], "score": 0.9, "probabilities": [0.0, 0.1, 0.9]},
        {"category_id": 99, "bbox": [0, 0, 1, 1], "score": 0.9},
        {"category_id": True, "score": 0.9},
        "no object",
    ]
    found = predictions_of(document(*entries), BOXES)
    assert (found["state"], found["counts"]) == (USED, {"1": 2, "7": 1})
    assert found["scores"]["uncertainty_least_confidence"] == pytest.approx(0.5)
    assert predictions_of(document({"category_id": 0}), KIND)["counts"] == {"0": 1}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"predictions": 3}', b"\xff\xfe", b"[" * 10_000])
def test_broken_files(content: bytes) -> None:
    assert predictions_of(content, BOXES) == {"state": BROKEN}
    assert metadata_of(content) is None


def test_a_missing_file_is_no_broken_one() -> None:
    assert predictions_of(None, BOXES) == {"state": MISSING}


@pytest.mark.parametrize("odd", [[1, 2], [0.5, "x", 0.5], [0, 0, 0], [math.nan, 0, 1], [-1, 1, 1], "x", None])
def test_odd_probabilities_are_left_out(odd: Any) -> None:
    text = json.dumps({"predictions": [{"category_id": 1, "score": 0.25, "probabilities": odd}]})
    found = predictions_of(text.encode(), BOXES)
    if found["state"] == USED:  # NaN is not JSON
        assert found["scores"]["uncertainty_least_confidence"] == pytest.approx(0.75)
        assert "uncertainty_entropy" not in found["scores"]


def test_values_of_metadata() -> None:
    metadata = {"scene": {"weather": "sun", "tags": ["a", {"b": 3}]}, "speed": 7.5, "dark": True}
    assert value_at(metadata, "scene.weather") == "sun"
    assert value_at(metadata, "scene.tags[1].b") == 3
    assert value_at(metadata, "scene.tags[5]") is None
    assert value_at(metadata, "scene.weather.more") is None
    assert value_at(None, "scene") is None
    assert (number_in(7.5), number_in(3)) == (7.5, 3.0)
    assert all(math.isnan(number_in(each)) for each in (True, "3", None, math.inf, [1]))
    assert (category_in(True), category_in("x"), category_in(3), category_in(None)) == ("true", "x", "3", None)
    assert category_in({}) is None
