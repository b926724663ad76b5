"""BALANCE: the mix of classes among the chosen samples, and what each sample would make of it.

Samples with the same amounts form a group, because BALANCE says the same of all of them. So a step costs as much as
there are groups, not samples.
"""

import numpy as np

from runs.selection.config import Balance, Distribution
from runs.selection.samples import Classes, Flags, Floats, Indices, UnusableInputError

# How strong BALANCE is beside other strategies at strength 1: if the shares of two classes are off by 0.1 each, a
# sample of the lacking one comes first even if its product of the other objectives is smaller by the factor
# exp(-4 * FORCE * 0.1).
FORCE = 10.0
# How reports name the rest, if the shares of a target have a sum below 1.
OTHERS = "all others"


class Mix:
    """Amounts of each class among the chosen and the preselected samples, and the shares to reach.

    The error of a mix is the squared Euclidean distance between its shares and the target. The objective of a sample is
    exp(-FORCE * N * (error with it - error without it)), where N counts the samples that the mix has then. So a sample
    that makes the mix better has more than 1. N makes up for it that single samples move a large mix less. With BALANCE
    alone, each step chooses a sample that leaves the smallest error.
    """

    def __init__(self, strategy: Balance, classes: Classes, rows: Indices, preselected: Flags) -> None:
        """`rows`: (m,) the samples to choose from, as rows of `classes`. `preselected`: (n,)."""
        self.strategy = strategy
        self.names, column = _columns(strategy, classes)
        self.input = _amounts(classes, column, len(self.names), np.flatnonzero(~preselected))
        self.target = _target(strategy, classes, self.names, self.input)
        self.amounts = _amounts(classes, column, len(self.names), np.flatnonzero(preselected))
        self.groups, self._codes, self._table = _groups(classes, column, len(self.names), rows)
        self._prepare()

    def _prepare(self) -> None:
        if self._table is not None:
            own = self._table
            self.masses = own.sum(axis=1)
            self._squares = (own * own).sum(axis=1)
            self.to_target = own @ self.target
            with_mix = own @ self.amounts
        else:
            has = self._codes >= 0
            self.masses = has.astype(np.float64)
            self._squares = self.masses.copy()
            self.to_target = np.where(has, self.target[self._codes], 0.0)
            with_mix = np.where(has, self.amounts[self._codes], 0.0)
        # 2 * (amounts of the group · amounts of the mix) + |amounts of the group|²; follows every choice.
        self.crossed = 2.0 * with_mix + self._squares
        real = self.masses[self.masses > 0]
        self._unit = float(real.mean()) if real.size else 1.0
        self.is_even = bool(real.size) and bool((self.masses == self._unit).all())
        # Plain numbers, because single elements of arrays are slow to read.
        self._code_of_group, self._shares = self._codes.tolist(), self.target.tolist()
        self._buffer = np.empty((2, len(self.masses)))
        self._target_square = float(self.target @ self.target)
        self._follow()

    def _follow(self) -> None:
        self.total = float(self.amounts.sum())
        self._square = float(self.amounts @ self.amounts)
        self._met = float(self.amounts @ self.target)

    @property
    def error(self) -> float:
        """Of the mix as it is; of an empty one, the square of the target."""
        if self.total <= 0:
            return self._target_square
        return self._square / self.total**2 - 2 * self._met / self.total + self._target_square

    @property
    def off_target(self) -> float:
        """From 0 to 1: the part of the amounts that belongs to another class than it should."""
        return off_target(self.amounts, self.target)

    def logs(self) -> Floats:
        """(G,) strength * log(objective) of each group. The array is overwritten by the next call."""
        if self.is_even:
            crossed, to_target, constant = self.coefficients()
            found, other = self._buffer
            np.multiply(self.crossed, crossed, out=found)
            np.multiply(self.to_target, to_target, out=other)
            found += other
            found += constant
            return found
        force = self._force()
        masses = self.total + self.masses
        parts = np.divide(1.0, masses, out=np.zeros_like(masses), where=masses > 0)
        error = (self._square + self.crossed) * parts**2 - 2.0 * (self._met + self.to_target) * parts
        logs: Floats = force * (error + (self._target_square - self.error))
        logs[self.masses == 0] = 0.0
        return logs

    def coefficients(self) -> tuple[float, float, float]:
        """If all groups have the same mass, their logs are a * crossed + b * to_target + c."""
        force, part = self._force(), 1.0 / (self.total + self._unit)
        rest = self._square * part * part - 2.0 * self._met * part + self._target_square - self.error
        return force * part * part, -2.0 * force * part, force * rest

    def _force(self) -> float:
        return -self.strategy.strength * FORCE * (self.total / self._unit + 1.0)

    def add(self, row: int) -> None:
        """`row`: of the samples to choose from."""
        group = int(self.groups[row])
        if self._table is not None:
            own = self._table[group]
            self.amounts += own
            self.crossed += 2.0 * (self._table @ own)
            self._follow()
            return
        code = self._code_of_group[group]
        if code >= 0:
            self._square += 2.0 * float(self.amounts[code]) + 1.0
            self.amounts[code] += 1.0
            self.total += 1.0
            self._met += self._shares[code]
            self.crossed[group] += 2.0

    def amounts_of(self, rows: Indices) -> Floats:
        """(len(rows), columns) of samples to choose from."""
        groups = self.groups[rows]
        if self._table is not None:
            return self._table[groups]
        found = np.zeros((len(rows), len(self.names)))
        codes = self._codes[groups]
        found[np.flatnonzero(codes >= 0), codes[codes >= 0]] = 1.0
        return found


def off_target(amounts: Floats, target: Floats) -> float:
    """Half of the sum of all differences of shares; 1 for a mix of nothing, unless nothing is asked."""
    total = amounts.sum()
    if total <= 0:
        return 1.0 if target.sum() > 0 else 0.0
    return float(np.abs(amounts / total - target).sum() / 2)


def _columns(strategy: Balance, classes: Classes) -> tuple[tuple[str, ...], Indices]:
    """The classes that steer, and for each class of the input its column; -1: it doesn't count."""
    categories = getattr(strategy.input, "categories", ())
    counted = [not categories or name in categories for name in classes.names]
    others = -1
    if strategy.distribution is Distribution.TARGET:
        named = tuple(name for name, _ in strategy.target)
        names, others = (*named, OTHERS), len(named)
    else:
        named = tuple(sorted(set(categories) | {n for n, counts in zip(classes.names, counted, strict=True) if counts}))
        names = named
    number = {name: at for at, name in enumerate(named)}
    column = [number.get(n, others) if counts else -1 for n, counts in zip(classes.names, counted, strict=True)]
    return names, np.array(column, dtype=np.intp)


def _target(strategy: Balance, classes: Classes, names: tuple[str, ...], amounts: Floats) -> Floats:
    """(columns,) shares with the sum 1."""
    if strategy.distribution is Distribution.TARGET:
        shares = [share for _, share in strategy.target]
        return np.array([*shares, max(0.0, 1.0 - sum(shares))])
    if not names:
        raise UnusableInputError(f"No sample has a class for the {strategy.input}, so there is nothing to balance.")
    if strategy.distribution is Distribution.UNIFORM or amounts.sum() <= 0:
        return np.full(len(names), 1.0 / len(names))
    shares_of_input: Floats = amounts / amounts.sum()
    return shares_of_input


def _amounts(classes: Classes, column: Indices, width: int, rows: Indices) -> Floats:
    """(width,) the sum over some rows of the input."""
    sums: Floats
    if classes.has_amounts:
        sums = classes.values[rows].sum(axis=0, dtype=np.float64)
    else:
        codes = classes.values[rows]
        sums = np.bincount(codes[codes >= 0], minlength=len(classes.names)).astype(np.float64)
    folded: Floats = _folded(sums[None], column, width)[0]
    return folded


def _folded(table: Floats, column: Indices, width: int) -> Floats:
    folded = np.zeros((len(table), width))
    for at, into in enumerate(column):
        if into >= 0:
            folded[:, into] += table[:, at]
    return folded


def _groups(classes: Classes, column: Indices, width: int, rows: Indices) -> tuple[Indices, Indices, Floats | None]:
    """(m,) the group of each sample; then, of each group, its column (-1: none) or its amounts (G, width)."""
    if not classes.has_amounts:
        codes = classes.values[rows]
        own = np.where(codes >= 0, column[codes], -1) if len(column) else np.full(len(rows), -1)
        kinds, groups = np.unique(own, return_inverse=True)
        return groups.astype(np.intp), kinds.astype(np.intp), None
    table = _folded(classes.values[rows].astype(np.float64), column, width)
    found, groups = np.unique(table, axis=0, return_inverse=True)
    return groups.reshape(-1).astype(np.intp), np.full(len(found), -1, dtype=np.intp), found
