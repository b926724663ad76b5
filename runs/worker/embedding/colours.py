"""Vectors without any network: colours, brightness and edges. For installations that have no model.

They tell night from day and forest from street, and little of what is in a picture. The log and the report say so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runs.worker.embedding.network import Pixels, Vectors

_CELLS, _BINS = 8, 8
# Of a picture of 64 x 64: three moments of three channels, 8 x 8 gray cells, 4 x 4 cells with 8 directions of edges.
_PARTS = 4
DIMENSIONS = 9 + _CELLS**2 + _PARTS**2 * _BINS


class Colours:
    """An Embedder (network.py)."""

    name = "colours, brightness and edges (no network)"
    size = (64, 64)

    def vectors(self, pictures: Sequence[Pixels]) -> Vectors:
        found = np.zeros((len(pictures), DIMENSIONS), np.float32)
        for place, picture in enumerate(pictures):
            found[place] = _vector(picture)
        return found


def _vector(picture: Pixels) -> Vectors:
    values = picture.astype(np.float32) / 255.0
    gray = values @ np.array([0.299, 0.587, 0.114], np.float32)
    cells = _of_cells(gray, _CELLS).mean(axis=(1, 3)).ravel()
    return np.concatenate([_moments(values), cells, _edges(gray)]).astype(np.float32)


def _moments(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(9,) mean, standard deviation, and cube root of the third moment of each channel (Stricker and Orengo 1995)."""
    flat = values.reshape(-1, 3)
    mean = flat.mean(axis=0)
    return np.concatenate([mean, flat.std(axis=0), np.cbrt(((flat - mean) ** 3).mean(axis=0))])


def _edges(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    """(128,) how much edge there is in each of 8 directions, for each of 4 x 4 parts; at most 1 together."""
    down, right = np.gradient(gray)
    strength = np.hypot(down, right)
    direction = ((np.arctan2(down, right) % np.pi) * (_BINS / np.pi)).astype(np.intp) % _BINS
    of_bin = np.stack([np.where(direction == number, strength, 0.0) for number in range(_BINS)], axis=-1)
    side = gray.shape[0] // _PARTS
    sums = of_bin.reshape(_PARTS, side, _PARTS, side, _BINS).sum(axis=(1, 3)).ravel()
    return np.asarray(sums / max(1.0, float(sums.sum())), np.float32)


def _of_cells(gray: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    side = gray.shape[0] // cells
    return gray.reshape(cells, side, cells, side)
