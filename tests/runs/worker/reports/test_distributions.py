"""Distributions, distances and the flat picture of embeddings, against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runs.worker.reports.distributions import amounts, categorical, numeric, sets_of
from runs.worker.reports.vectors import embedding_information, near_pairs, principal

SETS = sets_of(6, [0, 2, 5], 2, seed=1)


def test_sets() -> None:
    assert SETS.held is not None
    assert (SETS.input.tolist(), SETS.selected.tolist(), SETS.held.tolist()) == ([*range(6)], [0, 2, 5], [6, 7])
    assert len(SETS.random) == 3
    assert sets_of(6, [0, 2, 5], 2, seed=1).random.tolist() == SETS.random.tolist()
    assert list(SETS.named()) == ["input", "selected", "random", "preselectedDatapool", "selectedWithDatapool"]
    assert sets_of(6, [], 0, seed=1).held is None


def test_numbers() -> None:
    values = np.array([0.0, 10, 20, 30, math.nan, 100, 5, 200])
    told = numeric(values, SETS)
    assert told["range"] == [0.0, 200.0]
    assert sum(told["input"]["counts"]) == 5
    assert told["selected"]["metrics"] == {
        "mean": pytest.approx(40.0),
        "std": pytest.approx(np.std([0, 20, 100])),
        "min": 0.0,
        "median": 20.0,
        "max": 100.0,
    }
    assert told["selectedWithDatapool"]["metrics"]["max"] == 200.0
    nothing = numeric(np.full(8, math.nan), SETS)
    assert nothing["range"] == [0.0, 1.0]
    assert not any(nothing["input"]["counts"])
    assert numeric(np.full(8, 3.0), SETS)["range"] == [3.0, 4.0]


def test_categories() -> None:
    told = categorical(["a", "b", "a", None, "b", "a", "c", "a"], SETS)
    assert told["input"]["counts"] == {"a": 3, "b": 2, "c": 0}
    assert told["selected"]["counts"] == {"a": 3, "b": 0, "c": 0}
    assert told["selected"]["metrics"] == {"giniImbalance": pytest.approx(1.0), "normalizedEntropy": 0.0}
    even = categorical(["a", "b"] * 4, SETS)["input"]["metrics"]
    assert even == {"giniImbalance": pytest.approx(0.0), "normalizedEntropy": pytest.approx(1.0)}
    table = np.array([[2, 0], [1, 1], [0, 3], [0, 0], [0, 0], [1, 0], [5, 5], [0, 0]])
    assert amounts(["x", "y"], table, SETS)["selected"]["counts"] == {"x": 3, "y": 3}
    assert amounts([], np.zeros((8, 0)), SETS)["input"]["counts"] == {}


@pytest.mark.parametrize(("count", "size"), [(50, 6), (6, 50)])
def test_the_flat_picture_keeps_the_largest_variance(count: int, size: int) -> None:
    chance = np.random.default_rng(3)
    vectors = (chance.normal(size=(count, size)) * np.linspace(5, 0.1, size)).astype(np.float32)
    flat = principal(vectors)
    centred = vectors - vectors.mean(axis=0)
    largest = np.linalg.svd(centred, compute_uv=False)[:2]
    assert np.sqrt(np.square(flat).sum(axis=0)) == pytest.approx(largest, rel=1e-3)
    assert np.array_equal(principal(vectors), flat)
    vectors[1] = np.nan
    assert principal(vectors)[1].tolist() == [0, 0]
    assert principal(vectors[:1]).tolist() == [[0, 0]]
    assert principal(np.zeros((3, 0), np.float32)).tolist() == [[0, 0]] * 3


def test_distances() -> None:
    vectors = np.random.default_rng(5).normal(size=(8, 4)).astype(np.float32)
    names = [f"{number}.jpg" for number in range(8)]
    told = embedding_information(vectors, SETS, names, seed=1)
    between = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    chosen = SETS.selected
    cover = between[:6][:, chosen].min(axis=1)
    assert told["distanceToCoverInput"]["selected"]["metrics"]["max"] == pytest.approx(cover.max(), rel=1e-5)
    own = between[np.ix_(chosen, chosen)] + np.diag([np.inf] * 3)
    nearest = told["distanceToNearestNeighborInSet"]["selected"]["metrics"]
    assert nearest["min"] == pytest.approx(own.min(), rel=1e-5)
    plot = told["scatterPlotData"]["pcaEmbeddingData"]
    assert (len(plot["input2dEmbeddings"]), len(plot["datapool2dEmbeddings"])) == (6, 2)
    assert [each["filename"] for each in plot["exampleImages"]] == ["0.jpg", "2.jpg", "5.jpg"]
    (first, *_) = near_pairs(vectors, SETS, names)
    left = np.array([1, 3, 4])
    assert first["distance"] == pytest.approx(between[np.ix_(chosen, left)].min(), rel=1e-4)
    assert near_pairs(np.zeros((8, 0), np.float32), SETS, names) == []


def test_distances_to_very_many_are_told_of_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(3)
    known = chance.standard_normal((600, 4)).astype(np.float32)
    sets = sets_of(600, list(range(300)), 0, seed=1)
    names = [str(number) for number in range(600)]
    whole = embedding_information(known, sets, names, seed=1)["distanceToCoverInput"]["selected"]
    assert sum(whole["counts"]) == 600
    monkeypatch.setattr("runs.worker.reports.vectors.MOST_PAIRS", 300 * 150)
    some = embedding_information(known, sets, names, seed=1)["distanceToCoverInput"]["selected"]
    assert sum(some["counts"]) == 150
    assert some["metrics"]["mean"] == pytest.approx(whole["metrics"]["mean"], rel=0.3)
    assert len(near_pairs(known, sets, names)) == 5
