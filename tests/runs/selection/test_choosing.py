"""The same result however it is cut, ordered or interrupted; and odd samples."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.selection.choosing import Chooser
from runs.selection.config import (
    Balance,
    ClassInput,
    Distribution,
    Diversity,
    Operation,
    Selection,
    Strategy,
    Threshold,
    Weights,
)
from runs.selection.pool import Fate
from runs.selection.samples import Classes, Samples, UnusableInputError
from runs.selection.state import State, UnusableStateError
from runs.selection.steps import Ending
from tests.runs.selection.making import (
    OBJECTS,
    QUERY,
    SCORE,
    STRATEGIES,
    WEATHER,
    choose,
    make_samples,
    shuffled,
    some_strategies,
)

FEW = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10_000)


@FEW
@given(some_strategies, seeds)
def test_neither_the_order_of_samples_nor_of_strategies_matters(strategies: tuple[Strategy, ...], seed: int) -> None:
    samples = make_samples(40, seed, preselected=0.1, broken=0.1)
    first = choose(samples, 15, *strategies, seed=seed)
    again = choose(samples, 15, *strategies, seed=seed)
    other = choose(shuffled(samples, seed), 15, *reversed(strategies), seed=seed)
    assert first.names() == again.names() == other.names()
    assert first.state.scores == other.state.scores
    assert first.ending is other.ending


@FEW
@given(some_strategies, seeds, st.integers(1, 5))
def test_who_stops_and_continues_elsewhere_selects_the_same(
    strategies: tuple[Strategy, ...], seed: int, picks: int
) -> None:
    samples = make_samples(40, seed, preselected=0.2, broken=0.1)
    whole = choose(samples, 15, *strategies)
    cut, saved = Chooser(Selection(strategies, count=15), samples), b""
    for _ in range(200):
        if cut.advance(picks=picks):
            break
        saved = cut.state.to_bytes()
        cut.advance(picks=1)  # lost: the worker dies before it saves this
        cut = Chooser(Selection(strategies[::-1], count=15), shuffled(samples, picks), state=State.from_bytes(saved))
    assert cut.finished
    assert cut.names() == whole.names()
    assert cut.state.to_bytes() == whole.state.to_bytes()


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_time_cuts_into_single_steps_also_while_preparing(strategy: Strategy) -> None:
    samples = make_samples(60, 1, preselected=0.5, broken=0.1)
    whole, cut = choose(samples, 10, strategy), Chooser(Selection((strategy,), count=10), samples)
    steps = 0
    while not cut.advance(seconds=0):
        steps += 1
        assert steps < 100
        cut = Chooser(Selection((strategy,), count=10), samples, state=State.from_bytes(cut.state.to_bytes()))
    assert cut.names() == whole.names()
    assert steps >= len(whole.chosen) - 1


def test_a_state_belongs_to_its_selection_and_samples() -> None:
    samples = make_samples(30, 1)
    state = choose(samples, 5, Diversity(), Weights(SCORE)).state
    others = [
        (Selection((Diversity(), Weights(SCORE)), count=6), samples),
        (Selection((Diversity(2.0), Weights(SCORE)), count=5), samples),
        (Selection((Diversity(), Weights(SCORE)), count=5), make_samples(30, 2)),
        (Selection((Diversity(), Weights(SCORE)), count=5), make_samples(29, 1)),
    ]
    for selection, other in others:
        with pytest.raises(UnusableStateError, match="another selection"):
            Chooser(selection, other, state=State.from_bytes(state.to_bytes()))
    with pytest.raises(UnusableStateError, match="another selection"):
        Chooser(Selection((Diversity(), Weights(SCORE)), count=5), samples, seed=1, state=state)
    state.picks.append(30)
    with pytest.raises(UnusableStateError, match="damaged"):
        Chooser(Selection((Diversity(), Weights(SCORE)), count=5), samples, state=state)


@pytest.mark.parametrize("cut", [0, 10, -30])
def test_bytes_that_are_no_state(cut: int) -> None:
    content = choose(make_samples(30, 1), 5, Diversity()).state.to_bytes()
    with pytest.raises(UnusableStateError, match="can't be read"):
        State.from_bytes(content[:cut])


def test_a_state_of_another_release_is_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, version=np.int64(99))
    with pytest.raises(UnusableStateError, match="another release"):
        State.from_bytes(buffer.getvalue())


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_more_are_wanted_than_there_are(strategy: Strategy) -> None:
    samples = make_samples(12, 5)
    chooser = choose(samples, 1000, strategy)
    assert len(chooser.chosen) == len(set(chooser.chosen)) <= 12
    assert chooser.ending is not Ending.ENOUGH


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_no_samples_and_only_preselected_ones(strategy: Strategy) -> None:
    samples = make_samples(6, 5)
    classes = samples.classes
    held = Samples(samples.names, np.ones(6, dtype=bool), samples.embeddings, samples.numbers, classes, samples.queries)
    assert choose(held, 3, strategy).names() == []
    assert choose(held, 3, strategy).ending is Ending.NONE_LEFT
    empty = make_samples(0, 5)
    none: dict[ClassInput, Classes] = {
        WEATHER: Classes(("sunny",), classes[WEATHER].values[:0]),
        OBJECTS: empty.classes[OBJECTS],
    }
    empty = Samples([], None, empty.embeddings, empty.numbers, none, empty.queries)
    assert choose(empty, 3, strategy).ending is Ending.NONE_LEFT


def test_nothing_passes_a_threshold() -> None:
    for others in ((), (Diversity(),), (Weights(SCORE), Balance(WEATHER, Distribution.UNIFORM))):
        chooser = choose(make_samples(20, 1), 5, Threshold(SCORE, Operation.BIGGER, 5), *others)
        assert chooser.chosen == []
        assert chooser.ending is Ending.NONE_LEFT


def test_samples_without_usable_embeddings_are_not_chosen_by_diversity() -> None:
    vectors = np.array([[1, 0], [np.nan, 1], [0, np.inf], [0, 0], [0, -2], [-np.inf, 0]])
    chooser = choose(Samples("abcdef", embeddings=vectors), 6, Diversity())
    assert sorted(chooser.names()) == ["a", "d", "e"]
    assert [Fate(int(fate)) for fate in chooser.pool.fates[[1, 2, 5]]] == [Fate.NO_EMBEDDING] * 3


def test_a_preselected_sample_without_embedding_still_counts_for_balance() -> None:
    samples = Samples(
        "abcd",
        preselected=np.array([True, False, False, False]),
        embeddings=np.array([[np.nan, 0], [1, 0], [0, 1], [-1, 0]]),
        classes={WEATHER: Classes.of_categories(["sunny", "sunny", "rainy", "rainy"])},
    )
    chooser = choose(samples, 1, Diversity(), Balance(WEATHER, Distribution.UNIFORM))
    assert chooser.names() == ["c"]


def test_equal_embeddings_are_chosen_once_unless_nearness_is_wanted() -> None:
    vectors = np.array([[1.0, 0.0], [2.0, -0.0], [0.0, 1.0], [1.0, 0.0]])
    samples = Samples(["d", "b", "c", "a"], embeddings=vectors)
    chooser = choose(samples, 4, Diversity())
    assert chooser.names() == ["a", "c"]
    assert chooser.ending is Ending.DUPLICATES
    assert chooser.pool.twins == {0: 3, 1: 3}
    assert len(choose(samples, 4, Diversity(-1.0)).chosen) == 4
    held = Samples(samples.names, preselected=np.array([True, False, False, False]), embeddings=vectors)
    assert choose(held, 4, Diversity()).names() == ["c"]


def test_huge_and_tiny_vectors_have_a_direction_too() -> None:
    vectors = np.array([[1e300, 0], [0, 1e-300], [-1e200, 1e200]])
    chooser = choose(Samples("abc", embeddings=vectors), 3, Diversity())
    assert chooser.state.distances[1] == pytest.approx(np.sqrt(2 + np.sqrt(2)), abs=1e-3)


def test_diversity_keeps_away_from_the_datapool() -> None:
    angles = np.linspace(0, np.pi, 50)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    held = np.arange(50) < 25
    samples = Samples([f"{at:02}" for at in range(50)], preselected=held, embeddings=vectors)
    assert choose(samples, 1, Diversity()).names() == ["49"]


def test_ties_go_to_the_first_name_whatever_the_rounding() -> None:
    """The corners of a cube: many distances are equal, and the products that give them are not."""
    corners = np.array([[x, y, z, 0.1] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    angle = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    names = [f"{at}" for at in range(8)]
    for vectors in (corners, corners @ angle):
        assert choose(Samples(names, embeddings=vectors), 8, Diversity()).names() == list("07123456")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": ["a", "b", "a"]}, "The name a comes twice"),
        ({"embeddings": None}, "no embeddings"),
        ({"embeddings": np.zeros((2, 4))}, "shape"),
        ({"numbers": {}}, "no values for the score"),
        ({"numbers": {SCORE: np.zeros(2)}}, "shape"),
        ({"classes": {}}, "no values for the metadata weather"),
        ({"classes": {WEATHER: Classes.of_categories(["x"])}}, "1 rows"),
        ({"classes": {WEATHER: Classes.of_categories([None, None, None])}}, "nothing to balance"),
        ({"queries": {}}, "no embeddings for the tag mistakes"),
        ({"queries": {QUERY: np.zeros((1, 3))}}, "another length"),
        ({"queries": {QUERY: np.full((1, 4), np.nan)}}, "no sample with a usable embedding"),
        ({"preselected": np.zeros(2, dtype=bool)}, "shape"),
    ],
)
def test_what_is_missing_is_said(change: dict[str, object], words: str) -> None:
    samples = make_samples(3, 1)
    fields = {name: getattr(samples, name) for name in Samples.__dataclass_fields__}
    strategies = (STRATEGIES[0], STRATEGIES[5], STRATEGIES[6], STRATEGIES[10])
    with pytest.raises(UnusableInputError, match=words):
        choose(Samples(**{**fields, **change}), 3, *strategies)


@pytest.mark.parametrize(
    ("names", "amounts", "words"),
    [(["a"], [[1, 2]], "shape"), (["a", "a"], [[1, 2]], "twice"), (["a", "b"], [[1, -2]], "below 0")],
)
def test_amounts_that_can_not_be(names: list[str], amounts: list[list[int]], words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        Classes.of_amounts(names, np.array(amounts))


def test_progress_is_told() -> None:
    chooser = Chooser(Selection((Weights(SCORE),), count=7), make_samples(30, 1))
    assert chooser.progress == (0, 7)
    chooser.advance(picks=3)
    assert chooser.progress == (3, 7)
    assert not chooser.finished
    assert chooser.advance()
    assert chooser.advance()
    assert chooser.progress == (7, 7)


def test_memory_stays_bounded() -> None:
    """Beside the embeddings themselves one copy, and little else. bench/selection.py has the figure for 20,000."""
    vectors = np.random.default_rng(1).standard_normal((3000, 384)).astype(np.float32)
    samples = Samples([f"{at:05}" for at in range(3000)], embeddings=vectors)
    tracemalloc.start()
    try:
        chooser = choose(samples, 5, Diversity())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(chooser.chosen) == 5
    assert peak < 1.2 * vectors.nbytes


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("strategies", [STRATEGIES[10:11], (STRATEGIES[6], STRATEGIES[11]), (STRATEGIES[9],)])
def test_few_and_many_groups_choose_the_same(
    strategies: tuple[Strategy, ...], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = make_samples(60, seed, preselected=0.1)
    few = choose(samples, 25, *strategies)
    monkeypatch.setattr("runs.selection.steps._FEW", 0)
    many = choose(samples, 25, *strategies)
    assert few.names() == many.names()
    assert few.state.scores == pytest.approx(many.state.scores)
