"""Embeddings: made ready once, then one matrix-vector product for each chosen sample.

All work is done in float32 and in blocks, so that no array of the size of the embeddings is made besides the one that
`prepared` returns. Blocks depend only on the shape: work that is stopped and continued gives the same bits.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.selection.samples import Flags, Indices, Vectors

_ROWS = 64
# Below this, two squared distances differ only by the rounding of float32 (unit vectors, some hundred dimensions).
ROUNDING = 1e-6
CENTRES_AT_ONCE = 16


def usable_rows(embeddings: NDArray[Any], rows: Indices) -> Flags:
    """(len(rows),) whether all numbers of a row are finite."""
    usable = np.empty(len(rows), dtype=np.bool_)
    for start in range(0, len(rows), _ROWS):
        usable[start : start + _ROWS] = np.isfinite(embeddings[rows[start : start + _ROWS]]).all(axis=1)
    return usable


def prepared(embeddings: NDArray[Any], rows: Indices, *, unit_length: bool) -> Vectors:
    """(len(rows), d) the rows in the order of `rows`, at unit length if wanted. A zero vector stays as it is."""
    ready = np.empty((len(rows), embeddings.shape[1]), dtype=np.float32)
    for start in range(0, len(rows), _ROWS):
        block = embeddings[rows[start : start + _ROWS]].astype(np.float64)
        if unit_length:
            # In two steps: the square of a very large or very small number has no place in a float64.
            for length in (np.abs(block).max(axis=1, initial=0.0), None):
                by = np.sqrt(np.square(block).sum(axis=1)) if length is None else length
                np.divide(block, by[:, None], out=block, where=by[:, None] > 0)
        # + 0.0 makes of -0.0 the same bits as of 0.0.
        ready[start : start + _ROWS] = np.clip(block, -1e15, 1e15) + 0.0
    return ready


def digests(vectors: Vectors) -> list[bytes]:
    """A hash of each row; two rows have the same one if they are equal in every bit."""
    return [hashlib.blake2b(row, digest_size=16).digest() for row in vectors]


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
