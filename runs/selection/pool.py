"""Which samples may be chosen: in the order of their names, after all thresholds."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from runs.selection.config import Diversity, NumericInput, Random, Selection, Similarity, Threshold, Typicality
from runs.selection.numbers import passing, random_numbers
from runs.selection.samples import Flags, Floats, Indices, Samples, UnusableInputError, Vectors
from runs.selection.vectors import keys_of, prepared, usable_rows


class Fate(IntEnum):
    """What became of a sample before the choosing began."""

    CANDIDATE = 0
    PRESELECTED = 1
    FILTERED = 2  # by a threshold
    NO_EMBEDDING = 3  # the strategies need one, and a number of it is NaN or infinite
    DUPLICATE = 4  # its embedding equals that of another sample, and the strategies want diversity
    UNTYPICAL = 5  # below the minimum typicality


@dataclass
class Pool:
    """`order`: (n,) all rows in the order of their names. `rows`: (m,) those of candidates and preselected samples.

    `fates`: (n,) by row of the samples. `twins`: row of a duplicate -> row of the sample that it equals. `vectors`:
    (m, d), or None if no strategy needs embeddings; `digest`: a hash of all of them. `filtered`: how many samples each
    threshold leaves out.
    """

    samples: Samples
    seed: int
    order: Indices
    rows: Indices
    fates: np.ndarray[tuple[int], np.dtype[np.int8]]
    preselected: Flags
    vectors: Vectors | None
    digest: bytes
    twins: dict[int, int]
    filtered: dict[Threshold, int]

    def __len__(self) -> int:
        return len(self.rows)

    def is_candidate(self) -> Flags:
        """(m,)"""
        found: Flags = self.fates[self.rows] == Fate.CANDIDATE
        return found

    def needed_vectors(self) -> Vectors:
        if self.vectors is None:
            raise UnusableInputError("There are no embeddings.")
        return self.vectors

    def names(self) -> list[str]:
        return [self.samples.names[row] for row in self.rows.tolist()]

    def numbers(self, source: NumericInput) -> Floats:
        """(m,)"""
        return numbers_of(self.samples, source, self.seed)[self.rows]

    def set_fate(self, members: Indices, fate: Fate) -> None:
        """`members`: positions in the pool."""
        self.fates[self.rows[members]] = fate


def numbers_of(samples: Samples, source: NumericInput, seed: int) -> Floats:
    """(n,) the values of an input; random numbers are made here."""
    if isinstance(source, Random) and source not in samples.numbers:
        return random_numbers(samples.names, seed if source.seed is None else source.seed)
    return samples.number_of(source)


def make_pool(selection: Selection, samples: Samples, *, seed: int, unit_length: bool) -> Pool:
    """Raises UnusableInputError if a value is missing that the selection asks for, or a name comes twice."""
    order = _by_name(samples)
    preselected = samples.is_preselected()
    fates = np.where(preselected, Fate.PRESELECTED, Fate.CANDIDATE).astype(np.int8)
    filtered = {}
    for strategy in selection.strategies:
        if isinstance(strategy, Threshold):
            values = numbers_of(samples, strategy.input, seed)
            fails = ~passing(values, strategy.operation, strategy.threshold) & ~preselected
            filtered[strategy] = int(fails.sum())
            fates[fails] = Fate.FILTERED
    rows = order[(fates[order] == Fate.CANDIDATE) | preselected[order]]
    vectors = None
    if any(isinstance(each, Diversity | Typicality | Similarity) for each in selection.strategies):
        embeddings = samples.vectors()
        usable = usable_rows(embeddings, rows)
        lacking = rows[~usable]
        fates[lacking[~preselected[lacking]]] = Fate.NO_EMBEDDING
        rows = rows[usable]
        vectors = prepared(embeddings, rows, unit_length=unit_length)
    keys = np.zeros(0, dtype=np.uint64) if vectors is None else keys_of(vectors)
    digest = hashlib.blake2b(keys.tobytes()).digest()
    pool = Pool(samples, seed, order, rows, fates, preselected, vectors, digest, {}, filtered)
    if any(isinstance(each, Diversity) and each.strength > 0 for each in selection.strategies):
        _leave_out_duplicates(pool, keys)
    return pool


def _by_name(samples: Samples) -> Indices:
    """(n,) rows in the order of their names, which is the same for code points and for bytes of UTF-8."""
    names = list(samples.names)
    if len(set(names)) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise UnusableInputError(f"The name {twice} comes twice.")
    if names == sorted(names):  # a listing gives them so, and this is cheaper
        return np.arange(len(names), dtype=np.intp)
    return np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.intp)


def _leave_out_duplicates(pool: Pool, keys: NDArray[np.uint64]) -> None:
    """Of samples with equal embeddings stays the first by name, or all that are preselected."""
    vectors = pool.needed_vectors()
    _, groups, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    suspects = np.flatnonzero(sizes[groups] > 1)
    first: dict[bytes, int] = {}
    taken = pool.fates[pool.rows] == Fate.PRESELECTED
    for at in [*suspects[taken[suspects]].tolist(), *suspects[~taken[suspects]].tolist()]:
        twin = first.setdefault(vectors[at].tobytes(), at)
        if twin != at and not taken[at]:
            pool.twins[int(pool.rows[at])] = int(pool.rows[twin])
            pool.set_fate(np.array([at]), Fate.DUPLICATE)
