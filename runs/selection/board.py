"""Everything that decides which sample comes next, in the order of the pool.

The logarithm of the product of all objective ** strength is a sum: a part that never changes (`static`), and parts that
change with each chosen sample (diversity, balance, ranges). Strategies are added in a fixed order, whatever their order
in the configuration, so that not even rounding differs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runs.selection.balance import Mix
from runs.selection.config import (
    Balance,
    Diversity,
    Random,
    Selection,
    Similarity,
    Strategy,
    Threshold,
    Typicality,
    Weights,
)
from runs.selection.numbers import Budget, Range, weight_logs
from runs.selection.pool import Fate, Pool, numbers_of
from runs.selection.samples import Floats, Indices, Vectors

# Squared; a distance of 0 has no logarithm.
_SMALLEST_DISTANCE = 1e-12


@dataclass
class Board:
    """`static`: (m,) -inf for what can't be chosen (any more). `joint`: (m,) the group of each sample over all mixes;
    `own`: for each mix, (joint groups,) its own group. `nearest`: (m,) squared distance to the nearest chosen sample,
    None if no strategy asks. `closed`: (m,) 0 or, for what can't be chosen, -inf. `has_centres`: whether a sample is
    chosen or preselected. `only_diversity`: the squared distance itself tells the order, without logarithms.
    """

    pool: Pool
    wanted: int
    static: Floats
    mixes: list[Mix]
    ranges: list[Range]
    budgets: list[Budget]
    joint: Indices
    own: list[Indices]
    closed: Vectors
    diversity: float
    minimum_distance: float
    nearest: Vectors | None
    only_diversity: bool
    has_centres: bool

    def group_logs(self) -> Floats:
        """(joint groups,) what the mixes say."""
        if len(self.mixes) == 1:
            return self.mixes[0].logs()
        total = np.zeros(1 if not self.own else len(self.own[0]))
        for mix, own in zip(self.mixes, self.own, strict=True):
            total += mix.logs()[own]
        return total

    def scores(self) -> Floats:
        """(m,) of each sample as the next one; -inf for what can't be chosen."""
        total = self.static.copy()
        if self.nearest is not None and self.has_centres:
            if self.diversity:
                total += self.diversity_logs()
            if self.minimum_distance > 0:
                total[self.nearest < np.float32(self.minimum_distance**2)] = -np.inf
        if self.mixes:
            total += self.group_logs()[self.joint]
        for each in self.ranges:
            total += each.logs()
        return total

    def diversity_logs(self) -> Floats:
        """(m,) strength * log(distance to the nearest chosen sample); 0 for all before there is one."""
        if self.nearest is None or not self.has_centres:
            return np.zeros(len(self.static))
        logs: Floats = np.log(np.maximum(self.nearest, _SMALLEST_DISTANCE)).astype(np.float64)
        logs *= self.diversity / 2
        return logs

    def diversity_log(self, distance: float) -> float:
        """The same of one distance; NaN where there was nothing to be distant from."""
        return 0.0 if np.isnan(distance) else log_of_distance(distance) * self.diversity

    def add(self, member: int) -> None:
        """A sample is chosen; `nearest` is not touched."""
        self.static[member] = self.closed[member] = -np.inf
        for mix in self.mixes:
            mix.add(member)
        for each in self.ranges:
            each.add(member)
        for budget in self.budgets:
            budget.add(member)
        self.has_centres = True

    def affords(self, member: int) -> bool:
        return not self.budgets or all(budget.allows(member) for budget in self.budgets)


def in_fixed_order(selection: Selection) -> list[Strategy]:
    return sorted(selection.strategies, key=repr)


def log_of_distance(distance: float) -> float:
    return float(np.log(max(distance**2, _SMALLEST_DISTANCE))) / 2


Computed = Mapping[Strategy, Vectors]
"""(m,) of TYPICALITY the typicality, of SIMILARITY the squared distance to the nearest sample of the query."""


def static_logs(pool: Pool, strategy: Strategy, computed: Computed) -> Floats | None:
    """(m,) strength * log(objective) of a strategy that says the same all the time; None of the others.

    The objective of SIMILARITY is exp(-distance to the nearest sample of the query).
    """
    logs: Floats
    if isinstance(strategy, Weights) and not strategy.has_range:
        return weight_logs(pool.numbers(strategy.input), strategy.strength)
    if isinstance(strategy, Typicality):
        smallest = np.finfo(np.float32).tiny
        logs = np.log(np.maximum(computed[strategy].astype(np.float64), smallest)) * strategy.strength
        return logs
    if isinstance(strategy, Similarity):
        logs = np.sqrt(np.maximum(computed[strategy].astype(np.float64), 0.0)) * -strategy.strength
        return logs
    return None


def make_board(
    selection: Selection,
    pool: Pool,
    *,
    computed: Computed,
    nearest: Vectors | None,
) -> Board:
    """Before anything is chosen, but with the preselected samples."""
    strategies = in_fixed_order(selection)
    static = np.zeros(len(pool))
    for each in strategies:
        logs = static_logs(pool, each, computed)
        static += 0.0 if logs is None else logs
        if isinstance(each, Typicality) and each.minimum_typicality is not None:
            below = pool.is_candidate() & (computed[each] < np.float32(each.minimum_typicality))
            pool.set_fate(np.flatnonzero(below), Fate.UNTYPICAL)
    if not any(isinstance(each, Weights | Typicality | Similarity | Balance | Diversity) for each in strategies):
        # Thresholds alone leave the order open: it is drawn by lot.
        static += weight_logs(pool.numbers(Random()), 1.0)
    static[~pool.is_candidate()] = -np.inf
    candidates = int(np.isfinite(static).sum())
    wanted = selection.wanted(int((~pool.preselected).sum()))
    mixes = [
        Mix(each, pool.samples.classes_of(each.input), pool.rows, pool.preselected)
        for each in strategies
        if isinstance(each, Balance)
    ]
    weights = [each for each in strategies if isinstance(each, Weights)]
    joint, own = _joint(mixes, len(pool))
    diversities = [each for each in strategies if isinstance(each, Diversity)]
    strength = sum(each.strength for each in diversities)
    return Board(
        pool,
        wanted,
        static,
        mixes,
        ranges=[Range(each, pool.numbers(each.input), min(wanted, candidates)) for each in weights if each.has_range],
        budgets=[
            Budget(pool.numbers(each.input), each.maximum_sum) for each in weights if each.maximum_sum is not None
        ],
        joint=joint,
        own=own,
        closed=np.where(np.isfinite(static), 0.0, -np.inf).astype(np.float32),
        diversity=strength,
        minimum_distance=max((each.minimum_distance or 0.0 for each in diversities), default=0.0),
        nearest=nearest,
        only_diversity=strength > 0 and all(isinstance(each, Diversity | Threshold) for each in strategies),
        has_centres=bool((pool.fates[pool.rows] == Fate.PRESELECTED).any()),
    )


def _joint(mixes: list[Mix], count: int) -> tuple[Indices, list[Indices]]:
    if not mixes:
        return np.zeros(count, dtype=np.intp), []
    if len(mixes) == 1:
        return mixes[0].groups, [np.arange(len(mixes[0].masses), dtype=np.intp)]
    table = np.stack([mix.groups for mix in mixes], axis=1)
    found, joint = np.unique(table, axis=0, return_inverse=True)
    return joint.reshape(-1).astype(np.intp), [found[:, at].astype(np.intp) for at in range(len(mixes))]


def fingerprint(selection: Selection, pool: Pool) -> str:
    """Of all that decides the result, in hexadecimal digits."""
    seen = hashlib.blake2b(digest_size=16)
    samples = pool.samples
    seen.update(repr((in_fixed_order(selection), selection.count, selection.proportion, pool.seed)).encode())
    seen.update("\n".join(sorted(samples.names)).encode("utf-8", "surrogatepass"))
    seen.update(pool.fates[pool.order].tobytes())
    seen.update(pool.digest)
    for strategy in in_fixed_order(selection):
        if isinstance(strategy, Weights):
            seen.update(numbers_of(samples, strategy.input, pool.seed)[pool.rows].tobytes())
        elif isinstance(strategy, Balance):
            classes = samples.classes_of(strategy.input)
            seen.update(repr(classes.names).encode() + classes.values[pool.order].tobytes())
        elif isinstance(strategy, Similarity):
            seen.update(b"".join(sorted(row.astype(np.float64).tobytes() for row in samples.query_of(strategy.query))))
    return seen.hexdigest()
