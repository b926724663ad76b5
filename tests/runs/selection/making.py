"""Samples for tests, and slow references that say what is right."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from runs.selection.choosing import Chooser
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
from runs.selection.samples import Classes, Samples

SCORE = Scores("boxes", "uncertainty_entropy")
WEATHER = Metadata("weather")
OBJECTS = ClassDistribution("boxes")
NUMBER = CategoryCount("boxes")
QUERY = Query("a" * 24, "mistakes")


def make_samples(count: int, seed: int, *, preselected: float = 0.0, broken: float = 0.0) -> Samples:
    """With embeddings of 4 numbers. `preselected` and `broken`: shares; numbers, categories and embeddings break."""
    chance = np.random.default_rng(seed)
    embeddings = chance.standard_normal((count, 4)).astype(np.float32)
    embeddings[chance.random(count) < 0.2] = chance.integers(-1, 2, 4)  # zero vectors and equal ones
    scores = np.round(chance.random(count), 1)  # with ties
    weather: list[str | int | None] = chance.choice(["sunny", "rainy", "foggy"], count, p=[0.6, 0.3, 0.1]).tolist()
    for array in (embeddings, scores):
        array[chance.random(count) < broken] = chance.choice([np.nan, np.inf, -np.inf])
    weather = [None if chance.random() < broken else each for each in weather]
    return Samples(
        [f"{number:04}.jpg" for number in range(count)],
        preselected=chance.random(count) < preselected,
        embeddings=embeddings,
        numbers={SCORE: scores, NUMBER: chance.integers(0, 5, count)},
        classes={
            WEATHER: Classes.of_categories(weather),
            OBJECTS: Classes.of_amounts(["bus", "car"], chance.integers(0, 3, (count, 2))),
        },
        queries={QUERY: chance.standard_normal((3, 4))},
    )


def shuffled(samples: Samples, seed: int) -> Samples:
    """The same samples in another order."""
    order = np.random.default_rng(seed).permutation(len(samples))
    names = [samples.names[row] for row in order]
    classes = {key: dataclasses.replace(each, values=each.values[order]) for key, each in samples.classes.items()}
    return Samples(
        names,
        preselected=None if samples.preselected is None else samples.preselected[order],
        embeddings=None if samples.embeddings is None else samples.embeddings[order],
        numbers={key: each[order] for key, each in samples.numbers.items()},
        classes=classes,
        queries={key: each[::-1] for key, each in samples.queries.items()},
    )


def choose(samples: Samples, count: int, *strategies: Strategy, **options: Any) -> Chooser:
    chooser = Chooser(Selection(strategies, count=count), samples, **options)
    assert chooser.advance()
    return chooser


STRATEGIES: tuple[Strategy, ...] = (
    Diversity(),
    Diversity(-0.5),
    Diversity(2.0, 0.3),
    Typicality(3),
    Typicality(2, -1.0, 0.2),
    Similarity(QUERY),
    Weights(SCORE),
    Weights(NUMBER, -2.0, maximum_sum=20),
    Weights(NUMBER, range_from=5, range_to=9),
    Weights(Random()),
    Balance(WEATHER, Distribution.UNIFORM),
    Balance(WEATHER, Distribution.TARGET, (("foggy", 0.2), ("rainy", 0.5))),
    Balance(OBJECTS, Distribution.INPUT, strength=0.5),
    Balance(OBJECTS, Distribution.TARGET, (("car", 0.9),), strength=-1.0),
    Threshold(SCORE, Operation.BIGGER, 0.2),
)
some_strategies = st.lists(st.sampled_from(STRATEGIES), min_size=1, max_size=4).map(tuple)


def unit(vectors: Any) -> NDArray[np.float64]:
    wide = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(lengths > 0, lengths, 1.0)


def distances(vectors: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """(n, m), the slow and exact way."""
    found: NDArray[np.float64] = np.linalg.norm(vectors[:, None, :] - others[None, :, :], axis=2)
    return found
