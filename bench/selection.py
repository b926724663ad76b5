"""Selecting samples, against bare numpy loops on the same arrays."""

import time
import tracemalloc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measuring import Effort, Measured, at_most, in_turns
from runs.selection.choosing import Chooser
from runs.selection.config import Balance, Distribution, Diversity, Metadata, Scores, Selection, Strategy, Weights
from runs.selection.samples import Classes, Samples

_FULL = (20_000, 384, 2_000)
_QUICK = (2_000, 64, 100)
_TURN = 20
_WEATHER = Metadata("weather")
_SCORE = Scores("boxes", "uncertainty_entropy")


def diversity(effort: Effort) -> Measured:
    """Once each, because it takes long; in turns, so that both find the same machine. Ours includes all preparation."""
    count, dimensions, wanted = _QUICK if effort.is_quick else _FULL
    samples = _samples(count, _vectors(count, dimensions))
    bare = _BareDiversity(samples)
    bare.choose(_TURN)  # both find the libraries loaded
    ours, other = _Watch(), _Watch()
    with ours:
        chooser = Chooser(Selection((Diversity(),), count=wanted), samples)
    for _ in range(0, wanted, _TURN):
        with ours:
            chooser.advance(picks=_TURN)
        with other:
            bare.choose(_TURN)
    assert len(chooser.chosen) == wanted
    what = f"DIVERSITY of {count:,} x {dimensions}, choose {wanted:,}"
    floor_name = "bare loop, one matrix-vector product each"
    return Measured(what, ours.milliseconds, other.milliseconds, floor_name, at_most(1.15))


def balance(effort: Effort) -> Measured:
    count, wanted = (10_000, 500) if effort.is_quick else (100_000, 10_000)
    samples = _samples(count)
    strategies = (Weights(_SCORE), Balance(_WEATHER, Distribution.UNIFORM))
    scores = samples.numbers[_SCORE].astype(np.float32)
    ways = lambda: _select(samples, wanted, *strategies), lambda: _bare_argmax(scores, wanted)
    ours, other = in_turns(*ways, times=effort.times)
    what = f"WEIGHTS and BALANCE of {count:,}, choose {wanted:,}"
    return Measured(what, ours, other, "bare loop, one argmax each", at_most(2))


def memory(effort: Effort) -> Measured:
    """The peak, the embeddings included."""
    count, dimensions, _ = _QUICK if effort.is_quick else _FULL
    tracemalloc.start()
    try:
        vectors = _vectors(count, dimensions)
        samples = _samples(count, vectors)
        tracemalloc.reset_peak()
        _select(samples, 20, Diversity())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    megabyte = 1024.0**2
    what, matrix = f"memory of DIVERSITY of {count:,} x {dimensions}", vectors.nbytes
    return Measured(what, peak / megabyte, matrix / megabyte, "the embeddings", at_most(2.2), unit="MB")


def _vectors(count: int, dimensions: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal((count, dimensions), dtype=np.float32)


def _samples(count: int, embeddings: NDArray[Any] | None = None) -> Samples:
    chance = np.random.default_rng(2)
    kinds = ["sunny", "cloudy", "rainy", "foggy", "snowy", "night", "dusk", "dawn"]
    shares = np.array([0.5, 0.2, 0.1, 0.08, 0.05, 0.04, 0.02, 0.01])
    return Samples(
        [f"images/{number:08}.jpg" for number in range(count)],
        embeddings=embeddings,
        numbers={_SCORE: chance.random(count)},
        classes={_WEATHER: Classes.of_categories(chance.choice(kinds, count, p=shares).tolist())},
    )


def _select(samples: Samples, wanted: int, *strategies: Strategy) -> None:
    chooser = Chooser(Selection(strategies, count=wanted), samples)
    assert chooser.advance()
    assert len(chooser.chosen) == wanted


class _BareDiversity:
    """Farthest first, for vectors of length 1."""

    def __init__(self, samples: Samples) -> None:
        embeddings = samples.vectors()[np.arange(len(samples))]
        self._vectors = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        self._nearest, self._at = np.full(len(samples), np.inf, dtype=np.float32), 0

    def choose(self, count: int) -> None:
        for _ in range(count):
            np.minimum(self._nearest, 2.0 - 2.0 * (self._vectors @ self._vectors[self._at]), out=self._nearest)
            self._at = int(self._nearest.argmax())


class _Watch:
    """Adds up the time spent inside."""

    def __init__(self) -> None:
        self.milliseconds, self._started = 0.0, 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.milliseconds += (time.perf_counter() - self._started) * 1000


def _bare_argmax(scores: NDArray[np.float32], wanted: int) -> None:
    left = scores.copy()
    for _ in range(wanted):
        left[left.argmax()] = -np.inf
