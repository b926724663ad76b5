"""Why samples were chosen or not, and what a selection says of its goals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.selection.choosing import Chooser
from runs.selection.config import (
    Balance,
    Distribution,
    Diversity,
    Operation,
    Similarity,
    Strategy,
    Threshold,
    Typicality,
    Weights,
)
from runs.selection.explaining import Explanation
from runs.selection.pool import Fate
from runs.selection.report import Missed, Report, report_of
from runs.selection.samples import Classes, Samples
from runs.selection.state import State
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
    some_strategies,
    unit,
)

FEW = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10_000)


def report(samples: Samples, count: int, *strategies: Strategy) -> Report:
    chooser = choose(samples, count, *strategies)
    return report_of(chooser, Explanation(chooser))


@FEW
@given(some_strategies, seeds)
def test_what_the_strategies_said_adds_up_to_the_score(strategies: tuple[Strategy, ...], seed: int) -> None:
    chooser = choose(make_samples(40, seed, preselected=0.1, broken=0.1), 12, *strategies)
    explanation = Explanation(chooser)
    if explanation.strategies:
        assert explanation.logs.sum(axis=1) == pytest.approx(chooser.state.scores, abs=1e-3)
    for place, name in enumerate(chooser.names(), 1):
        pick = explanation.pick(place)
        assert (pick.name, pick.place, pick.row) == (name, place, chooser.chosen[place - 1])
        assert [said.strategy for said in pick.said] == explanation.strategies
    with pytest.raises(IndexError):
        explanation.pick(len(chooser.chosen) + 1)


@FEW
@given(some_strategies, seeds)
def test_the_best_left_out_is_the_one_that_would_come_next(strategies: tuple[Strategy, ...], seed: int) -> None:
    samples = make_samples(40, seed, broken=0.1)
    # Ranges aim at a number of samples, so one more sample changes all of them.
    strategies = tuple(each for each in strategies if not (isinstance(each, Weights) and each.has_range))
    strategies += (Weights(SCORE),)
    explanation = Explanation(choose(samples, 8, *strategies))
    more = choose(samples, 9, *strategies)
    if len(more.chosen) == 9 and not any(getattr(each, "minimum_distance", None) for each in strategies):
        left = explanation.best_left_out(3)
        assert left[0].score == pytest.approx(more.state.scores[-1], abs=1e-3)
        assert left[0].name == more.names()[-1] or left[0].score == pytest.approx(left[1].score, abs=1e-5)
        assert [each.score for each in left] == sorted((each.score for each in left), reverse=True)


def test_what_was_said_is_what_can_be_measured() -> None:
    samples = make_samples(40, 7)
    assert samples.embeddings is not None
    strategies = (Diversity(), Weights(SCORE), Balance(WEATHER, Distribution.UNIFORM), Similarity(QUERY), Typicality(3))
    chooser = choose(samples, 6, *strategies)
    pick, before = Explanation(chooser).pick(6), chooser.chosen[:5]
    vectors = unit(samples.embeddings)
    far, weight, mix, near, typical = pick.said
    assert far.value == pytest.approx(distances(vectors[[pick.row]], vectors[before]).min(), abs=2e-3)
    assert weight.value == samples.numbers[SCORE][pick.row]
    codes = samples.classes[WEATHER].values[chooser.chosen]
    counts = np.bincount(codes, minlength=len(samples.classes[WEATHER].names))
    assert mix.value == pytest.approx(np.abs(counts / 6 - 1 / len(counts)).sum() / 2)
    assert near.value == pytest.approx(distances(vectors[[pick.row]], unit(samples.queries[QUERY])).min(), abs=2e-3)
    assert 0 < typical.value <= 1
    assert np.isnan(Explanation(chooser).pick(1).said[0].value)


LINE = np.array([[np.cos(angle), np.sin(angle)] for angle in np.linspace(0, np.pi, 11)])
ON_A_LINE = Samples(
    "abcdefghijk", embeddings=LINE, numbers={SCORE: np.arange(11.0), NUMBER: np.r_[np.nan, np.ones(10)]}
)


@pytest.mark.parametrize(
    ("count", "strategies", "name", "words"),
    [
        (2, (Diversity(),), "b", "distance to a is 0.313; the sample chosen last had 2"),
        (9, (Diversity(minimum_distance=0.5),), "b", "distance to a is 0.313, and chosen samples have at least 0.5"),
        (3, (Weights(SCORE),), "c", "score uncertainty_entropy of task boxes is 2; the sample chosen last had 8"),
        (10, (Weights(NUMBER),), "a", "number of objects of task boxes is missing; the sample chosen last had 1"),
        (3, (Weights(NUMBER),), "k", "as good as the sample chosen last"),
        (9, (Weights(SCORE, maximum_sum=25.0),), "h", "number is 7, and only 6 is left"),
        (9, (Weights(SCORE, maximum_sum=1.0),), "k", "number is 10, and only 1 is left"),
        (3, (Threshold(SCORE, Operation.BIGGER, 4.0),), "e", "is 4, and BIGGER 4 is asked"),
        (3, (Threshold(NUMBER, Operation.BIGGER, 0.0),), "a", "It has no number of objects of task boxes"),
        (3, (Typicality(2),), "a", "typicality is"),
        (9, (Typicality(2, minimum_typicality=0.7),), "a", "below the minimum of 0.7"),
    ],
)
def test_why_not(count: int, strategies: tuple[Strategy, ...], name: str, words: str) -> None:
    explanation = Explanation(choose(ON_A_LINE, count, *strategies))
    left = explanation.why_not("abcdefghijk".index(name))
    assert left.name == name
    assert words in left.why


def test_why_some_took_no_part() -> None:
    samples = Samples(
        "abcd",
        preselected=np.array([True, False, False, False]),
        embeddings=np.array([[1, 0], [2, 0], [np.nan, 0], [0, 1]]),
    )
    explanation = Explanation(choose(samples, 4, Diversity()))
    assert [explanation.why_not(row).why for row in range(3)] == [
        "The dataset holds it already.",
        "Its embedding equals that of a.",
        "Its embedding has numbers that are not finite.",
    ]
    with pytest.raises(ValueError, match="d was chosen"):
        explanation.why_not(3)


def test_why_not_for_balance_and_similarity() -> None:
    samples = Samples(
        "abcd",
        embeddings=np.array([[1, 0], [0, 1], [-1, 0], [0.9, 0.1]]),
        classes={WEATHER: Classes.of_categories(["sunny", "sunny", "sunny", "rainy"])},
        queries={QUERY: np.array([[1.0, 0.0]])},
    )
    balance = Explanation(choose(samples, 2, Balance(WEATHER, Distribution.UNIFORM)))
    assert balance.why_not(1).why == (
        "With it, 16.7% of the metadata weather would be off the wanted mix; with the sample chosen last it was 0.0%."
    )
    near = Explanation(choose(samples, 1, Similarity(QUERY)))
    assert near.why_not(2).why == "Its distance to the query is 2; the sample chosen last had 0."


def weather(**counts: int) -> Samples:
    values = [name for name, count in counts.items() for _ in range(count)]
    return Samples(
        [f"{at:03}" for at in range(len(values))],
        numbers={SCORE: np.linspace(1.0, 0.01, len(values))},
        classes={WEATHER: Classes.of_categories(values)},
    )


UNIFORM = Balance(WEATHER, Distribution.UNIFORM)


def test_a_goal_that_is_met() -> None:
    found = report(weather(sunny=50, rainy=50), 20, UNIFORM)
    (achieved,) = found.achieved
    assert not found.missed
    assert (found.chosen, found.wanted, found.ending, found.why) == (20, 20, Ending.ENOUGH, "")
    assert achieved.figures == {"off_target": 0.0}
    assert [(share.name, share.asked, share.chosen, share.input) for share in achieved.shares] == [
        ("rainy", 0.5, 0.5, 0.5),
        ("sunny", 0.5, 0.5, 0.5),
    ]


@pytest.mark.parametrize(
    ("samples", "count", "strategies", "missed", "words"),
    [
        (
            weather(sunny=90, rainy=3),
            20,
            (UNIFORM,),
            Missed.INPUT,
            "15.0% instead of 50.0%. There is no more",
        ),
        (weather(sunny=90, rainy=30), 3, (UNIFORM,), Missed.FEW, "One sample makes 33.3%"),
        (weather(sunny=90, rainy=90), 60, (UNIFORM, Weights(SCORE, 10.0)), Missed.TRADE_OFF, "more strength"),
        (
            weather(sunny=90, rainy=90),
            60,
            (Balance(WEATHER, Distribution.TARGET, (("snowy", 0.5),)),),
            Missed.INPUT,
            "snowy has 0.0% instead of 50.0%",
        ),
    ],
)
def test_a_goal_that_is_missed(
    samples: Samples, count: int, strategies: tuple[Strategy, ...], missed: Missed, words: str
) -> None:
    achieved = report(samples, count, *strategies).achieved[0]
    assert achieved.missed is missed
    assert words in achieved.why


def test_classes_that_come_together_can_not_be_balanced() -> None:
    amounts = np.array([[3, 1]] * 30)
    samples = Samples([f"{at:02}" for at in range(30)], classes={OBJECTS: Classes.of_amounts(["bus", "car"], amounts)})
    (achieved,) = report(samples, 20, Balance(OBJECTS, Distribution.UNIFORM)).achieved
    assert achieved.missed is Missed.TOGETHER
    assert achieved.figures["off_target"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("low", "high", "maximum", "missed"),
    [
        (30.0, 40.0, None, None),
        (200.0, None, None, Missed.INPUT),
        (None, 1.0, None, Missed.INPUT),
        (30.0, 40.0, 20.0, Missed.STOPPED),
    ],
)
def test_ranges_met_and_missed(
    low: float | None, high: float | None, maximum: float | None, missed: Missed | None
) -> None:
    strategy = Weights(SCORE, 1.0, maximum, low, high)
    (achieved,) = report(ON_A_LINE, 6, strategy).achieved
    assert achieved.missed is missed
    assert bool(achieved.why) == bool(missed)


def test_figures_of_the_other_strategies() -> None:
    found = report(
        ON_A_LINE, 3, Threshold(SCORE, Operation.SMALLER, 9.0), Weights(SCORE), Typicality(2, 0.0), Diversity(0.0)
    )
    threshold, weights, typicality, diversity = (each.figures for each in found.achieved)
    assert threshold == {"left_out": 2}
    assert weights == {"mean": 7.0, "mean_of_candidates": 4.0, "sum": 21.0}
    assert 0 < typicality["mean_of_candidates"] < 1
    assert diversity["smallest_distance"] == pytest.approx(2 * np.sin(np.pi / 20), abs=1e-3)
    assert diversity["cover_radius"] == pytest.approx(2 * np.sin(np.pi * 6 / 20), abs=1e-3)
    assert found.fates[Fate.FILTERED] == 2
    assert found.fates[Fate.CANDIDATE] == 9


@pytest.mark.parametrize(
    ("strategies", "ending", "words"),
    [
        ((Threshold(SCORE, Operation.SMALLER, 1.0),), Ending.NONE_LEFT, "Thresholds left out 10 samples."),
        ((Threshold(SCORE, Operation.BIGGER, 0.0),), Ending.NONE_LEFT, "Thresholds left out 1 sample."),
        ((Diversity(minimum_distance=1.0),), Ending.DISTANCE, "minimum distance"),
        ((Typicality(2, minimum_typicality=0.73),), Ending.TYPICALITY, "minimum typicality"),
        ((Weights(SCORE, maximum_sum=20.0),), Ending.SUM, "above its maximum"),
    ],
)
def test_why_there_are_fewer(strategies: tuple[Strategy, ...], ending: Ending, words: str) -> None:
    found = report(ON_A_LINE, 50, *strategies)
    assert found.ending is ending
    assert words in found.why
    assert found.chosen < found.wanted == 50


def test_nothing_chosen_has_a_report_too() -> None:
    for strategies in ((Diversity(), Typicality(2)), (Weights(SCORE, range_from=1.0),)):
        found = report(ON_A_LINE, 5, Threshold(SCORE, Operation.BIGGER, 100.0), *strategies)
        assert found.chosen == 0
        assert "cover_radius" not in found.achieved[1].figures
    chooser = choose(weather(sunny=3), 2, UNIFORM, Threshold(SCORE, Operation.BIGGER, 5.0))
    (achieved, _) = report_of(chooser, Explanation(chooser)).achieved
    assert achieved.figures == {}
    assert Explanation(chooser).best_left_out() == []


def test_a_saved_selection_is_explained_like_the_one_that_was_saved() -> None:
    samples = make_samples(40, 3, preselected=0.2)
    strategies = (Diversity(), Weights(NUMBER))
    first = choose(samples, 7, *strategies)
    state = State.from_bytes(first.state.to_bytes())
    again = Chooser(first.selection, samples, state=state)
    assert again.finished
    one, other = Explanation(first), Explanation(again)
    assert np.array_equal(one.values, other.values, equal_nan=True)
    assert one.best_left_out() == other.best_left_out()
    assert report_of(first, one) == report_of(again, other)
