"""Masks as outlines: run lengths become closed lines along the edges of pixels, without decoding the mask. Pure.

Run lengths go row by row and begin with zeros (https://docs.lightly.ai/docs/prediction-format).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Corner = tuple[int, int]
Loop = list[Corner]
"""The corners of a closed line; the last one is connected with the first."""


class TooDetailedError(Exception):
    """It has more corners than are drawn."""


def outlines(runs: Sequence[int], width: int, *, most_corners: int) -> list[Loop]:
    """Lines around the ones of an image this wide, for filling by the even-odd rule.

    Raises TooDetailedError. Takes time for each run, and for each row that has ones in it.
    """
    across: dict[Corner, Corner] = {}  # the other end of the level line that begins or ends at a corner
    down: dict[Corner, Corner] = {}  # and of the upright one
    begun: dict[int, int] = {}  # where the upright line at this x began
    above: frozenset[int] = frozenset()
    for y, edges in _rows(runs, width):
        # An upright line begins or ends where one of two rows has an edge and the other has none.
        changed = sorted(above ^ edges)
        for x, other in zip(changed[::2], changed[1::2], strict=True):
            across[x, y], across[other, y] = (other, y), (x, y)
        for x in changed:
            if x in begun:
                start = begun.pop(x)
                down[x, y], down[x, start] = (x, start), (x, y)
            else:
                begun[x] = y
        if len(across) > most_corners:
            raise TooDetailedError
        above = edges
    return list(_loops(across, down))


def _rows(runs: Sequence[int], width: int) -> Iterator[tuple[int, frozenset[int]]]:
    """Where zeros and ones meet in each row that has ones, and in the row below where that has none."""
    last, edges = -1, set[int]()
    for start, end in _ones(runs):
        for row in range(start // width, (end - 1) // width + 1):
            if row != last:
                if last >= 0:
                    yield last, frozenset(edges)
                    if row > last + 1:
                        yield last + 1, frozenset()
                last, edges = row, set()
            edges ^= {max(start - row * width, 0), min(end - row * width, width)}
    if last >= 0:
        yield last, frozenset(edges)
        yield last + 1, frozenset()


def _ones(runs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where ones begin and end, joined where nothing lies between."""
    at, begun, ended = 0, -1, -1
    for number, run in enumerate(runs):
        if number % 2 and run:
            if at != ended:
                if begun >= 0:
                    yield begun, ended
                begun = at
            ended = at + run
        at += run
    if begun >= 0:
        yield begun, ended


def _loops(across: dict[Corner, Corner], down: dict[Corner, Corner]) -> Iterator[Loop]:
    while across:
        start = corner = next(iter(across))
        loop: Loop = []
        while True:
            other = across.pop(corner)
            across.pop(other)
            loop += [corner, other]
            corner = down[other]
            if corner == start:
                break
        yield loop


def coarser(loop: Loop, step: int) -> Loop:
    """On a grid of so many pixels, without corners that fall together or lie on a line. Empty where nothing is left."""
    if step <= 1:
        return loop
    snapped: Loop = []
    for x, y in loop:
        corner = ((x + step // 2) // step * step, (y + step // 2) // step * step)
        while len(snapped) >= 2 and _on_a_line(snapped[-2], snapped[-1], corner):
            snapped.pop()
        if not snapped or snapped[-1] != corner:
            snapped.append(corner)
    while len(snapped) > 1 and snapped[0] == snapped[-1]:
        snapped.pop()
    return snapped if len(snapped) > 2 else []


def _on_a_line(one: Corner, middle: Corner, other: Corner) -> bool:
    return one[0] == middle[0] == other[0] or one[1] == middle[1] == other[1]
