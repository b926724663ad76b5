"""Embeddings made ready, and the numbers by which equal ones are found."""

from __future__ import annotations

import numpy as np
import pytest

from runs.selection.vectors import keys_of, prepared


@pytest.mark.parametrize("dimensions", [1, 2, 7, 64])
def test_rows_have_equal_keys_only_if_they_are_equal(dimensions: int) -> None:
    rows = np.random.default_rng(0).standard_normal((50, dimensions), dtype=np.float32)
    rows[30] = rows[4]
    for at in range(dimensions):  # one bit each
        rows[31 + at % 10] = rows[5]
        rows[31 + at % 10].view(np.uint32)[at] ^= np.uint32(1 << (at % 23))
        keys = keys_of(rows)
        assert keys[30] == keys[4]
        assert keys[31 + at % 10] != keys[5]
    assert (keys_of(rows[10:20]) == keys_of(rows)[10:20]).all(), "a row's key depends on nothing else"


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e-20, 1.0, 1e20, 1e150, 1e300])
def test_every_length_becomes_one(size: float) -> None:
    rows = np.array([[3.0, -4.0], [0.0, 0.0], [0.0, -1.0]]) * size
    ready = prepared(rows, np.arange(3), unit_length=True)
    assert ready == pytest.approx(np.array([[0.6, -0.8], [0.0, 0.0], [0.0, -1.0]]), abs=1e-7)
    assert not np.signbit(ready[2, 0])
