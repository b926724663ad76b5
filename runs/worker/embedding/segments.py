"""Rows of float32 numbers in files, each of which stays below what a process of a worker may write into one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runs.worker.embedding.matrix import Block, Matrix

# See LIGHTLY_PROCESS_LIMITS.
SEGMENT_BYTES = 1024**3


def append(folder: Path, width: int, at: int, rows: NDArray[np.float32]) -> None:
    """Write (m, width) as the rows from `at` on, and forget what stood behind them: a killed slice may have left it."""
    most = _rows_of_a_segment(width)
    while len(rows):
        number, place = divmod(at, most)
        some, rows = rows[: most - place], rows[most - place :]
        with _path(folder, number).open("ab") as file:
            file.truncate(place * width * 4)
            file.write(np.ascontiguousarray(some, np.float32).tobytes())
        at += len(some)


def opened(folder: Path, width: int, count: int) -> Matrix:
    """The first `count` rows. They stay on the disk."""
    if not count or not width:
        return Matrix((Block(np.zeros((count, 0), np.float32)),), width)
    most = _rows_of_a_segment(width)
    starts = range(0, count, most)
    blocks = [
        Block(np.memmap(_path(folder, number), np.float32, mode="r", shape=(min(most, count - start), width)))
        for number, start in enumerate(starts)
    ]
    return Matrix(tuple(blocks), width)


def _rows_of_a_segment(width: int) -> int:
    return max(1, SEGMENT_BYTES // (width * 4))


def _path(folder: Path, number: int) -> Path:
    return folder / f"vectors-{number:04}.f32"
