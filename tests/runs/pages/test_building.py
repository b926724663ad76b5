"""The form of a new run and its configuration: one stands for the other."""

from __future__ import annotations

from typing import Any

import pytest

from runs.configuration import InvalidConfigError, parse
from runs.pages.building import NotInFormError, build, content_of, encoded, values_of
from runs.selection.config import Balance, ClassDistribution, Distribution, Metadata, Operation, Selection, Threshold

SHARPNESS = {"type": "METADATA", "key": "lightly.sharpness"}
SCORE = {"type": "SCORES", "task": "boxes", "score": "uncertainty_entropy"}
CLASSES = {"type": "PREDICTIONS", "name": "CLASS_DISTRIBUTION", "task": "boxes"}
EVERYTHING: dict[str, Any] = {
    "size_by": "share",
    "share": 12.5,
    "diversity": True,
    "diversity_distance": 0.1,
    "diversity_strength": 2.0,
    "typicality": True,
    "typicality_neighbours": 20,
    "typicality_least": 0.3,
    "typicality_strength": 0.5,
    "balance_by": encoded(CLASSES),
    "balance_distribution": "TARGET",
    "balance_target": {"car": 0.3, "big bus": 0.2},
    "balance_strength": 3.0,
    "weights_by": encoded(SCORE),
    "weights_order": "low",
    "weights_strength": 2.0,
    "threshold_by": encoded(SHARPNESS),
    "threshold_operation": "BIGGER",
    "threshold_value": 20.0,
    "threshold2_by": encoded({"type": "METADATA", "key": "weather.temperature"}),
    "threshold2_operation": "SMALLER_EQUAL",
    "threshold2_value": -1.0,
    "random": True,
    "process_all": True,
    "use_datapool": True,
    "relevant_filenames_file": "subset.txt",
    "embeddings_file": "mine.csv",
    "bypass_verify": True,
    "seed": 7,
}


def test_everything_there_and_back() -> None:
    read = parse("V4", build(EVERYTHING).content)
    assert read.ignored == []
    assert read.selection is not None
    assert read.selection.proportion == 0.125
    assert len(read.selection.strategies) == 7
    assert read.process_all
    assert read.bypass_verify
    back = values_of(read)
    assert {name: value for name, value in back.items() if value not in (None, "")} == EVERYTHING


@pytest.mark.parametrize("name", ["diversity", "typicality", "random"])
def test_one_strategy(name: str) -> None:
    values = {"size_by": "count", "count": 3, name: True, "typicality_neighbours": 20}
    read = parse("V4", build(values).content)
    assert read.selection is not None
    assert read.selection.count == 3
    assert values_of(read)[name] is True


def test_a_target_counts_only_where_it_is_meant() -> None:
    values = EVERYTHING | {"balance_distribution": "UNIFORM"}
    read = parse("V4", build(values).content)
    assert read.selection is not None
    assert Balance(ClassDistribution("boxes"), Distribution.UNIFORM, (), 3.0) in read.selection.strategies


WRONG = [
    ({"count": None}, "count"),
    ({"diversity": False}, "strategies"),
    ({"diversity_distance": 3.0}, "diversity_distance"),
    ({"balance_by": encoded(CLASSES), "balance_distribution": "TARGET"}, "balance_target"),
    ({"balance_by": encoded(CLASSES), "balance_distribution": "TARGET", "balance_target": {"car": 2.0}},
     "balance_target"),
    ({"balance_by": encoded(SCORE)}, "balance_by"),
    ({"threshold_by": encoded(SHARPNESS)}, "threshold_value"),
    ({"weights_by": encoded({"type": "METADATA", "key": "lightly.nothing"})}, "weights_by"),
    ({"relevant_filenames_file": "/subset.txt"}, "relevant_filenames_file"),
    ({"embeddings_file": "../a.csv"}, "embeddings_file"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_every_problem_finds_its_field(change: dict[str, Any], field: str) -> None:
    built = build({"size_by": "count", "count": 5, "diversity": True} | change)
    with pytest.raises(InvalidConfigError) as caught:
        parse("V4", built.content)
    assert {built.field_at(problem.pointer) for problem in caught.value.problems} == {field}


EMBEDDINGS = {"type": "EMBEDDINGS"}
QUERY = EMBEDDINGS | {"datasetId": "a" * 24, "tagName": "mistakes"}
DIVERSITY = {"input": EMBEDDINGS, "strategy": {"type": "DIVERSITY"}}
BEYOND: list[tuple[dict[str, Any], str]] = [
    ({}, "takes all samples"),
    ({"selection": {"nSamples": 3, "strategies": [{"input": QUERY, "strategy": {"type": "SIMILARITY"}}]}},
     "SIMILARITY to tag mistakes"),
    ({"selection": {"nSamples": 3, "strategies": [DIVERSITY, DIVERSITY]}}, "twice"),
    ({"selection": {"nSamples": 3, "strategies": [DIVERSITY]}, "docker": {"uploadReport": False}}, "upload_report"),
    ({"selection": {"nSamples": 3, "strategies": [
        {"input": SCORE, "strategy": {"type": "WEIGHTS", "targetRange": {"minSum": 3}}}]}}, "selection"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "words"), BEYOND)
def test_what_the_form_can_not_say(content: dict[str, Any], words: str) -> None:
    with pytest.raises(NotInFormError, match=words):
        values_of(parse("V4", content))


ALL = [
    DIVERSITY | {"strategy": {"type": "DIVERSITY", "strength": 2, "stopping_condition_minimum_distance": 0.5}},
    {"input": EMBEDDINGS, "strategy": {"type": "TYPICALITY", "numNearestNeighbors": 5}},
    {"input": QUERY, "strategy": {"type": "SIMILARITY"}},
    {"input": {**CLASSES, "categories": ["car"]}, "strategy": {"type": "BALANCE", "target": {"car": 1}}},
    {"input": {"type": "METADATA", "key": "weather"}, "strategy": {"type": "BALANCE", "distribution": "INPUT"}},
    {"input": {"type": "RANDOM", "randomSeed": 3},
     "strategy": {"type": "WEIGHTS", "stoppingConditionMaxSum": 4, "targetRange": {"maxSum": 3}}},
    {"input": {"type": "PREDICTIONS", "name": "CATEGORY_COUNT", "task": "boxes"},
     "strategy": {"type": "THRESHOLD", "threshold": 2, "operation": "SMALLER"}},
]  # fmt: skip


def test_older_versions_are_written_in_todays() -> None:
    docker = {
        "datasource": {
            "enableDatapoolUpdate": False,
            "processAll": True,
            "inputExpiration": {"minDaysToExpiration": 7, "handlingStrategy": "SKIP"},
        },
        "uploadReport": False,
        "normalizeEmbeddings": False,
        "outputImageFormat": "jpeg",
        "corruptnessCheck": {"corruptionThreshold": 0.5},
        "useDatapool": True,
    }
    content = {"docker": docker, "lightly": {"seed": 3}, "selection": {"proportionSamples": 0.5, "strategies": ALL}}
    read = parse("V4", content)
    assert parse("V4", content_of(read)) == read
    old = parse("V2", {"docker": {"method": "coreset"}})
    assert parse("V4", content_of(old)).selection == Selection(
        old.selection.strategies if old.selection else (), None, 1.0
    )


def test_strategies_are_told_from_each_other() -> None:
    values = {"size_by": "count", "count": 5, "threshold2_by": encoded(SHARPNESS), "threshold2_value": 3.0}
    read = parse("V4", build(values).content)
    assert read.selection == Selection((Threshold(Metadata("lightly.sharpness"), Operation.BIGGER, 3.0),), count=5)
