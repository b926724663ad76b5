"""Each strategy against a slow reference."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.selection.balance import off_target
from runs.selection.config import (
    Balance,
    ClassDistribution,
    Distribution,
    Diversity,
    Operation,
    Random,
    Similarity,
    Strategy,
    Threshold,
    Typicality,
    Weights,
)
from runs.selection.explaining import Explanation
from runs.selection.report import report_of
from runs.selection.samples import Classes, Floats, Samples
from runs.selection.steps import Ending
from tests.runs.selection.making import (
    NUMBER,
    OBJECTS,
    QUERY,
    SCORE,
    WEATHER,
    choose,
    distances,
    make_samples,
    unit,
)

FEW = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10_000)


def some_vectors(count: int, seed: int, dimensions: int = 5) -> Samples:
    vectors = np.random.default_rng(seed).standard_normal((count, dimensions))
    return Samples([f"{number:04}" for number in range(count)], embeddings=vectors)


@FEW
@given(seeds, st.integers(2, 40), st.integers(1, 20))
def test_diversity_covers_as_farthest_first_does(seed: int, count: int, wanted: int) -> None:
    samples = some_vectors(count, seed)
    assert samples.embeddings is not None
    table = distances(unit(samples.embeddings), unit(samples.embeddings))
    expected = [0]
    while len(expected) < min(wanted, count):
        nearest = table[:, expected].min(axis=1)
        nearest[expected] = -1
        expected.append(int(nearest.argmax()))
    chooser = choose(samples, wanted, Diversity())
    radius = table[:, chooser.chosen].min(axis=1).max()
    assert radius == pytest.approx(table[:, expected].min(axis=1).max(), abs=2e-3)
    assert chooser.chosen == expected
    (achieved,) = report_of(chooser, Explanation(chooser)).achieved
    assert achieved.figures["cover_radius"] == pytest.approx(radius, abs=2e-3)


@FEW
@given(seeds, st.floats(0.1, 1.5))
def test_no_two_are_closer_than_the_minimum_distance(seed: int, least: float) -> None:
    samples = some_vectors(30, seed)
    assert samples.embeddings is not None
    table = distances(unit(samples.embeddings), unit(samples.embeddings))
    for strategies in ((Diversity(minimum_distance=least),), (Diversity(0.0, least), Weights(Random()))):
        chooser = choose(samples, 30, *strategies)
        own = table[np.ix_(chooser.chosen, chooser.chosen)]
        assert (own[~np.eye(len(own), dtype=bool)] >= least - 1e-3).all()
        assert chooser.ending in (Ending.DISTANCE, Ending.ENOUGH)
        if chooser.ending is Ending.DISTANCE:  # and there is no place for another one
            assert table[:, chooser.chosen].min(axis=1).max() < least + 1e-3


@pytest.mark.parametrize(
    ("operation", "compare"),
    [
        (Operation.SMALLER, operator.lt),
        (Operation.SMALLER_EQUAL, operator.le),
        (Operation.BIGGER, operator.gt),
        (Operation.BIGGER_EQUAL, operator.ge),
    ],
)
@FEW
@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.1 + 0.2, np.nan, np.inf, -np.inf]), max_size=20))
def test_thresholds_are_strict(
    operation: Operation, compare: Callable[[float, float], bool], values: list[float]
) -> None:
    """0.1 + 0.2 is not 0.3, and in float32 it would be."""
    samples = Samples([str(1000 + at) for at in range(len(values))], numbers={SCORE: np.array(values)})
    chooser = choose(samples, 50, Threshold(SCORE, operation, 0.3), Weights(SCORE))
    assert set(chooser.chosen) == {at for at, value in enumerate(values) if np.isfinite(value) and compare(value, 0.3)}


def greedy(table: Floats, target: Floats, start: Floats, wanted: int) -> list[int]:
    """Each time the first sample that leaves the mix closest to the target, by trying all."""
    chosen: list[int] = []
    mix = start.astype(float).copy()
    for _ in range(min(wanted, len(table))):
        left = [row for row in range(len(table)) if row not in chosen]
        shares = [(mix + table[row]) / max((mix + table[row]).sum(), 1e-300) for row in left]
        errors = np.array([((share - target) ** 2).sum() for share in shares])
        best = left[int(np.flatnonzero(errors <= errors.min() + 1e-12)[0])]
        chosen.append(best)
        mix += table[best]
    return chosen


@FEW
@given(seeds, st.integers(1, 40), st.sampled_from([(0.5, 0.3, 0.2), (1 / 3, 1 / 3, 1 / 3), (0.0, 1.0, 0.0)]))
def test_balance_of_categories_is_within_one_sample_of_the_best_greedy(
    seed: int, wanted: int, target: tuple[float, ...]
) -> None:
    chance = np.random.default_rng(seed)
    codes = chance.choice(3, 40, p=[0.7, 0.2, 0.1])
    names = ("a", "b", "c")
    samples = Samples(
        [f"{at:02}" for at in range(40)], classes={WEATHER: Classes.of_categories([names[code] for code in codes])}
    )
    chooser = choose(samples, wanted, Balance(WEATHER, Distribution.TARGET, tuple(zip(names, target, strict=True))))
    expected = greedy(np.eye(3)[codes], np.array(target), np.zeros(3), wanted)
    ours, best = (np.bincount(codes[rows], minlength=3) for rows in (chooser.chosen, expected))
    assert np.abs(ours - best).max() <= 1


@FEW
@given(seeds, st.integers(1, 25))
def test_balance_of_objects_is_as_close_as_the_best_greedy(seed: int, wanted: int) -> None:
    """With samples of several classes, and of none, and preselected ones."""
    samples = make_samples(30, seed, preselected=0.2)
    held = samples.is_preselected()
    table = samples.classes[OBJECTS].values.astype(float)
    target = np.array([0.75, 0.25])
    chooser = choose(samples, wanted, Balance(OBJECTS, Distribution.TARGET, (("bus", 0.75), ("car", 0.25))))
    free = np.flatnonzero(~held)
    expected = free[greedy(table[free], target, table[held].sum(axis=0), wanted)]
    mixes = [table[held].sum(axis=0) + table[rows].sum(axis=0) for rows in (np.array(chooser.chosen), expected)]
    assert off_target(mixes[0], target) == pytest.approx(off_target(mixes[1], target), abs=1 / max(1, mixes[1].sum()))
    (achieved,) = report_of(chooser, Explanation(chooser)).achieved
    if mixes[0].sum():
        assert achieved.figures["off_target"] == pytest.approx(off_target(mixes[0], np.array([0.75, 0.25])))
        assert [share.chosen for share in achieved.shares[:2]] == pytest.approx(list(mixes[0] / mixes[0].sum()))


def test_shares_that_are_missing_to_one_belong_to_all_other_classes() -> None:
    weather = ["sunny"] * 50 + ["rainy"] * 30 + ["foggy"] * 20
    samples = Samples([f"{at:03}" for at in range(100)], classes={WEATHER: Classes.of_categories(weather)})
    chooser = choose(samples, 20, Balance(WEATHER, Distribution.TARGET, (("rainy", 0.25),)))
    assert sum(weather[row] == "rainy" for row in chooser.chosen) == 5


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (Distribution.UNIFORM, {"sunny": 10, "rainy": 10, "foggy": 10}),
        (Distribution.INPUT, {"sunny": 15, "rainy": 9, "foggy": 6}),
    ],
)
def test_uniform_and_input_distributions(distribution: Distribution, expected: dict[str, int]) -> None:
    weather = ["sunny"] * 50 + ["rainy"] * 30 + ["foggy"] * 20
    samples = Samples([f"{at:03}" for at in range(100)], classes={WEATHER: Classes.of_categories(weather)})
    chooser = choose(samples, 30, Balance(WEATHER, distribution))
    found = [weather[row] for row in chooser.chosen]
    assert {name: found.count(name) for name in expected} == expected


def test_only_the_categories_that_are_named_count() -> None:
    source = ClassDistribution("boxes", ("bus", "car"))
    table = np.array([[1, 0, 50]] * 10 + [[0, 1, 0]] * 10)
    samples = Samples(
        [f"{at:02}" for at in range(20)], classes={source: Classes.of_amounts(["bus", "car", "person"], table)}
    )
    chooser = choose(samples, 10, Balance(source, Distribution.UNIFORM))
    assert sum(row < 10 for row in chooser.chosen) == 5


def test_balance_holds_its_ground_beside_weights() -> None:
    """Sunny samples have the larger numbers, and half of the chosen ones shall be rainy."""
    samples = Samples(
        [f"{at:03}" for at in range(200)],
        numbers={SCORE: np.r_[np.linspace(0.5, 1.0, 100), np.linspace(0.1, 0.6, 100)]},
        classes={WEATHER: Classes.of_categories(["sunny"] * 100 + ["rainy"] * 100)},
    )
    balance = Balance(WEATHER, Distribution.UNIFORM)
    rainy = [
        sum(row >= 100 for row in choose(samples, 100, *strategies).chosen)
        for strategies in (
            (Weights(SCORE),),
            (Weights(SCORE), balance),
            (Weights(SCORE), Balance(WEATHER, Distribution.UNIFORM, strength=100.0)),
        )
    ]
    assert rainy[0] < 25
    assert 44 <= rainy[1] <= 50
    assert rainy[2] == 50
    best = sorted(np.argsort(-samples.numbers[SCORE][100:])[:50] + 100)
    chosen = choose(samples, 100, Weights(SCORE), Balance(WEATHER, Distribution.UNIFORM, strength=100.0)).chosen
    assert sorted(row for row in chosen if row >= 100) == best


@pytest.mark.parametrize("strength", [1.0, -1.0, 1e9, -1e9, 1e-6])
def test_weights_take_the_largest_or_the_smallest_and_missing_ones_last(strength: float) -> None:
    values = np.array([0.0, 3.0, np.nan, 1.0, 1e-12, 2.0, np.inf, 3.0])
    samples = Samples("abcdefgh", numbers={SCORE: values})
    names = choose(samples, 8, Weights(SCORE, strength)).names()
    assert "".join(names) == ("bhfdeacg" if strength > 0 else "aedfbhcg")


@pytest.mark.parametrize("values", [(-5.0, -9.0, -7.0), (2.0, -1.0, 0.0), (1.7e308, -1.7e308, 0.0)])
def test_weights_below_zero(values: tuple[float, ...]) -> None:
    samples = Samples("abc", numbers={SCORE: np.array(values)})
    assert choose(samples, 3, Weights(SCORE)).names() == ["a", "c", "b"]
    assert choose(samples, 3, Weights(SCORE, -1.0)).names() == ["b", "c", "a"]


def test_a_sum_never_exceeds_its_maximum() -> None:
    samples = Samples("abcde", numbers={NUMBER: np.array([5, 4, 3, np.nan, 0])})
    chooser = choose(samples, 5, Weights(NUMBER, maximum_sum=9))
    assert chooser.names() == ["a", "b"]
    assert chooser.ending is Ending.SUM
    assert choose(samples, 5, Weights(NUMBER, -1.0, maximum_sum=100)).ending is Ending.ENOUGH


@FEW
@given(seeds, st.integers(5, 25), st.floats(0, 1))
def test_a_range_of_the_sum_is_reached_if_it_can_be(seed: int, wanted: int, where: float) -> None:
    numbers = np.random.default_rng(seed).integers(0, 20, 60).astype(float)
    ordered = np.sort(numbers)
    least, most = ordered[:wanted].sum(), ordered[-wanted:].sum()
    low = least + where * (most - least)
    samples = Samples([f"{at:02}" for at in range(60)], numbers={NUMBER: numbers})
    chooser = choose(samples, wanted, Weights(NUMBER, range_from=low - 10, range_to=low + 10))
    assert low - 10 <= numbers[chooser.chosen].sum() <= low + 10
    assert not report_of(chooser, Explanation(chooser)).missed


@FEW
@given(seeds, st.integers(2, 6))
def test_typicality_is_that_of_the_nearest_neighbours(seed: int, neighbours: int) -> None:
    samples = some_vectors(40, seed)
    assert samples.embeddings is not None
    table = distances(unit(samples.embeddings), unit(samples.embeddings))
    np.fill_diagonal(table, np.inf)
    expected = np.exp(-np.sort(table, axis=1)[:, :neighbours].mean(axis=1))
    strategy = Typicality(neighbours)
    chooser = choose(samples, 10, strategy)
    assert chooser.computed()[strategy] == pytest.approx(expected, abs=2e-3)
    assert expected[chooser.chosen].min() >= np.sort(expected)[-10] - 2e-3
    limited = choose(samples, 40, Typicality(neighbours, minimum_typicality=float(np.median(expected)) + 1e-4))
    assert set(limited.chosen) == set(np.flatnonzero(expected >= np.median(expected) + 1e-4).tolist())
    assert limited.ending is Ending.TYPICALITY


@FEW
@given(seeds)
def test_similarity_takes_the_nearest_to_any_sample_of_the_query(seed: int) -> None:
    samples = make_samples(40, seed)
    assert samples.embeddings is not None
    near = distances(unit(samples.embeddings), unit(samples.queries[QUERY])).min(axis=1)
    chosen = choose(samples, 10, Similarity(QUERY)).chosen
    assert near[chosen].max() <= np.sort(near)[9] + 2e-3
    far = choose(samples, 10, Similarity(QUERY, -1.0)).chosen
    assert near[far].min() >= np.sort(near)[-10] - 2e-3


def test_random_numbers_come_from_seed_and_name() -> None:
    samples = Samples([f"{at:03}" for at in range(100)])
    first, again, other = (choose(samples, 10, Weights(Random(seed))).names() for seed in (1, 1, 2))
    assert first == again != other
    assert choose(samples, 10, Weights(Random()), seed=1).names() == first
    less = Samples([name for name in samples.names if name in first or name > "050"])
    assert choose(less, 10, Weights(Random(1))).names() == first
    assert choose(samples, 10, Weights(Random(-(10**100)))).names() != first
    thousand = Samples([str(at) for at in range(2000)])
    half = choose(thousand, 2000, Threshold(Random(5), Operation.SMALLER, 0.5))
    assert 850 < len(half.chosen) < 1150


def test_thresholds_alone_leave_the_order_to_chance() -> None:
    samples = Samples([f"{at:03}" for at in range(100)], numbers={SCORE: np.ones(100)})
    one, two = (choose(samples, 10, Threshold(SCORE, Operation.BIGGER, 0), seed=seed).names() for seed in (1, 2))
    assert one != two
    assert one != sorted(samples.names)[:10]


@FEW
@given(seeds, st.sampled_from([(1.0, 1.0), (2.0, 0.5), (-1.0, 1.0), (1.0, -1.0)]))
def test_the_product_decides(seed: int, strengths: tuple[float, float]) -> None:
    """Against trying out all, with the product of the documentation."""
    chance = np.random.default_rng(seed)
    vectors, scores = chance.standard_normal((20, 4)), chance.random(20) + 0.1
    samples = Samples([f"{at:02}" for at in range(20)], embeddings=vectors, numbers={SCORE: scores})
    table = distances(unit(vectors), unit(vectors))
    strategies: tuple[Strategy, ...] = (Diversity(strengths[0]), Weights(SCORE, strengths[1]))
    chosen = choose(samples, 8, *strategies).chosen
    assert chosen[0] == int((scores ** strengths[1]).argmax())
    for place, row in list(enumerate(chosen))[1:]:
        products = table[:, chosen[:place]].min(axis=1).clip(1e-9) ** strengths[0] * scores ** strengths[1]
        products[chosen[:place]] = -1
        assert products[row] >= products.max() * (1 - 1e-3)


def test_the_better_comes_first() -> None:
    samples = make_samples(60, 3)
    scores = choose(samples, 20, Weights(SCORE)).state.scores
    assert all(before >= after for before, after in pairwise(scores))
