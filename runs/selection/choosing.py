"""A selection at work: in slices, and the same result however it is cut."""

import time
from collections.abc import Callable

import numpy as np

from runs.selection.board import Board, fingerprint, in_fixed_order, make_board
from runs.selection.config import Diversity, Selection, Similarity, Strategy, Typicality
from runs.selection.pool import Fate, make_pool
from runs.selection.samples import Indices, Samples, UnusableInputError, Vectors
from runs.selection.state import State, UnusableStateError
from runs.selection.steps import Ending, by_groups, by_looking_at_all
from runs.selection.vectors import (
    CENTRES_AT_ONCE,
    Distances,
    prepared,
    squared_lengths,
    typicality_of,
    typicality_rows,
    usable_rows,
)

_NEAREST = "nearest"


class Chooser:
    """Chooses samples. `advance` works for a while; `state` can be saved in between, and given to another process.

    The result depends on the selection, the samples and the seed only: not on the order of samples or strategies, nor
    on slices. Between machines, distances may differ in the last bit of a float32; differences of that size count as
    equal, and of equal samples the first by name is chosen.
    """

    def __init__(
        self,
        selection: Selection,
        samples: Samples,
        *,
        seed: int = 0,
        unit_length: bool = True,
        state: State | None = None,
    ) -> None:
        """`seed`: of random numbers whose input names none. `unit_length`: scale embeddings to length 1.

        Raises UnusableInputError if values are missing or don't fit each other, and UnusableStateError if the state
        belongs to another selection or other samples.
        """
        self.selection, self.samples, self.unit_length = selection, samples, unit_length
        self.pool = make_pool(selection, samples, seed=seed, unit_length=unit_length)
        mark = fingerprint(selection, self.pool)
        if state is not None and state.fingerprint != mark:
            raise UnusableStateError("The saved state belongs to another selection or to other samples.")
        self.state = state or State(mark)
        self.state.check(len(self.pool))
        self._lengths: Vectors | None = None if self.pool.vectors is None else squared_lengths(self.pool.vectors)
        self._queries = {each: self._query(each) for each in selection.strategies if isinstance(each, Similarity)}
        self._board: Board | None = None
        self._distances: Distances | None = None
        if self.finished:  # all is in the state, and nobody advances it any more
            self._prepare(lambda: False)

    @property
    def finished(self) -> bool:
        return bool(self.state.ending)

    @property
    def ending(self) -> Ending:
        """Why it ended. Only when it has finished."""
        return Ending(self.state.ending)

    @property
    def chosen(self) -> list[int]:
        """Rows of the samples, in the order of choosing."""
        return [int(row) for row in self.pool.rows[np.array(self.state.picks, dtype=np.intp)]]

    def names(self) -> list[str]:
        """Of the chosen samples, in the order of choosing."""
        return [self.samples.names[row] for row in self.chosen]

    @property
    def progress(self) -> tuple[int, int]:
        """How many samples are chosen, and how many shall be."""
        return len(self.state.picks), self.selection.wanted(int((~self.pool.preselected).sum()))

    def advance(self, *, seconds: float | None = None, picks: int | None = None) -> bool:
        """Works until it has finished, or for so long, or for so many samples. Tells whether it has finished."""
        enough = _limit(seconds, None if picks is None else len(self.state.picks) + picks, self.state)
        if self.finished:
            return True
        if not self._prepare(enough):
            return False
        board = self.board
        if self._distances is None and not board.ranges:
            ending = by_groups(board, self.state, enough)
        else:
            ending = by_looking_at_all(board, self._distances, self.state, enough)
        self.state.ending = ending or ""
        return self.finished

    @property
    def board(self) -> Board:
        """After the preparation, and with all that is chosen so far."""
        if self._board is None:
            self._board = self.new_board()
            for member in self.state.picks:
                self._board.add(member)
        return self._board

    def new_board(self) -> Board:
        """As it was before anything was chosen, but for the distances."""
        if not self.is_prepared:
            raise UnusableInputError("The selection has not computed all distances yet.")
        return make_board(
            self.selection,
            self.pool,
            computed=self.computed(),
            nearest=self._distances.nearest if self._distances else None,
        )

    def computed(self) -> dict[Strategy, Vectors]:
        """What was computed once for TYPICALITY and SIMILARITY: see `board.Computed`."""
        arrays = self.state.arrays
        typical = (each for each in self.selection.strategies if isinstance(each, Typicality))
        found: dict[Strategy, Vectors] = {each: arrays[_typicality(each.neighbours)] for each in typical}
        return found | {each: arrays[self._similarity(each)] for each in self._queries}

    @property
    def is_prepared(self) -> bool:
        done, count = self.state.done, len(self.pool)
        return (
            all(done.get(_typicality(each), 0) >= count for each in self._neighbours())
            and all(done.get(self._similarity(each), 0) >= len(query) for each, query in self._queries.items())
            and (not self._is_diverse or (self._distances is not None and done.get(_NEAREST, 0) >= len(self._held())))
        )

    def _prepare(self, enough: Callable[[], bool]) -> bool:
        """What is computed once, a block at a time. Tells whether all of it is done."""
        vectors, lengths = self.pool.vectors, self._lengths
        if vectors is None or lengths is None:
            return True
        for neighbours in self._neighbours():
            name = _typicality(neighbours)
            found = self.state.arrays.setdefault(name, np.zeros(len(vectors), dtype=np.float32))
            while (at := self.state.done.get(name, 0)) < len(vectors):
                found[at : at + typicality_rows(vectors)] = typicality_of(vectors, lengths, at, neighbours)
                self.state.done[name] = min(len(vectors), at + typicality_rows(vectors))
                if enough():
                    return False
        for each, query in self._queries.items():
            if self._fold(self._similarity(each), query, enough) is None:
                return False
        if self._is_diverse:
            self._distances = self._fold(_NEAREST, vectors, enough, self._held())
        return self.is_prepared

    def _fold(
        self, name: str, centres: Vectors, enough: Callable[[], bool], rows: Indices | None = None
    ) -> Distances | None:
        """The distances of all samples to the nearest of some centres, as a part of the state; None: not done yet."""
        distances = Distances(self.pool.needed_vectors(), self._lengths)
        distances.nearest = self.state.arrays.setdefault(name, distances.nearest)
        count = len(centres) if rows is None else len(rows)
        while (at := self.state.done.setdefault(name, 0)) < count:
            some = slice(at, at + CENTRES_AT_ONCE)
            distances.add_some(centres[some] if rows is None else centres[rows[some]])
            self.state.done[name] = min(count, at + CENTRES_AT_ONCE)
            if enough() and self.state.done[name] < count:
                return None
        return distances

    def _query(self, strategy: Similarity) -> Vectors:
        """The usable vectors of the query, sorted, so that their order means nothing."""
        raw = self.samples.query_of(strategy.query)
        rows = np.flatnonzero(usable_rows(raw, np.arange(len(raw))))
        if not rows.size:
            raise UnusableInputError(f"The {strategy.query} has no sample with a usable embedding.")
        vectors = prepared(raw, rows, unit_length=self.unit_length)
        return vectors[np.lexsort(vectors.T[::-1])]

    @property
    def _is_diverse(self) -> bool:
        return any(isinstance(each, Diversity) for each in self.selection.strategies)

    def _neighbours(self) -> list[int]:
        return sorted({each.neighbours for each in self.selection.strategies if isinstance(each, Typicality)})

    def _similarity(self, strategy: Similarity) -> str:
        """The name of the array, by a place that doesn't depend on the order of the strategies."""
        order = [each for each in in_fixed_order(self.selection) if isinstance(each, Similarity)]
        return f"similarity_{order.index(strategy)}"

    def _held(self) -> Indices:
        """(p,) positions of the preselected samples in the pool."""
        return np.flatnonzero(self.pool.fates[self.pool.rows] == Fate.PRESELECTED)


def _typicality(neighbours: int) -> str:
    return f"typicality_{neighbours}"


def _limit(seconds: float | None, picks: int | None, state: State) -> Callable[[], bool]:
    end = None if seconds is None else time.monotonic() + seconds

    def enough() -> bool:
        if picks is not None and len(state.picks) >= picks:
            return True
        return end is not None and time.monotonic() >= end

    return enough
