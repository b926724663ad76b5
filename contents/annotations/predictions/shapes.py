"""Checks boxes, masks and keypoints of one prediction."""

from collections.abc import Sequence
from typing import Any

from contents.annotations.findings import Notes, Steps, shown
from contents.annotations.predictions import rules
from contents.annotations.sizes import Size

# Boxes are rounded by whoever writes them.
_TOLERANCE = 1.0
# Masks and boxes of one object differ by rounding, too.
_MASK_TOLERANCE = 2.0
_MOST = 2**63
_BOX_FORM = "[x, y, width, height]"


def is_number(value: Any) -> bool:
    """Whether it is a finite number of at most 64 bits. True, false, NaN and infinity are none."""
    return (type(value) is float or type(value) is int) and -_MOST <= value <= _MOST


def check_box(box: Any, size: Size | None, place: Steps, notes: Notes) -> bool:
    """Whether it is a box with an area, however wrong its place may be."""
    if not isinstance(box, list) or len(box) != 4:
        notes.add(rules.BOX, *place, found=shown(box), expected=_BOX_FORM)
        return False
    for number, value in enumerate(box):
        if not is_number(value) or value < 0:
            notes.add(rules.BOX, *place, number, found=shown(value), expected="a number from 0 on")
            return False
    x, y, width, height = box
    if not (width and height):
        notes.add(rules.BOX_EMPTY, *place, found=shown(box), expected="a width and a height above 0")
        return False
    if x <= 1 and y <= 1 and width <= 1 and height <= 1 and any(each % 1 for each in box):
        notes.add(rules.BOX_RELATIVE, *place, found=shown(box), expected=f"{_BOX_FORM} in pixels")
    elif size and (x + width > size.width + _TOLERANCE or y + height > size.height + _TOLERANCE):
        # Two corners inside of the image that would not fit as a box.
        corners = width > x and height > y and width <= size.width + _TOLERANCE and height <= size.height + _TOLERANCE
        rule = rules.BOX_CORNERS if corners else rules.BOX_OUTSIDE
        fix = f"Perhaps [{x}, {y}, {_neat(width - x)}, {_neat(height - y)}] is meant. {rule.fix}" if corners else ""
        expected = f"a box in {size.width} x {size.height} pixels"
        notes.add(rule, *place, found=shown(box), expected=expected, fix=fix)
    return True


def _neat(number: float) -> str:
    return f"{round(number, 3):g}"


def check_mask(runs: Any, size: Size | None, place: Steps, notes: Notes) -> bool:
    """Whether it is a list of run lengths that fits the image, as far as its size is known."""
    if _is_coco(runs):
        notes.add(rules.MASK_POLYGON, *place, found=shown(runs), expected="a list of run lengths")
        return False
    if not isinstance(runs, list) or not runs:
        notes.add(rules.MASK, *place, found=shown(runs), expected="a list of run lengths")
        return False
    for number, run in enumerate(runs):
        if type(run) is not int or not 0 <= run < 2**63:
            notes.add(rules.MASK, *place, number, found=shown(run), expected="a whole number from 0 on")
            return False
    total = sum(runs)
    if size and total != size.width * size.height:
        expected = f"{size.width} x {size.height} = {size.width * size.height} pixels"
        notes.add(rules.MASK_SUM, *place, found=f"runs of {total} pixels", expected=expected)
        return False
    return True


def _is_coco(value: Any) -> bool:
    if isinstance(value, dict):
        return "counts" in value
    return isinstance(value, str) or (isinstance(value, list) and bool(value) and isinstance(value[0], list))


def check_mask_in_box(runs: Sequence[int], box: Sequence[float], size: Size, place: Steps, notes: Notes) -> None:
    """Notes a mask that fits its box only if its runs go column by column. Both are correct by themselves."""
    by_row = _extent(runs, size.width)
    across, down, far_across, far_down = _extent(runs, size.height)
    by_column = (down, across, far_down, far_across)
    if not _same_place(by_row, box) and _same_place(by_column, box):
        left, top, right, bottom = by_row
        found = f"a mask in [{left}, {top}, {right - left}, {bottom - top}]"
        notes.add(rules.MASK_COLUMNS, *place, found=found, expected=f"a mask in {shown(list(box))}")


def _extent(runs: Sequence[int], row: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom (not included) of the ones, in rows of this many pixels. Zeros without any."""
    left, top, right, bottom = row, -1, 0, 0
    at = 0
    for number, run in enumerate(runs):
        if number % 2 and run:
            first, last = at // row, (at + run - 1) // row
            top = first if top < 0 else top
            bottom = last + 1
            if first == last:
                left, right = min(left, at % row), max(right, (at + run - 1) % row + 1)
            else:
                left, right = 0, row
        at += run
    return (left, top, right, bottom) if bottom else (0, 0, 0, 0)


def _same_place(extent: tuple[int, int, int, int], box: Sequence[float]) -> bool:
    x, y, width, height = box
    return all(
        abs(one - other) <= _MASK_TOLERANCE for one, other in zip(extent, (x, y, x + width, y + height), strict=True)
    )


def check_keypoints(values: Any, named: int | None, place: Steps, notes: Notes) -> None:
    """`named`: how many the schema has for the category; None: it does not say."""
    if not isinstance(values, list) or not values or len(values) % 3:
        notes.add(rules.KEYPOINTS, *place, found=shown(values), expected="[x, y, confidence, …]")
        return
    for number, value in enumerate(values):
        confidence = number % 3 == 2
        if not is_number(value) or value < 0 or (confidence and value > 1):
            expected = "a confidence from 0 to 1" if confidence else "a number from 0 on"
            notes.add(rules.KEYPOINTS, *place, number, found=shown(value), expected=expected)
            return
    if named is not None and len(values) != 3 * named:
        found = f"{len(values) // 3} keypoints"
        notes.add(rules.KEYPOINTS_NUMBER, *place, found=found, expected=f"{named} keypoints")
