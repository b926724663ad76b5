"""Outlines of masks, filled again, are the masks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contents.overlays.geometry import Upright
from contents.overlays.outlines import Loop, TooDetailedError, coarser, outlines

PLENTY = 10_000


def decoded(runs: list[int], width: int) -> list[list[int]]:
    """Rows of zeros and ones, one pixel after the other."""
    bits = list(itertools.chain.from_iterable([number % 2] * run for number, run in enumerate(runs)))
    return [bits[start : start + width] for start in range(0, len(bits), width)]


def encoded(rows: list[list[int]]) -> list[int]:
    runs, value = [0], 0
    for bit in itertools.chain.from_iterable(rows):
        if bit != value:
            runs.append(0)
            value = bit
        runs[-1] += 1
    return runs


def filled(loops: list[Loop], width: int, height: int) -> list[list[int]]:
    """By the even-odd rule: how many upright lines stand to the left of each pixel's middle."""
    rows = [[0] * width for _ in range(height)]
    for loop in loops:
        for (x, y), (other_x, other_y) in itertools.pairwise([*loop, loop[0]]):
            assert x == other_x or y == other_y, "lines run along the edges of pixels"
            if x == other_x:
                for row in range(min(y, other_y), max(y, other_y)):
                    for column in range(x, width):
                        rows[row][column] ^= 1
    return rows


_sides = st.tuples(st.integers(1, 9), st.integers(1, 9))
_masks = _sides.flatmap(
    lambda sides: st.lists(
        st.lists(st.integers(0, 1), min_size=sides[0], max_size=sides[0]), min_size=sides[1], max_size=sides[1]
    )
)


@given(_masks)
def test_filled_again(rows: list[list[int]]) -> None:
    width, height = len(rows[0]), len(rows)
    loops = outlines(encoded(rows), width, most_corners=PLENTY)
    assert filled(loops, width, height) == rows
    corners = [corner for loop in loops for corner in loop]
    assert len(corners) == len(set(corners)), "no corner twice"


@given(_masks, st.data())
def test_runs_of_nothing_between(rows: list[list[int]], data: st.DataObject) -> None:
    """A run may be 0, or be split by a 0: the mask is the same."""
    runs = encoded(rows)
    at = data.draw(st.integers(0, len(runs) - 1))
    part = data.draw(st.integers(0, runs[at]))
    split = [*runs[:at], part, 0, runs[at] - part, *runs[at + 1 :]]
    width = len(rows[0])
    assert decoded(split, width) == rows
    assert filled(outlines(split, width, most_corners=PLENTY), width, len(rows)) == rows


@given(_masks, st.integers(1, 8))
def test_turned_as_the_picture_is(rows: list[list[int]], orientation: int) -> None:
    """The outline of the turned pixels is the turned outline."""
    width, height = len(rows[0]), len(rows)
    upright = Upright(width, height, orientation)
    across, down = upright.size
    turned = [[0] * across for _ in range(down)]
    for y, row in enumerate(rows):
        for x, bit in enumerate(row):
            column, line = upright.point(x + 0.5, y + 0.5)
            turned[int(line)][int(column)] = bit
    loops = outlines(encoded(rows), width, most_corners=PLENTY)
    shown = [[(int(x), int(y)) for x, y in upright.points(loop)] for loop in loops]
    assert filled(shown, across, down) == turned


def test_a_ring_has_two_lines() -> None:
    rows = [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    assert sorted(len(loop) for loop in outlines(encoded(rows), 3, most_corners=PLENTY)) == [4, 4]


def test_most_corners() -> None:
    holes = [[int(x % 2 + y % 2 > 1) for x in range(100)] for y in range(100)]
    assert len(outlines(encoded(holes), 100, most_corners=10_000)) == 2500
    with pytest.raises(TooDetailedError):
        outlines(encoded(holes), 100, most_corners=9_000)


@given(_masks, st.integers(2, 5))
def test_coarser_stays_near(rows: list[list[int]], step: int) -> None:
    for loop in outlines(encoded(rows), len(rows[0]), most_corners=PLENTY):
        coarse = coarser(loop, step)
        assert len(coarse) <= len(loop)
        for x, y in coarse:
            assert min(max(abs(x - a), abs(y - b)) for a, b in loop) <= step / 2


def test_a_large_disk_needs_few_corners_when_coarse() -> None:
    side, radius = 400, 180
    rows = [[int((x - 200) ** 2 + (y - 200) ** 2 < radius**2) for x in range(side)] for y in range(side)]
    (loop,) = outlines(encoded(rows), side, most_corners=PLENTY)
    assert len(coarser(loop, 4)) < len(loop) / 2
    assert coarser(loop, 1) == loop
    assert coarser([(0, 0), (1, 0), (1, 1), (0, 1)], 8) == []
