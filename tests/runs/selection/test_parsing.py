"""Every key of the selection configuration, once right and once for each way to be wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.selection.config import (
    Balance,
    CategoryCount,
    ClassDistribution,
    Distribution,
    Diversity,
    Metadata,
    Operation,
    Query,
    Random,
    Scores,
    Selection,
    Similarity,
    Strategy,
    Threshold,
    Typicality,
    Weights,
)
from runs.selection.parsing import Problem, parse

EMBEDDINGS = {"type": "EMBEDDINGS"}
SCORES = {"type": "SCORES", "task": "boxes", "score": "uncertainty_entropy"}
METADATA = {"type": "METADATA", "key": "weather.temperature"}
CLASSES = {"type": "PREDICTIONS", "name": "CLASS_DISTRIBUTION", "task": "boxes"}
COUNT = {"type": "PREDICTIONS", "name": "CATEGORY_COUNT", "task": "boxes"}
QUERY = {"type": "EMBEDDINGS", "datasetId": "a" * 24, "tagName": "mistakes"}
DIVERSITY = {"type": "DIVERSITY"}
WEIGHTS = {"type": "WEIGHTS"}
THRESHOLD = {"type": "THRESHOLD", "threshold": 20, "operation": "BIGGER"}
TYPICALITY = {"type": "TYPICALITY", "numNearestNeighbors": 20}
SIMILARITY = {"type": "SIMILARITY"}
BALANCE = {"type": "BALANCE", "target": {"car": 0.3, "bus": 0.2}}


def config(source: Any = EMBEDDINGS, strategy: Any = DIVERSITY, **others: Any) -> dict[str, Any]:
    return {"nSamples": 10, "strategies": [{"input": source, "strategy": strategy}], **others}


def problems(raw: Any, **options: Any) -> tuple[Problem, ...]:
    found = parse(raw, **options)
    assert isinstance(found, tuple), "there is a problem"
    return found


def pointers(raw: Any) -> list[str]:
    return [problem.pointer for problem in problems(raw)]


RIGHT: list[tuple[dict[str, Any], dict[str, Any], Strategy]] = [
    (EMBEDDINGS, DIVERSITY, Diversity()),
    ({**EMBEDDINGS, "task": ""}, DIVERSITY, Diversity()),
    (EMBEDDINGS, {**DIVERSITY, "stopping_condition_minimum_distance": 0.2, "strength": -2}, Diversity(-2, 0.2)),
    (EMBEDDINGS, {**TYPICALITY, "stoppingConditionMinimumTypicality": 0.4}, Typicality(20, minimum_typicality=0.4)),
    (QUERY, {**SIMILARITY, "strength": 0}, Similarity(Query("a" * 24, "mistakes"), 0.0)),
    (SCORES, WEIGHTS, Weights(Scores("boxes", "uncertainty_entropy"))),
    (SCORES, THRESHOLD, Threshold(Scores("boxes", "uncertainty_entropy"), Operation.BIGGER, 20)),
    (METADATA, {**WEIGHTS, "stoppingConditionMaxSum": 5}, Weights(Metadata("weather.temperature"), maximum_sum=5)),
    ({**METADATA, "key": "lightly.sharpness"}, {**THRESHOLD, "operation": "SMALLER_EQUAL", "threshold": -0.5},
     Threshold(Metadata("lightly.sharpness"), Operation.SMALLER_EQUAL, -0.5)),
    (METADATA, {"type": "BALANCE", "distribution": "INPUT"},
     Balance(Metadata("weather.temperature"), Distribution.INPUT)),
    (CLASSES, BALANCE, Balance(ClassDistribution("boxes"), Distribution.TARGET, (("bus", 0.2), ("car", 0.3)))),
    ({**CLASSES, "categories": ["car", "bus"]}, {**BALANCE, "distribution": "TARGET"},
     Balance(ClassDistribution("boxes", ("bus", "car")), Distribution.TARGET, (("bus", 0.2), ("car", 0.3)))),
    (CLASSES, {"type": "BALANCE", "distribution": "UNIFORM"},
     Balance(ClassDistribution("boxes"), Distribution.UNIFORM)),
    ({**COUNT, "categories": ["car"]}, {**WEIGHTS, "targetRange": {"minSum": 5, "maxSum": 9.5}},
     Weights(CategoryCount("boxes", ("car",)), range_from=5, range_to=9.5)),
    ({"type": "RANDOM"}, WEIGHTS, Weights(Random())),
    ({"type": "RANDOM", "randomSeed": -3}, {**THRESHOLD, "operation": "SMALLER", "threshold": 0.5},
     Threshold(Random(-3), Operation.SMALLER, 0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("source", "strategy", "expected"), RIGHT, ids=lambda each: getattr(each, "get", str)("type"))
def test_a_right_configuration(source: dict[str, Any], strategy: dict[str, Any], expected: Strategy) -> None:
    raw = config(source, strategy)
    before = copy.deepcopy(raw)
    assert parse(raw) == Selection((expected,), count=10)
    assert raw == before


# Input, strategy, others of the selection -> where the problem is, and a word of what is expected or of the fix.
WRONG: list[tuple[Any, Any, dict[str, Any], str, str]] = [
    (EMBEDDINGS, DIVERSITY, {"nSamples": None}, "/nSamples", "proportionSamples"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": -1}, "/nSamples", "proportionSamples"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": 0}, "/nSamples", "at least 1"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": -2}, "/nSamples", "at least -1"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": 1.5}, "/nSamples", "whole number"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": True}, "/nSamples", "whole number"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": "10"}, "/nSamples", "whole number"),
    (EMBEDDINGS, DIVERSITY, {"proportionSamples": 0.5}, "/proportionSamples", "only one"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": None, "proportionSamples": 0}, "/proportionSamples", "above 0"),
    (EMBEDDINGS, DIVERSITY, {"nSamples": None, "proportionSamples": 1.1}, "/proportionSamples", "from 0 to 1"),
    (EMBEDDINGS, DIVERSITY, {"strategies": []}, "/strategies", "at least one"),
    (EMBEDDINGS, DIVERSITY, {"strategies": None}, "/strategies", "at least one"),
    (EMBEDDINGS, DIVERSITY, {"strategies": {}}, "/strategies", "list"),
    (EMBEDDINGS, DIVERSITY, {"strategies": ["x"]}, "/strategies/0", "object"),
    (EMBEDDINGS, DIVERSITY, {"n_samples": 3}, "/n_samples", "nSamples"),
    (EMBEDDINGS, DIVERSITY, {"colour": 3}, "/colour", "Remove"),
    (None, DIVERSITY, {}, "/strategies/0/input", "input"),
    (EMBEDDINGS, None, {}, "/strategies/0/strategy", "strategy"),
    ("EMBEDDINGS", DIVERSITY, {}, "/strategies/0/input", "object"),
    (EMBEDDINGS, "DIVERSITY", {}, "/strategies/0/strategy", "object"),
    ({}, DIVERSITY, {}, "/strategies/0/input/type", "EMBEDDINGS"),
    (EMBEDDINGS, {}, {}, "/strategies/0/strategy/type", "DIVERSITY"),
    ({"type": "EMBEDDING"}, DIVERSITY, {}, "/strategies/0/input/type", "Did you mean EMBEDDINGS?"),
    (EMBEDDINGS, {"type": "DIVERSIFY"}, {}, "/strategies/0/strategy/type", "Did you mean DIVERSITY?"),
    (EMBEDDINGS, {"type": 7}, {}, "/strategies/0/strategy/type", "DIVERSITY"),
    ({**EMBEDDINGS, "key": "x"}, DIVERSITY, {}, "/strategies/0/input/key", "Remove key"),
    (QUERY, DIVERSITY, {}, "/strategies/0/input/tagName", "SIMILARITY"),
    (QUERY, TYPICALITY, {}, "/strategies/0/input/tagName", "SIMILARITY"),
    (EMBEDDINGS, SIMILARITY, {}, "/strategies/0/input/tagName", "datasetId"),
    ({**EMBEDDINGS, "datasetId": "a" * 24}, SIMILARITY, {}, "/strategies/0/input/tagName", "query"),
    ({**QUERY, "datasetId": "A" * 24}, SIMILARITY, {}, "/strategies/0/input/datasetId", "24 digits"),
    ({**QUERY, "tagName": "x"}, SIMILARITY, {}, "/strategies/0/input/tagName", "tag"),
    ({"type": "SCORES", "score": "x"}, WEIGHTS, {}, "/strategies/0/input/task", "SCORES"),
    ({"type": "SCORES", "task": "x"}, WEIGHTS, {}, "/strategies/0/input/score", "SCORES"),
    ({**SCORES, "task": "a b"}, WEIGHTS, {}, "/strategies/0/input/task", "my_detections"),
    ({**SCORES, "task": ""}, WEIGHTS, {}, "/strategies/0/input/task", "not empty"),
    ({"type": "METADATA"}, WEIGHTS, {}, "/strategies/0/input/key", "weather.temperature"),
    ({"type": "METADATA", "key": 5}, WEIGHTS, {}, "/strategies/0/input/key", "text"),
    ({"type": "METADATA", "key": "lightly.sharp"}, WEIGHTS, {}, "/strategies/0/input/key", "sharpness"),
    ({"type": "METADATA", "key": "lightly"}, WEIGHTS, {}, "/strategies/0/input/key", "sharpness"),
    ({"type": "PREDICTIONS", "task": "x"}, BALANCE, {}, "/strategies/0/input/name", "CLASS_DISTRIBUTION"),
    ({"type": "PREDICTIONS", "name": "CATEGORY_COUNT"}, WEIGHTS, {}, "/strategies/0/input/task", "PREDICTIONS"),
    ({**COUNT, "categories": []}, WEIGHTS, {}, "/strategies/0/input/categories", "list"),
    ({**COUNT, "categories": "car"}, WEIGHTS, {}, "/strategies/0/input/categories", "list"),
    ({**COUNT, "categories": ["car", "car"]}, WEIGHTS, {}, "/strategies/0/input/categories/1", "once"),
    ({**COUNT, "categories": ["car", 1]}, WEIGHTS, {}, "/strategies/0/input/categories/1", "name"),
    ({"type": "RANDOM", "randomSeed": 0.5}, WEIGHTS, {}, "/strategies/0/input/randomSeed", "whole"),
    (SCORES, DIVERSITY, {}, "/strategies/0/strategy/type", "WEIGHTS or THRESHOLD"),
    (SCORES, BALANCE, {}, "/strategies/0/strategy/type", "WEIGHTS or THRESHOLD"),
    (EMBEDDINGS, WEIGHTS, {}, "/strategies/0/strategy/type", "DIVERSITY, SIMILARITY or TYPICALITY"),
    (METADATA, TYPICALITY, {}, "/strategies/0/strategy/type", "WEIGHTS, THRESHOLD or BALANCE"),
    (CLASSES, WEIGHTS, {}, "/strategies/0/strategy/type", "Use BALANCE"),
    (COUNT, BALANCE, {}, "/strategies/0/strategy/type", "WEIGHTS or THRESHOLD"),
    ({"type": "RANDOM"}, SIMILARITY, {}, "/strategies/0/strategy/type", "WEIGHTS or THRESHOLD"),
    (EMBEDDINGS, {**DIVERSITY, "strength": 2e9}, {}, "/strategies/0/strategy/strength", "1e+09"),
    (EMBEDDINGS, {**DIVERSITY, "strength": "1"}, {}, "/strategies/0/strategy/strength", "without quotes"),
    (EMBEDDINGS, {**DIVERSITY, "strength": float("nan")}, {}, "/strategies/0/strategy/strength", "number"),
    (EMBEDDINGS, {**DIVERSITY, "strength": 10**400}, {}, "/strategies/0/strategy/strength", "number"),
    (EMBEDDINGS, {**DIVERSITY, "stopping_condition_minimum_distance": -1}, {},
     "/strategies/0/strategy/stopping_condition_minimum_distance", "from 0 to 2"),
    (EMBEDDINGS, {**DIVERSITY, "stopping_condition_minimum_distance": 2.5}, {},
     "/strategies/0/strategy/stopping_condition_minimum_distance", "from 0 to 2"),
    (EMBEDDINGS, {**DIVERSITY, "stoppingConditionMinimumDistance": 1}, {},
     "/strategies/0/strategy/stoppingConditionMinimumDistance", "Did you mean stopping_condition_minimum_distance?"),
    (EMBEDDINGS, {"type": "TYPICALITY"}, {}, "/strategies/0/strategy/numNearestNeighbors", "at least 2"),
    (EMBEDDINGS, {**TYPICALITY, "numNearestNeighbors": 1}, {},
     "/strategies/0/strategy/numNearestNeighbors", "at least 2"),
    (EMBEDDINGS, {**TYPICALITY, "stoppingConditionMinimumTypicality": 0}, {},
     "/strategies/0/strategy/stoppingConditionMinimumTypicality", "above 0 up to 1"),
    (EMBEDDINGS, {**TYPICALITY, "stoppingConditionMinimumTypicality": 1.5}, {},
     "/strategies/0/strategy/stoppingConditionMinimumTypicality", "above 0 up to 1"),
    (SCORES, {**WEIGHTS, "stoppingConditionMaxSum": -1}, {},
     "/strategies/0/strategy/stoppingConditionMaxSum", "at least 0"),
    (SCORES, {**WEIGHTS, "targetRange": {}}, {}, "/strategies/0/strategy/targetRange", "minSum"),
    (SCORES, {**WEIGHTS, "targetRange": [1, 2]}, {}, "/strategies/0/strategy/targetRange", "object"),
    (SCORES, {**WEIGHTS, "targetRange": {"minSum": 3, "maxSum": 2}}, {},
     "/strategies/0/strategy/targetRange/maxSum", "at least minSum"),
    (SCORES, {**WEIGHTS, "targetRange": {"minSum": 3, "max": 4}}, {},
     "/strategies/0/strategy/targetRange/max", "minSum and maxSum"),
    (SCORES, {**WEIGHTS, "target": {"a": 1}}, {}, "/strategies/0/strategy/target", "targetRange"),
    (SCORES, {"type": "THRESHOLD", "operation": "BIGGER"}, {}, "/strategies/0/strategy/threshold", "THRESHOLD"),
    (SCORES, {"type": "THRESHOLD", "threshold": 1}, {}, "/strategies/0/strategy/operation", "BIGGER_EQUAL"),
    (SCORES, {**THRESHOLD, "operation": "GREATER"}, {}, "/strategies/0/strategy/operation", "BIGGER"),
    (SCORES, {**THRESHOLD, "operation": "biggerequal"}, {},
     "/strategies/0/strategy/operation", "Did you mean BIGGER_EQUAL?"),
    (SCORES, {**THRESHOLD, "strength": 2}, {}, "/strategies/0/strategy/strength", "Remove strength"),
    (CLASSES, {"type": "BALANCE"}, {}, "/strategies/0/strategy/target", "TARGET"),
    (CLASSES, {"type": "BALANCE", "target": {}}, {}, "/strategies/0/strategy/target", "at least one class"),
    (CLASSES, {"type": "BALANCE", "target": [0.1]}, {}, "/strategies/0/strategy/target", "object"),
    (CLASSES, {"type": "BALANCE", "target": {"a/b": 1.5}}, {}, "/strategies/0/strategy/target/a~1b", "from 0 to 1"),
    (CLASSES, {"type": "BALANCE", "target": {"car": "half"}}, {}, "/strategies/0/strategy/target/car", "number"),
    (CLASSES, {"type": "BALANCE", "target": {"car": None}}, {}, "/strategies/0/strategy/target/car", "number"),
    (CLASSES, {"type": "BALANCE", "target": {"car": 0.7, "bus": 0.7}}, {},
     "/strategies/0/strategy/target", "theirs is 1.4"),
    (CLASSES, {**BALANCE, "distribution": "UNIFORM"}, {}, "/strategies/0/strategy/distribution", "TARGET"),
    (CLASSES, {**BALANCE, "distribution": "EQUAL"}, {}, "/strategies/0/strategy/distribution", "UNIFORM"),
    ({**CLASSES, "categories": ["bus"]}, BALANCE, {}, "/strategies/0/strategy/target/car", "categories"),
    ({**EMBEDDINGS, "task": "boxes"}, DIVERSITY, {}, "/strategies/0/input/task", "not supported yet"),
    (EMBEDDINGS, DIVERSITY, {"lightlyPathRegex": "(?P<x>.*)"}, "/lightlyPathRegex", "not supported yet"),
    (EMBEDDINGS, DIVERSITY, {"autoTasks": [{"type": "TILING"}]}, "/autoTasks", "not supported yet"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "strategy", "others", "pointer", "word"), WRONG)
def test_one_mistake_is_one_problem(
    source: Any, strategy: Any, others: dict[str, Any], pointer: str, word: str
) -> None:
    (problem,) = problems(config(source, strategy, **others))
    assert problem.pointer == pointer
    assert word in f"{problem.expected} {problem.fix}"
    assert problem.found
    assert problem.fix
    assert problem.unsupported == (word == "not supported yet")


@pytest.mark.parametrize("raw", [None, [], "x", 5])
def test_what_is_no_object_at_all(raw: Any) -> None:
    (problem,) = problems(raw)
    assert str(problem).startswith("(configuration): found ")


def test_all_problems_come_at_once() -> None:
    raw = {
        "nSamples": "many",
        "strategies": [
            {"input": {"type": "SCORES", "task": "a b"}, "strategy": {"type": "THRESHOLD"}},
            {"input": EMBEDDINGS, "strategy": {"type": "TYPICALITY", "strength": "x"}, "extra": 1},
            {"input": SCORES, "strategy": DIVERSITY},
        ],
        "lightlyPathRegex": "x",
        "more": 1,
    }
    assert sorted(pointers(raw)) == sorted(
        [
            "/nSamples",
            "/strategies/0/input/task",
            "/strategies/0/input/score",
            "/strategies/0/strategy/threshold",
            "/strategies/0/strategy/operation",
            "/strategies/1/strategy/numNearestNeighbors",
            "/strategies/1/strategy/strength",
            "/strategies/1/extra",
            "/strategies/2/strategy/type",
            "/lightlyPathRegex",
            "/more",
        ]
    )


def test_what_clients_send_for_nothing_is_no_problem() -> None:
    """Client 1.5.26 always sends an empty list; -1 is how old clients say that a number is not set."""
    raw = config(nSamples=-1, proportionSamples=0.25, autoTasks=[], lightlyPathRegex=None)
    assert parse(raw) == Selection((Diversity(),), proportion=0.25)


def test_vectors_of_any_length_may_be_farther_apart() -> None:
    raw = config(strategy={**DIVERSITY, "stopping_condition_minimum_distance": 7})
    assert parse(raw, unit_length=False) == Selection((Diversity(minimum_distance=7),), count=10)


@pytest.mark.parametrize(
    ("selection", "inputs", "wanted"),
    [
        (Selection((), count=10), 5, 10),
        (Selection((), proportion=0.1), 25, 3),
        (Selection((), proportion=0.1), 4, 1),
        (Selection((), proportion=1.0), 4, 4),
        (Selection((), proportion=0.1), 0, 0),
        (Selection(()), 4, 4),
    ],
)
def test_how_many_samples_are_wanted(selection: Selection, inputs: int, wanted: int) -> None:
    assert selection.wanted(inputs) == wanted


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["DIVERSITY", "SCORES"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["input", "strategy", "type", "target", "task", "strategies", "nSamples", "targetRange"]),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RIGHT), st.sampled_from(["input", "strategy", "nSamples", "strategies"]), _JSON)
def test_nonsense_is_a_problem_and_never_an_error(right: Any, where: str, nonsense: Any) -> None:
    raw = config(right[0], right[1])
    if where in raw:
        raw[where] = nonsense
    else:
        raw["strategies"][0][where] = nonsense
    found = parse(raw)
    if isinstance(found, tuple):
        assert found
        assert all(json.dumps(str(problem)) for problem in found)
    else:
        assert found.strategies
