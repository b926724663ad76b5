"""From stored pixels, which predictions refer to, to the picture as people see it. Pure.

EXIF says how the stored pixels are turned for showing. Browsers and our previews do so; models and Pillow do not.
Source: Exif 3.0 (CIPA DC-008), tag 274.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Upright:
    """`width` and `height` in stored pixels; `orientation` is EXIF's, 1 to 8. Coordinates run along the edges of
    pixels: the left edge of the first one is 0, the right edge of the last one is `width`.
    """

    width: int
    height: int
    orientation: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as shown."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    def point(self, x: float, y: float) -> Point:
        across, down = self.width - x, self.height - y
        turned = {
            1: (x, y),
            2: (across, y),
            3: (across, down),
            4: (x, down),
            5: (y, x),
            6: (down, x),
            7: (down, across),
            8: (y, across),
        }
        return turned[self.orientation]

    def points(self, points: Iterable[Point]) -> list[Point]:
        return [self.point(x, y) for x, y in points]

    def box(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Left, top, width and height as shown, of a box with the same in stored pixels."""
        (left, top), (right, bottom) = self.point(x, y), self.point(x + width, y + height)
        return min(left, right), min(top, bottom), abs(right - left), abs(bottom - top)
