"""Rows of numbers in several files: a process of a worker may write none of more than 2 GiB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runs.selection import vectors
from runs.selection.vectors import prepared
from runs.worker.embedding import segments

ROWS = np.arange(26, dtype=np.float32).reshape(13, 2)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four rows each."""
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 32)


def test_rows_go_on_in_the_next_file(tmp_path: Path) -> None:
    segments.append(tmp_path, 2, 0, ROWS[:3])
    segments.append(tmp_path, 2, 3, ROWS[3:13])
    assert [path.stat().st_size for path in sorted(tmp_path.iterdir())] == [32, 32, 32, 8]
    found = segments.opened(tmp_path, 2, 13)
    assert np.array_equal(found[:], ROWS)
    assert found[np.array([12, 0, 4])].tolist() == ROWS[[12, 0, 4]].tolist()


def test_what_a_killed_slice_left_does_not_count(tmp_path: Path) -> None:
    segments.append(tmp_path, 2, 0, ROWS)
    segments.append(tmp_path, 2, 2, ROWS[5:11])
    assert np.array_equal(segments.opened(tmp_path, 2, 8)[:], np.concatenate([ROWS[:2], ROWS[5:11]]))
    segments.append(tmp_path, 2, 8, ROWS[:1])
    assert np.array_equal(segments.opened(tmp_path, 2, 9)[8:], ROWS[:1])


def test_nothing(tmp_path: Path) -> None:
    assert segments.opened(tmp_path, 2, 0).shape == (0, 2)
    assert segments.opened(tmp_path, 0, 3)[:].shape == (3, 0)


def test_large_arrays_of_a_selection_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    order = np.arange(12, -1, -1)
    small = prepared(ROWS, order, unit_length=True)
    monkeypatch.setattr(vectors, "_LARGE_BYTES", 1)
    assert np.array_equal(prepared(ROWS, order, unit_length=True), small)
