"""Active learning scores of one file with predictions. Pure.

Source: https://docs.lightly.ai/docs/active-learning-scorers, and the scorers of Lightly's open source package up to
release 1.4 (lightly/active_learning/scorers). They go from 0 to 1, and more means that a label helps more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

UNCERTAINTIES = ("uncertainty_least_confidence", "uncertainty_margin", "uncertainty_entropy")
OBJECTNESS, FREQUENCY = "objectness_least_confidence", "object_frequency"
SCORES = (*UNCERTAINTIES, OBJECTNESS, FREQUENCY)
# A further object of a class counts so much, the first one 1.
_FURTHER = 0.25
# `object_frequency` lies between these.
_LEAST, _MOST = 0.9, 1.0


@dataclass(frozen=True)
class Entry:
    """One prediction that can be used. `probabilities` of all classes, at least one of them above 0; or empty."""

    category: int
    score: float | None
    probabilities: tuple[float, ...] = ()


def scores_of(entries: Sequence[Entry], *, has_objects: bool) -> dict[str, float]:
    """By name; what can't be told is missing. `has_objects`: the task finds any number of them, maybe none.

    `object_frequency` is the sum that `scaled` makes a score of.
    """
    found: dict[str, float] = {}
    for name, values in zip(UNCERTAINTIES, zip(*map(_uncertainties, entries), strict=True), strict=False):
        known = [value for value in values if value is not None]
        if known:
            found[name] = max(known)
    if not has_objects:
        return found
    if not entries:
        return dict.fromkeys(SCORES, 0.0)
    scores = [entry.score for entry in entries if entry.score is not None]
    if scores:
        found[OBJECTNESS] = 1.0 - sum(scores) / len(scores)
    counts = Counter(entry.category for entry in entries)
    found[FREQUENCY] = sum(1.0 + _FURTHER * (count - 1) for count in counts.values())
    return found


def scaled(sums: Sequence[float]) -> list[float]:
    """`object_frequency` of all samples: from 0.9 for the smallest sum (1 at most) to 1 for the largest. NaN stays."""
    known = [value for value in sums if not math.isnan(value)]
    low, high = min([*known, 1.0]), max([*known, 1.0])
    if low == high:
        return [value if math.isnan(value) else _MOST for value in sums]
    step = (_MOST - _LEAST) / (high - low)
    return [_LEAST + (value - low) * step for value in sums]


def _uncertainties(entry: Entry) -> tuple[float | None, float | None, float | None]:
    if not entry.probabilities:
        return (None if entry.score is None else 1.0 - entry.score), None, None
    total = sum(entry.probabilities)
    shares = [each / total for each in entry.probabilities]
    first, second = [*sorted(shares, reverse=True), 0.0][:2]
    entropy = -sum(share * math.log(share) for share in shares if share > 0)
    most = math.log(len(shares)) if len(shares) > 1 else 1.0
    return 1.0 - first, 1.0 - (first - second), min(1.0, entropy / most)
