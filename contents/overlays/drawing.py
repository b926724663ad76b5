"""What is drawn of the predictions of one image. Pure; what comes out is JSON, kept until a page asks for it.

Coordinates are those of the upright picture, in pixels of the original.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contents.annotations.findings import Notes
from contents.annotations.predictions.schema import TaskSchema
from contents.annotations.predictions.shapes import check_box, check_keypoints, check_mask, is_number
from contents.annotations.sizes import Size
from contents.overlays.geometry import Upright
from contents.overlays.outlines import TooDetailedError, coarser, outlines

# Of a task, those with the highest scores.
MOST_OBJECTS = 500
MOST_CORNERS = 40_000
MOST_PROBABILITIES = 20
# Of masks; each row costs time.
MOST_ROWS = 50_000
# Larger pictures are shown smaller, and finer outlines than that can't be seen.
SHOWN_SIDE = 1600

Json = dict[str, Any]


@dataclass(frozen=True)
class Skeletons:
    """Of the categories with keypoints: their names, and which of them are joined."""

    names: dict[int, list[str]] = field(default_factory=dict)
    bones: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


def skeletons_of(value: Any) -> Skeletons:
    """Of the document of a schema.json, however broken it is. Both spellings of the keys are in use."""
    found = Skeletons()
    categories = value.get("categories") if isinstance(value, dict) else None
    for category in categories if isinstance(categories, list) else []:
        if not isinstance(category, dict) or type(category.get("id")) is not int:
            continue
        names = category.get("keypoint_names", category.get("keypointNames"))
        bones = category.get("keypoint_skeleton", category.get("keypointSkeleton"))
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            found.names[category["id"]] = names
        if isinstance(bones, list):
            found.bones[category["id"]] = [(bone[0], bone[1]) for bone in bones if _is_bone(bone)]
    return found


def _is_bone(bone: Any) -> bool:
    return isinstance(bone, list) and len(bone) == 2 and all(type(end) is int and end >= 0 for end in bone)


class Corners:
    """How many may still be drawn in one picture."""

    def __init__(self, most: int = MOST_CORNERS) -> None:
        self.left = most


def drawn_task(schema: TaskSchema, skeletons: Skeletons, value: Any, upright: Upright | None, corners: Corners) -> Json:
    """`value` is the document of the task's file for this image. Without `upright` nothing has a place.

    `classes`: those that are predicted, in the order of the schema; `objects` name them by their number in it.
    """
    entries = value.get("predictions") if isinstance(value, dict) else None
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    order = list(schema.categories)
    counts = Counter(found for entry in entries if (found := _category(entry)) is not None)
    used = [category for category in order if category in counts] + sorted(counts.keys() - set(order))
    classes = [
        {
            "id": category,
            "name": schema.categories.get(category, ""),
            "known": category in schema.categories,
            "count": counts[category],
            "colour": order.index(category) if category in schema.categories else len(order),
        }
        for category in used
    ]
    best = sorted(entries, key=lambda entry: -(_score(entry) or 0.0))[:MOST_OBJECTS]
    draw = _Drawing(schema, skeletons, upright, corners)
    objects = [draw.object(entry, {category: at for at, category in enumerate(used)}) for entry in best]
    return {"classes": classes, "objects": objects, "count": len(entries), "hidden": len(entries) - len(best)}


def _category(entry: Mapping[str, Any]) -> int | None:
    found = entry.get("category_id")
    return found if type(found) is int and abs(found) < 2**63 else None


def _score(entry: Mapping[str, Any]) -> float | None:
    score: Any = entry.get("score")
    if is_number(score) and 0 <= score <= 1:
        return float(score)
    return max((share for _, share in _probabilities(entry)), default=None)


def _probabilities(entry: Mapping[str, Any]) -> list[tuple[int, float]]:
    """By their place in the list."""
    found = entry.get("probabilities")
    if not isinstance(found, list):
        return []
    return [(at, float(share)) for at, share in enumerate(found) if is_number(share) and 0 <= share <= 1]


@dataclass(frozen=True)
class _Drawing:
    schema: TaskSchema
    skeletons: Skeletons
    upright: Upright | None
    corners: Corners

    def object(self, entry: Mapping[str, Any], classes: Mapping[int, int]) -> Json:
        category = _category(entry)
        found: Json = {"class": None if category is None else classes[category], "score": _score(entry)}
        if shares := _probabilities(entry):
            names = list(self.schema.categories.values())
            best = sorted(shares, key=lambda each: -each[1])[:MOST_PROBABILITIES]
            found["probabilities"] = [[names[at] if at < len(names) else str(at), share] for at, share in best]
        if self.upright:
            found |= self._shapes(entry, category, self.upright)
        return found

    def _shapes(self, entry: Mapping[str, Any], category: int | None, upright: Upright) -> Json:
        found: Json = {}
        box = entry.get("bbox")
        if _passes(lambda notes: check_box(box, None, (), notes)):
            found["box"] = [_neat(number) for number in upright.box(*box)]  # type: ignore[misc]  # it has four numbers
        found |= self._mask(entry.get("segmentation"), upright)
        points = entry.get("keypoints")
        if points is not None and _passes(lambda notes: check_keypoints(points, None, (), notes)):
            found |= self._points(points, category, upright)
        if place := _label_place(found):
            found["at"] = place
        return found

    def _mask(self, runs: Any, upright: Upright) -> Json:
        size = Size(upright.width, upright.height)
        if runs is None or not _passes(lambda notes: check_mask(runs, size, (), notes)):
            return {}
        if upright.height > MOST_ROWS:
            return {"too_detailed": True}
        try:
            loops = outlines(runs, upright.width, most_corners=20 * MOST_CORNERS)
        except TooDetailedError:
            return {"too_detailed": True}
        step = max(1, round(max(upright.size) / SHOWN_SIDE))
        coarse = [loop for each in loops if (loop := coarser(each, step))]
        count = sum(map(len, coarse))
        if count > self.corners.left:
            return {"too_detailed": True}
        self.corners.left -= count
        shown = [upright.points(loop) for loop in coarse]
        if not shown:
            return {}
        top = min((point for loop in shown for point in loop), key=lambda point: (point[1], point[0]))
        return {"outline": "".join(_path(loop) for loop in shown), "top": [_neat(top[0]), _neat(top[1])]}

    def _points(self, values: Sequence[float], category: int | None, upright: Upright) -> Json:
        names = self.skeletons.names.get(category, []) if category is not None else []
        bones = self.skeletons.bones.get(category, []) if category is not None else []
        points: list[list[Any] | None] = []
        for number, at in enumerate(range(0, len(values), 3)):
            x, y = upright.point(values[at], values[at + 1])
            name = names[number] if number < len(names) else str(number)
            # A confidence of 0 is how points are written that were not found.
            points.append([_neat(x), _neat(y), name, values[at + 2]] if values[at + 2] > 0 else None)
        joined = [(points[one], points[other]) for one, other in bones if max(one, other) < len(points)]
        return {
            "points": [point for point in points if point],
            "bones": [[one[0], one[1], other[0], other[1]] for one, other in joined if one and other],
        }


def _passes(check: Callable[[Notes], object]) -> bool:
    notes = Notes("")
    return check(notes) is not False and not notes.has_errors


def _path(loop: Sequence[tuple[float, float]]) -> str:
    """For the attribute `d` of an SVG path."""
    return "M" + " ".join(f"{_neat(x)} {_neat(y)}" for x, y in loop) + "Z"


def _neat(number: float) -> float | int:
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _label_place(found: Json) -> list[float] | None:
    """Where an object's name stands: at the upper left."""
    if "box" in found:
        return list(found["box"][:2])
    if "top" in found:
        return list(found["top"])
    points = found.get("points")
    return list(min(points, key=lambda point: (point[1], point[0]))[:2]) if points else None
