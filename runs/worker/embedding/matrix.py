"""Vectors of many samples that stay where they are, mostly on the disk: only the rows that are asked for are copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.worker.embedding.network import Vectors

Indices = NDArray[np.intp]
# So many rows are in memory at once where all are gone through.
ROWS = 2048


@dataclass(frozen=True)
class Block:
    """Some rows of an array, in the order of `places`; -1 stands for a row without numbers. None: all of its rows."""

    array: NDArray[Any] | Matrix
    places: Indices | None = None

    def __len__(self) -> int:
        return len(self.array) if self.places is None else len(self.places)

    @property
    def unknown(self) -> int:
        """How many rows have no numbers because nobody knows their place."""
        return 0 if self.places is None else int(np.count_nonzero(self.places < 0))


@dataclass(frozen=True)
class Matrix:
    """(n, d) float32: the rows of these blocks, one block after the other. `is_unit`: each row at length 1.

    Blocks without numbers, (m, 0), count as rows of NaN. Only rows can be asked for: by a slice, or by an array of
    their places.
    """

    blocks: tuple[Block, ...]
    width: int
    is_unit: bool = False

    @classmethod
    def of(cls, *blocks: Block) -> Matrix:
        return cls(blocks, max((block.array.shape[1] for block in blocks), default=0))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), self.width

    @property
    def ndim(self) -> int:
        return 2

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def __getitem__(self, rows: Any) -> Vectors:
        wanted = np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows, np.intp)
        found = np.full((len(wanted), self.width), np.nan, np.float32)
        start = 0
        for block in self.blocks:
            _copy(block, wanted - start, found)
            start += len(block)
        if self.is_unit and found.size:
            lengths = np.linalg.norm(found, axis=1, keepdims=True)
            np.divide(found, lengths, out=found, where=lengths > 0)
        return found

    def at(self, rows: Sequence[int] | Indices) -> Matrix:
        """These rows alone, in this order. Nothing is copied."""
        wanted = np.asarray(rows, np.intp)
        return replace(self, blocks=(Block(self, wanted),))

    def unit(self, *, is_wanted: bool = True) -> Matrix:
        return replace(self, is_unit=is_wanted)


def _copy(block: Block, wanted: Indices, found: Vectors) -> None:
    """Of the wanted places those that are in the block."""
    here = np.flatnonzero((wanted >= 0) & (wanted < len(block)))
    if not here.size or not block.array.shape[1]:
        return
    places = wanted[here]
    if block.places is not None:
        places = block.places[places]
        here, places = here[places >= 0], places[places >= 0]
    found[here] = block.array[places]


def pieces(vectors: Any, rows: int = ROWS) -> Iterator[tuple[int, NDArray[Any]]]:
    """All rows, some at a time: (where they begin, they)."""
    for start in range(0, len(vectors), rows):
        yield start, vectors[start : start + rows]
