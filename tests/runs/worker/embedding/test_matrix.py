"""Vectors that stay on the disk: rows of several arrays, as if they were one."""

from __future__ import annotations

import numpy as np
import pytest

from runs.worker.embedding.matrix import Block, Matrix, pieces

FIRST = np.arange(8, dtype=np.float32).reshape(4, 2)
SECOND = np.array([[3, 4], [0, 0]], np.float32)


def test_rows_of_several_arrays_in_their_order() -> None:
    matrix = Matrix.of(Block(FIRST, np.array([3, 1])), Block(SECOND))
    assert (matrix.shape, matrix.ndim, len(matrix)) == ((4, 2), 2, 4)
    assert matrix[:].tolist() == [[6, 7], [2, 3], [3, 4], [0, 0]]
    assert matrix[1:3].tolist() == [[2, 3], [3, 4]]
    assert matrix[np.array([3, 0, 0])].tolist() == [[0, 0], [6, 7], [6, 7]]
    assert matrix.at([2, 1])[:].tolist() == [[3, 4], [2, 3]]
    assert matrix[np.array([], np.intp)].shape == (0, 2)


def test_what_nobody_knows_is_no_number() -> None:
    block = Block(FIRST, np.array([-1, 2]))
    matrix = Matrix.of(block, Block(np.zeros((3, 0), np.float32)))
    assert block.unknown == 1
    assert np.isnan(matrix[:]).all(axis=1).tolist() == [True, False, True, True, True]
    assert Matrix.of(Block(np.zeros((3, 0), np.float32)))[:].shape == (3, 0)


def test_unit_length() -> None:
    matrix = Matrix.of(Block(SECOND)).unit()
    assert matrix[:].ravel() == pytest.approx([0.6, 0.8, 0.0, 0.0])
    assert matrix.at([0])[:].ravel() == pytest.approx([0.6, 0.8])
    assert matrix.unit(is_wanted=False)[:].tolist() == SECOND.tolist()


def test_some_at_a_time() -> None:
    matrix = Matrix.of(Block(FIRST), Block(SECOND))
    found = list(pieces(matrix, 4))
    assert [start for start, _ in found] == [0, 4]
    assert np.array_equal(np.concatenate([some for _, some in found]), matrix[:])
