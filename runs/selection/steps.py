"""Chooses one sample after the other: by groups if only the mix of classes changes, otherwise by looking at all."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from runs.selection.board import Board
from runs.selection.pool import Fate
from runs.selection.samples import Floats, Vectors
from runs.selection.state import State
from runs.selection.vectors import ROUNDING, Distances


class Ending(StrEnum):
    """Why no more samples are chosen."""

    ENOUGH = "ENOUGH"
    NONE_LEFT = "NONE_LEFT"
    DUPLICATES = "DUPLICATES"  # only samples with the same embeddings as others are left
    TYPICALITY = "TYPICALITY"  # only samples below the minimum typicality are left
    DISTANCE = "DISTANCE"  # all that are left are too close to chosen ones
    SUM = "SUM"  # the next one would bring a sum above its maximum


Enough = Callable[[], bool]
"""Whether this slice of work ends; asked after each sample."""


def ending_of(board: Board) -> Ending:
    """Why there is nothing left to choose."""
    if np.isfinite(board.static).any():
        return Ending.DISTANCE
    fates = set(board.pool.fates.tolist())
    if Fate.UNTYPICAL in fates:
        return Ending.TYPICALITY
    return Ending.DUPLICATES if Fate.DUPLICATE in fates else Ending.NONE_LEFT


def by_looking_at_all(board: Board, distances: Distances | None, state: State, enough: Enough) -> Ending | None:
    """Each step costs one matrix-vector product and a few passes over (m,) arrays. None: the slice has ended."""
    tolerance = ROUNDING * max(1.0, abs(board.diversity)) if distances is not None else 0.0
    while len(state.picks) < board.wanted:
        scores = _diversity_scores(board) if board.only_diversity else board.scores()
        best = _first_of_best(scores, tolerance)
        if best < 0 or not np.isfinite(board.static[best]) or scores[best] == -np.inf:
            return ending_of(board)
        if board.only_diversity and board.has_centres and scores[best] < np.float32(board.minimum_distance**2):
            return Ending.DISTANCE
        if not board.affords(best):
            return Ending.SUM
        distance = np.nan
        if distances is not None and board.has_centres:
            distance = float(np.sqrt(max(0.0, float(distances.nearest[best]))))
        state.picks.append(best)
        state.scores.append(board.diversity_log(distance) if board.only_diversity else float(scores[best]))
        state.distances.append(distance)
        board.add(best)
        if distances is not None:
            distances.add(distances.vectors[best])
        if enough():
            break
    return Ending.ENOUGH if len(state.picks) >= board.wanted else None


def _diversity_scores(board: Board) -> Floats | Vectors:
    """(m,) the squared distances, without taking logarithms."""
    if not board.has_centres or board.nearest is None:
        return board.static
    return board.nearest + board.closed


def _first_of_best(scores: Floats | Vectors, tolerance: float) -> int:
    """The first one, by name, of those that are best but for rounding; -1 if there are none."""
    if not scores.size:
        return -1
    best = int(scores.argmax())
    if tolerance and best:
        before = scores[:best] >= scores[best] - tolerance
        at = int(before.argmax())
        return at if before[at] else best
    return best


# Up to so many groups, plain numbers are faster than arrays.
_FEW = 24


class _Heads:
    """Of each group the samples by what never changes, the best first; equal ones by name."""

    def __init__(self, board: Board) -> None:
        rows = np.flatnonzero(np.isfinite(board.static))
        groups = board.joint[rows]
        self._queue = rows[np.lexsort((-board.static[rows], groups))]
        count = int(board.joint.max(initial=-1)) + 1
        bounds = np.searchsorted(board.joint[self._queue], np.arange(count + 1)).tolist()
        self._next, self._end = bounds[:-1], bounds[1:]
        self._static = board.static[self._queue].tolist()
        self._rows = self._queue.tolist()
        self.best = [-np.inf] * count
        self.rows = [-1] * count
        for group in range(count):
            self._show(group)

    def take(self, group: int) -> None:
        """The head of the group is chosen."""
        self._next[group] += 1
        self._show(group)

    def _show(self, group: int) -> None:
        at = self._next[group]
        if at < self._end[group]:
            self.best[group] = self._static[at]
            self.rows[group] = self._rows[at]
        else:
            self.best[group] = -np.inf


def by_groups(board: Board, state: State, enough: Enough) -> Ending | None:
    """Each step costs as much as there are groups. None: the slice has ended."""
    heads = _Heads(board)
    if not heads.best:
        return Ending.ENOUGH if len(state.picks) >= board.wanted else ending_of(board)
    best_group = _best_of_few(board, heads) if _has_few(board, heads) else _best_of_many(board, heads)
    for _ in range(len(state.picks), board.wanted):
        group, best = best_group()
        if best == -np.inf:
            return ending_of(board)
        row = heads.rows[group]
        if not board.affords(row):
            return Ending.SUM
        state.picks.append(row)
        state.scores.append(best)
        state.distances.append(np.nan)
        board.add(row)
        heads.take(group)
        if enough():
            break
    return Ending.ENOUGH if len(state.picks) >= board.wanted else None


def _has_few(board: Board, heads: _Heads) -> bool:
    return len(heads.best) <= _FEW and len(board.mixes) <= 1 and all(mix.is_even for mix in board.mixes)


def _best_of_few(board: Board, heads: _Heads) -> Callable[[], tuple[int, float]]:
    """The group and the score of its head."""
    none = (np.zeros(1), np.zeros(1))
    crossed, to_target = (board.mixes[0].crossed, board.mixes[0].to_target) if board.mixes else none
    targets = to_target.tolist()

    def best_group() -> tuple[int, float]:
        by_crossed, by_target, constant = board.mixes[0].coefficients() if board.mixes else (0.0, 0.0, 0.0)
        found = zip(heads.best, crossed.tolist(), targets, strict=True)
        scores = [best + (by_crossed * cross + by_target * target) for best, cross, target in found]
        top = max(scores)
        if scores.count(top) == 1:
            return scores.index(top), top + constant
        tied = [group for group, score in enumerate(scores) if score == top]
        return min(tied, key=heads.rows.__getitem__), top + constant

    return best_group


def _best_of_many(board: Board, heads: _Heads) -> Callable[[], tuple[int, float]]:
    best, taken = np.array(heads.best), 0

    def best_group() -> tuple[int, float]:
        nonlocal taken
        best[taken] = heads.best[taken]  # only this one has changed since the step before
        scores = board.group_logs() + best
        tied = np.flatnonzero(scores == scores.max()).tolist()
        taken = min(tied, key=heads.rows.__getitem__)
        return taken, float(scores[taken])

    return best_group
