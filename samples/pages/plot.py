"""The newest picture of an embedding as SVG: a dot for each sample, those of one tag in colour."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from datasets.models import Dataset
from samples import masks, queries
from samples.models import EmbeddingPlot, PlotMethod, Tag

WIDTH, HEIGHT, MARGIN = 640, 420, 12
# So many dots of each kind are drawn: more are a blot, and a page of megabytes.
MOST_DOTS = 3_000


class Plot(NamedTuple):
    """`others` and `chosen` are paths of dots. `left_out`: samples that are not drawn, evenly spread.

    `percent`: of the drawing's area in which the tag's samples lie, by their bounding box.
    """

    method: str
    embedding: str
    model: str
    others: str
    chosen: str
    drawn: int
    left_out: int
    in_tag: int
    percent: float


def points_of(plot: EmbeddingPlot) -> array[float]:
    """x and y of each sample, one after the other."""
    points = array("f", bytes(plot.points))
    if sys.byteorder == "big":
        points.byteswap()
    return points


def table(plot: EmbeddingPlot, tag: Tag | None) -> Iterator[tuple[str, ...]]:
    """Name, x, y and yes or no for each sample."""
    points = points_of(plot)
    count = min(plot.count, len(points) // 2)
    bits = bytes(tag.bits) if tag else b""
    rows = queries.values_at(plot.embedding.dataset_id, range(count), "position", "file_name")
    for position, name in rows:
        x, y = points[2 * position], points[2 * position + 1]
        yield name, f"{x:.6g}", f"{y:.6g}", "yes" if masks.has(bits, position) else "no"


def newest_plot(dataset: Dataset) -> EmbeddingPlot | None:
    found = EmbeddingPlot.objects.filter(embedding__dataset=dataset, method=PlotMethod.PCA, count__gt=0)
    return found.select_related("embedding").order_by("-embedding__created_at", "-pk").first()


def drawn(plot: EmbeddingPlot, tag: Tag | None) -> Plot:
    points = points_of(plot)
    count = min(plot.count, len(points) // 2)
    inside = [position for position in masks.positions_in(tag.bits) if position < count] if tag else []
    among = set(inside)
    outside = [position for position in range(count) if position not in among]
    shown_inside, shown_outside = _spread_out(inside), _spread_out(outside)
    frame = _Frame(points, count)
    return Plot(
        method=plot.get_method_display(),
        embedding=plot.embedding.name,
        model=plot.embedding.model,
        others=frame.dots(shown_outside),
        chosen=frame.dots(shown_inside),
        drawn=len(shown_inside) + len(shown_outside),
        left_out=count - len(shown_inside) - len(shown_outside),
        in_tag=len(inside),
        percent=frame.percent(inside),
    )


def _spread_out(positions: Sequence[int]) -> Sequence[int]:
    """At most MOST_DOTS of them, evenly."""
    step = -(-len(positions) // MOST_DOTS) or 1
    return positions[::step]


class _Frame:
    """Where a point is in the drawing."""

    def __init__(self, points: array[float], count: int) -> None:
        self._points = points
        across, along = points[: 2 * count : 2], points[1 : 2 * count : 2]
        self._left, self._low = min(across, default=0.0), min(along, default=0.0)
        self._width = max(across, default=0.0) - self._left
        self._height = max(along, default=0.0) - self._low

    def dots(self, positions: Sequence[int]) -> str:
        """Each is a line of no length, which its round ends make a dot."""
        return "".join(f"M{x:.0f} {y:.0f}h0" for x, y in map(self._place, positions))

    def _place(self, position: int) -> tuple[float, float]:
        x = (self._points[2 * position] - self._left) / (self._width or 1)
        y = (self._points[2 * position + 1] - self._low) / (self._height or 1)
        return MARGIN + x * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN)

    def percent(self, positions: Sequence[int]) -> float:
        if not positions or not self._width or not self._height:
            return 0.0
        across = [self._points[2 * position] for position in positions]
        along = [self._points[2 * position + 1] for position in positions]
        area = (max(across) - min(across)) * (max(along) - min(along))
        return float(100 * area / (self._width * self._height))
