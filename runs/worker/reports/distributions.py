"""Distributions of numbers and categories as report_v2.json has them: of the input, the selection, a random pick."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 20
Json = dict[str, Any]
Values = NDArray[Any]


@dataclass(frozen=True)
class Sets:
    """Places of samples. `held`: those of the datapool, which come after the input's; None: there is no datapool."""

    input: NDArray[np.intp]
    selected: NDArray[np.intp]
    random: NDArray[np.intp]
    held: NDArray[np.intp] | None = None

    def named(self) -> dict[str, NDArray[np.intp]]:
        """By the keys of the report."""
        found = {"input": self.input, "selected": self.selected, "random": self.random}
        if self.held is not None:
            found["preselectedDatapool"] = self.held
            found["selectedWithDatapool"] = np.concatenate([self.selected, self.held])
        return found


def sets_of(inputs: int, selected: Sequence[int], held: int, *, seed: int) -> Sets:
    """The random pick is as large as the selection, and the same for the same seed."""
    random = np.random.default_rng(seed).permutation(inputs)[: len(selected)]
    return Sets(
        np.arange(inputs, dtype=np.intp),
        np.array(selected, dtype=np.intp),
        np.sort(random).astype(np.intp),
        np.arange(inputs, inputs + held, dtype=np.intp) if held else None,
    )


def numeric(values: Values, sets: Sets) -> Json:
    """`values`: (n,) of all samples; what is not finite is left out."""
    return numeric_of({name: values[places] for name, places in sets.named().items()})


def numeric_of(values: Mapping[str, Values]) -> Json:
    """NumericDistributionPerSet, by the names of the sets."""
    finite = {name: each[np.isfinite(each)].astype(np.float64) for name, each in values.items()}
    everything = np.concatenate(list(finite.values())) if finite else np.zeros(0)
    low, high = (float(everything.min()), float(everything.max())) if everything.size else (0.0, 1.0)
    if low == high:
        high = low + 1.0
    told: Json = {"bins": BINS, "range": [low, high]}
    for name, each in finite.items():
        counts, _ = np.histogram(each, bins=BINS, range=(low, high))
        told[name] = {"counts": counts.tolist(), "metrics": _metrics(each)}
    return told


def _metrics(values: Values) -> Json:
    if not values.size:
        return dict.fromkeys(("mean", "std", "min", "median", "max"), 0.0)
    return {
        "mean": float(values.mean()),
        "std": float(values.std()),
        "min": float(values.min()),
        "median": float(np.median(values)),
        "max": float(values.max()),
    }


def categorical(values: Sequence[str | None], sets: Sets) -> Json:
    """CategoricalDistributionPerSet of one category for each sample."""
    names = sorted({value for value in values if value is not None})
    told = {}
    for name, places in sets.named().items():
        counts = Counter(values[at] for at in places.tolist())
        told[name] = _categories({each: counts[each] for each in names})
    return told


def amounts(names: Sequence[str], table: Values, sets: Sets) -> Json:
    """The same of amounts: (n, C)."""
    told = {}
    for name, places in sets.named().items():
        sums = table[places].sum(axis=0)
        told[name] = _categories({each: int(count) for each, count in zip(names, sums.tolist(), strict=True)})
    return told


def _categories(counts: Mapping[str, int]) -> Json:
    """The Gini impurity tells how mixed it is; here it is turned round, so that 0 is even and near 1 a single class."""
    total = sum(counts.values())
    shares = [count / total for count in counts.values()] if total else []
    even = 1.0 / len(counts) if counts else 1.0
    concentration = sum(share**2 for share in shares) if shares else even
    imbalance = (concentration - even) / (1.0 - even) if even < 1.0 else 0.0
    entropy = -sum(share * math.log(share) for share in shares if share > 0)
    most = math.log(len(counts)) if len(counts) > 1 else 0.0
    metrics = {"giniImbalance": imbalance, "normalizedEntropy": entropy / most if most else 0.0}
    return {"counts": dict(counts), "metrics": metrics}
