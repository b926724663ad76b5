"""Embeddings: made ready once, then one matrix-vector product for each chosen sample.

All work is done in float32 and in blocks, so that no array of the size of the embeddings is made besides the one that
`prepared` returns. Blocks depend only on the shape: work that is stopped and continued gives the same bits.
"""

import mmap

import numpy as np
from numpy.typing import NDArray

from runs.selection.samples import Flags, Indices, Matrix, Vectors

_ROWS = 64
# Below this, two squared distances differ only by the rounding of float32 (unit vectors, some hundred dimensions).
ROUNDING = 1e-6
# Between them, the squares of a row's numbers and their sum are exact enough in a float64.
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-200, 1e200
_SEED = 20  # of the factors of `keys_of`; any would do
CENTRES_AT_ONCE = 16
_LARGE_BYTES = 512 * 1024**2


def usable_rows(embeddings: Matrix, rows: Indices) -> Flags:
    """(len(rows),) whether all numbers of a row are finite."""
    usable = np.empty(len(rows), dtype=np.bool_)
    for start in range(0, len(rows), _ROWS):
        usable[start : start + _ROWS] = np.isfinite(embeddings[rows[start : start + _ROWS]]).all(axis=1)
    return usable


def prepared(embeddings: Matrix, rows: Indices, *, unit_length: bool) -> Vectors:
    """(len(rows), d) the rows in the order of `rows`, at unit length if wanted. A zero vector stays as it is."""
    ready = _empty(len(rows), embeddings.shape[1])
    for start in range(0, len(rows), _ROWS):
        block = embeddings[rows[start : start + _ROWS]].astype(np.float64)
        # + 0.0 makes of -0.0 the same bits as of 0.0.
        block = _at_unit_length(block) if unit_length else np.clip(block, -1e15, 1e15)
        np.add(block, 0.0, out=ready[start : start + _ROWS], casting="same_kind")
    return ready


def _empty(rows: int, dimensions: int) -> Vectors:
    """A large array is memory that a process could share. So it does not count for what hostile files may take of it:
    a limit on RLIMIT_DATA leaves it alone.
    """
    size = rows * dimensions * 4
    if size < _LARGE_BYTES:
        return np.empty((rows, dimensions), dtype=np.float32)
    return np.frombuffer(mmap.mmap(-1, size), dtype=np.float32).reshape(rows, dimensions)


def _at_unit_length(block: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = np.einsum("ij,ij->i", block, block)
    if not (squares.min(initial=1.0) > _SMALLEST_SQUARE and squares.max(initial=1.0) < _LARGEST_SQUARE):
        # The square of a very large or very small number has no place in a float64.
        largest = np.abs(block).max(axis=1, initial=0.0)
        np.divide(block, largest[:, None], out=block, where=largest[:, None] > 0)
        squares = np.einsum("ij,ij->i", block, block)
    lengths = np.sqrt(squares)
    np.divide(block, lengths[:, None], out=block, where=lengths[:, None] > 0)
    return block


def keys_of(vectors: Vectors) -> NDArray[np.uint64]:
    """(m,) a number for each row, from all its bits. Equal rows have equal ones; others nearly always different ones.

    A sum of products modulo 2 ** 64 with odd factors: one pass over the rows, much cheaper than a hash of each.
    """
    bits, dimensions = vectors.view(np.uint32), vectors.shape[1]
    pairs = dimensions // 2
    factors = np.random.default_rng(_SEED).integers(0, 2**63, pairs + 1, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys: NDArray[np.uint64] = bits[:, : 2 * pairs].view(np.uint64) @ factors[:pairs]
    if dimensions % 2:
        keys += bits[:, -1].astype(np.uint64) * factors[-1]
    return keys


class Distances:
    """(m,) the squared distance of each row to the nearest of the centres so far; infinite without any.

    By rounding it may be a little below 0.
    """

    def __init__(self, vectors: Vectors, squared: Vectors | None = None) -> None:
        self.vectors = vectors
        self.nearest = np.full(len(vectors), np.inf, dtype=np.float32)
        self._lengths = squared_lengths(vectors) if squared is None else squared
        self._buffer = np.empty(len(vectors), dtype=np.float32)

    def add(self, vector: Vectors) -> None:
        """`vector`: (d,) one more centre."""
        buffer = self._buffer
        np.matmul(self.vectors, -2.0 * vector, out=buffer)
        buffer += self._lengths
        buffer += np.dot(vector, vector)
        np.minimum(self.nearest, buffer, out=self.nearest)

    def add_some(self, centres: Vectors) -> None:
        """`centres`: (c, d), at most `CENTRES_AT_ONCE`: one pass over the rows for all of them."""
        products = self.vectors @ (-2.0 * centres).T
        products += squared_lengths(centres)
        buffer = products.min(axis=1)
        buffer += self._lengths
        np.minimum(self.nearest, buffer, out=self.nearest)


def squared_lengths(vectors: Vectors) -> Vectors:
    """(m,) in float32."""
    lengths: Vectors = np.einsum("ij,ij->i", vectors, vectors)
    return lengths


def typicality_rows(vectors: Vectors) -> int:
    """How many rows `typicality_of` should take at once: their distances are an eighth of the embeddings."""
    return max(16, int(vectors.shape[1]) // 8)


def typicality_of(vectors: Vectors, lengths: Vectors, start: int, neighbours: int) -> Vectors:
    """The typicality of the next rows from `start` on: exp(-mean distance to the nearest neighbours), above 0 up to 1.

    TypiClust (Hacohen et al. 2022, arXiv:2202.02794) calls 1 / mean distance the typicality; the exponential function
    has the range from 0 to 1 that the key stoppingConditionMinimumTypicality needs. With fewer than `neighbours` other
    rows, all of them count. A row that is alone has typicality 1.
    """
    end = min(len(vectors), start + typicality_rows(vectors))
    count = min(neighbours, len(vectors) - 1)
    if count < 1:
        return np.ones(end - start, dtype=np.float32)
    block = vectors[start:end] @ vectors.T
    block *= -2.0
    block += lengths
    block += lengths[start:end, None]
    block[np.arange(end - start), np.arange(start, end)] = np.inf  # nobody is his own neighbour
    block.partition(count - 1, axis=1)
    distances = np.sqrt(np.maximum(block[:, :count], 0.0))
    distances.sort(axis=1)  # what partition leaves in any order is added in one
    typicality: Vectors = np.exp(-distances.mean(axis=1, dtype=np.float64)).astype(np.float32)
    return typicality
