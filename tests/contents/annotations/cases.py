"""For each rule a tree that breaks it, at one known place, and one that nearly does.

`pointer` is where the bad one is wrong, `path` in which file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contents.annotations.documents.reading import MOST_DEPTH
from tests.contents.annotations.trees import BOX, CATEGORIES, HEIGHT, METADATA, WIDTH, M, P, Tree, png

Change = Callable[[Tree], object]
BOXES = f"{P}boxes/street/1.json"
META = f"{M}street/1.json"
ENTRY = "/predictions/0"


@dataclass(frozen=True)
class Case:
    path: str
    bad: Change
    good: Change
    pointer: str = ""


def put(path: str, content: Any) -> Change:
    return lambda tree: tree.files.update({path: content})


def drop(path: str) -> Change:
    def change(tree: Tree) -> None:
        for name in [name for name in tree.files if name.startswith(path)]:
            del tree.files[name]

    return change


def move(old: str, new: str) -> Change:
    return lambda tree: tree.rename(old, new)


def raw(text: str) -> Change:
    return put(BOXES, text.encode())


def entry(task: str, without: str = "", **values: Any) -> Change:
    """Change the first prediction of a task."""

    def change(tree: Tree) -> None:
        tree.entry(task).update(values)
        tree.entry(task).pop(without, None)

    return change


def file(path: str, without: str = "", **values: Any) -> Change:
    """Change the object in a file."""

    def change(tree: Tree) -> None:
        tree.files[path].update(values)
        tree.files[path].pop(without, None)

    return change


def category(task: str, number: int, without: str = "", **values: Any) -> Change:
    def change(tree: Tree) -> None:
        found = tree.files[f"{P}{task}/schema.json"]["categories"][number]
        found.update(values)
        found.pop(without, None)

    return change


def schema_entry(number: int, without: str = "", **values: Any) -> Change:
    """Change an entry of the metadata's schema."""

    def change(tree: Tree) -> None:
        found = tree.files[f"{M}schema.json"][number]
        found.update(values)
        found.pop(without, None)

    return change


def metadata(**values: Any) -> Change:
    return lambda tree: tree.files[META]["metadata"].update(values)


def every_metadata(**values: Any) -> Change:
    def change(tree: Tree) -> None:
        for number in (1, 2):
            tree.files[f"{M}street/{number}.json"]["metadata"].update(values)

    return change


def both(*changes: Change) -> Change:
    def change(tree: Tree) -> None:
        for each in changes:
            each(tree)

    return change


def video(name: str) -> Change:
    """Adds a video of 12 frames, and a file with predictions of this name."""

    def change(tree: Tree) -> None:
        tree.samples["clip.mp4"], tree.frames["clip.mp4"] = b"", 12
        tree.files[f"{P}boxes/{name}.json"] = {"file_name": f"{name}.png", "predictions": []}

    return change


def weathers(count: int) -> Change:
    """So many images, each with another weather."""

    def change(tree: Tree) -> None:
        for number in range(count):
            tree.samples[f"many/{number}.png"] = png()
            tree.files[f"{M}many/{number}.json"] = {
                "type": "image",
                "metadata": METADATA | {"scene": {"weather": f"weather {number}"}},
            }

    return change


def each_file(task: str, change_one: Callable[[Any], object]) -> Change:
    def change(tree: Tree) -> None:
        for number in (1, 2):
            change_one(tree.files[f"{P}{task}/street/{number}.json"])

    return change


TASKS = f"{P}tasks.json"
SCHEMA = f"{P}boxes/schema.json"
POINTS = f"{P}points/schema.json"
META_SCHEMA = f"{M}schema.json"
NAMES = ["labels", "boxes", "masks", "objects", "points"]
GOOD_TEXT = '{"file_name": "street/1.png", "predictions": []}'

DOCUMENTS = {
    "json-empty": Case(BOXES, raw(" \n"), raw(GOOD_TEXT)),
    "json-too-large": Case(BOXES, raw("[" + "[]," * 2_000_000 + "[]]"), raw(GOOD_TEXT + " " * 5_000_000)),
    "json-encoding": Case(
        BOXES, put(BOXES, GOOD_TEXT.replace("street", "straße").encode("latin-1")), raw('{"predictions": [], "ß": 1}')
    ),
    "json-bom": Case(BOXES, raw("\ufeff" + GOOD_TEXT), raw('{"predictions": [], "x": "\ufeff"}')),
    "json-depth": Case(
        BOXES,
        raw("[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1)),
        raw("[" * MOST_DEPTH + '"[["' + "]" * MOST_DEPTH),
    ),
    "json-syntax": Case(BOXES, raw('{"predictions": [}'), raw(GOOD_TEXT)),
    "json-comment": Case(BOXES, raw(GOOD_TEXT + " // none"), raw('{"predictions": [], "x": "// none"}')),
    "json-trailing-comma": Case(BOXES, raw('{"predictions": [],}'), raw('{"predictions": [], "x": ",}"}')),
    "json-number": Case(
        BOXES, raw('{"predictions": [], "x": [1, NaN]}'), raw('{"predictions": [], "x": "NaN"}'), "/x/1"
    ),
    "json-repeated-key": Case(
        BOXES,
        raw('{"predictions": [],\n "predictions": []}'),
        raw('{"predictions": [], "x": {"x": {}}}'),
        "/predictions",
    ),
}

TASK_FILES = {
    "tasks-missing": Case(TASKS, drop(TASKS), both(drop(TASKS), drop(P))),
    "tasks-no-list": Case(TASKS, put(TASKS, {"tasks": NAMES}), put(TASKS, NAMES[:1])),
    "tasks-empty": Case(TASKS, put(TASKS, []), put(TASKS, NAMES[:1])),
    "tasks-entry": Case(TASKS, put(TASKS, [*NAMES, 5]), put(TASKS, NAMES), "/5"),
    "tasks-repeated": Case(TASKS, put(TASKS, [*NAMES, "boxes"]), put(TASKS, NAMES), "/5"),
    "tasks-no-folder": Case(TASKS, put(TASKS, [*NAMES, "Boxes"]), put(TASKS, NAMES), "/5"),
    "tasks-unlisted": Case(TASKS, put(TASKS, NAMES[1:]), both(put(TASKS, NAMES[1:]), drop(f"{P}labels/"))),
    "tasks-name": Case(
        TASKS,
        both(put(TASKS, [*NAMES, "my boxes"]), move(f"{P}labels/", f"{P}my boxes/")),
        both(put(TASKS, [*NAMES[1:], "my_+=,.@:-9"]), move(f"{P}labels/", f"{P}my_+=,.@:-9/")),
        "/5",
    ),
    "tasks-reserved": Case(
        TASKS,
        both(put(TASKS, [*NAMES[1:], "lightly_pretagging"]), move(f"{P}labels/", f"{P}lightly_pretagging/")),
        both(put(TASKS, [*NAMES[1:], "my_pretagging"]), move(f"{P}labels/", f"{P}my_pretagging/")),
        "/4",
    ),
    "schema-missing": Case(SCHEMA, drop(SCHEMA), put(SCHEMA, {"task_type": "object-detection", "categories": []})),
    "schema-no-object": Case(SCHEMA, put(SCHEMA, CATEGORIES), put(SCHEMA, {})),
    "schema-no-type": Case(SCHEMA, file(SCHEMA, "task_type"), file(SCHEMA, task_type="classification")),
    "schema-type": Case(
        SCHEMA, file(SCHEMA, task_type="OBJECT_DETECTION"), file(SCHEMA, task_type="keypoint-detection"), "/task_type"
    ),
    "schema-no-categories": Case(SCHEMA, file(SCHEMA, "categories"), file(SCHEMA, categories=[])),
    "schema-empty": Case(SCHEMA, file(SCHEMA, categories=[]), file(SCHEMA, categories=CATEGORIES), "/categories"),
    "schema-category": Case(
        SCHEMA,
        file(SCHEMA, categories=[*CATEGORIES, "bird"]),
        category("boxes", 0, supercategory="animal"),
        "/categories/2",
    ),
    "schema-id": Case(SCHEMA, category("boxes", 1, id="2"), category("boxes", 1, id=1_000_000), "/categories/1/id"),
    "schema-id-repeated": Case(SCHEMA, category("boxes", 1, id=0), category("boxes", 1, id=1), "/categories/1/id"),
    "schema-name": Case(SCHEMA, category("boxes", 1, name=""), category("boxes", 1, name="ü"), "/categories/1/name"),
    "schema-name-repeated": Case(
        SCHEMA, category("boxes", 1, name="dog"), category("boxes", 1, name="Dog"), "/categories/1/name"
    ),
    "schema-keypoints": Case(
        POINTS,
        category("points", 0, keypoint_skeleton=[[0, 2]]),
        both(
            category("points", 0, "keypoint_names", keypointNames=["a", "b"]),
            category("points", 0, "keypoint_skeleton", keypointSkeleton=[[1, 0]]),
        ),
        "/categories/0/keypoint_skeleton",
    ),
    "schema-key": Case(SCHEMA, file(SCHEMA, tasktype=1), category("boxes", 0, supercategory="animal"), "/tasktype"),
    "task-all-missing": Case(
        SCHEMA, move(f"{P}boxes/street/", f"{P}boxes/"), move(f"{P}boxes/street/1.json", f"{P}boxes/1.json")
    ),
    "task-no-probabilities": Case(
        SCHEMA,
        each_file("boxes", lambda each: each["predictions"][0].pop("probabilities")),
        entry("boxes", "probabilities"),
    ),
    "category-never-predicted": Case(
        SCHEMA,
        file(SCHEMA, categories=[*CATEGORIES, {"id": 7, "name": "bird"}]),
        category("boxes", 0, name="Dog"),
    ),
    "task-no-objects": Case(
        SCHEMA, each_file("boxes", lambda each: each.update(predictions=[])), file(BOXES, predictions=[])
    ),
}

WHICH_FILES = {
    "prediction-no-sample": Case(
        f"{P}boxes/Street/1.json",
        move(BOXES, f"{P}boxes/Street/1.json"),
        both(move("street/1.png", "street/1.JPG"), file(BOXES, file_name="street/1.JPG")),
    ),
    "sample-no-prediction": Case("street/1.png", drop(BOXES), file(BOXES, predictions=[])),
    "frame-number": Case(f"{P}boxes/clip-012-mp4.json", video("clip-012-mp4"), video("clip-11-mp4")),
    "frame-extension": Case(f"{P}boxes/clip-11-png.json", video("clip-11-png"), video("clip-11-mp4")),
}

FILES = {
    "prediction-no-object": Case(BOXES, put(BOXES, []), put(BOXES, {"predictions": []})),
    "prediction-no-list": Case(BOXES, file(BOXES, predictions={}), file(BOXES, predictions=[]), "/predictions"),
    "prediction-file-name": Case(
        BOXES, file(BOXES, file_name="./street/1.png"), file(BOXES, "file_name"), "/file_name"
    ),
    "prediction-key": Case(BOXES, file(BOXES, "file_name", filename="street/1.png"), file(BOXES), "/filename"),
    "prediction-entry": Case(BOXES, file(BOXES, predictions=[BOX]), file(BOXES, predictions=[]), ENTRY),
    "prediction-entry-key": Case(BOXES, entry("boxes", box=BOX), entry("boxes"), f"{ENTRY}/box"),
    "category-missing": Case(BOXES, entry("boxes", "category_id"), entry("boxes", category_id=2), ENTRY),
    "category-unknown": Case(
        BOXES, entry("boxes", category_id=1), entry("boxes", category_id=2), f"{ENTRY}/category_id"
    ),
    "score-missing": Case(BOXES, entry("boxes", "score"), entry("labels", "score"), ENTRY),
    "score": Case(BOXES, entry("boxes", score=1.01), entry("boxes", score=1), f"{ENTRY}/score"),
    "probabilities-length": Case(
        BOXES, entry("boxes", probabilities=[1]), entry("boxes", probabilities=[1, 0]), f"{ENTRY}/probabilities"
    ),
    "probabilities-range": Case(
        BOXES,
        entry("boxes", probabilities=[1.5, -0.5]),
        entry("boxes", probabilities=[1, 0.0]),
        f"{ENTRY}/probabilities/0",
    ),
    "probabilities-sum": Case(
        BOXES,
        entry("boxes", probabilities=[0.75, 0.2]),
        entry("boxes", probabilities=[0.75, 0.2505]),
        f"{ENTRY}/probabilities",
    ),
    "probabilities-order": Case(
        BOXES,
        entry("boxes", probabilities=[0.25, 0.75]),
        entry("boxes", probabilities=[0.5, 0.5]),
        f"{ENTRY}/probabilities",
    ),
    "box-missing": Case(BOXES, entry("boxes", "bbox"), entry("points", bbox=None), ENTRY),
    "box": Case(BOXES, entry("boxes", bbox=[10, -5, 20, 10]), entry("boxes", bbox=[0, 0, 2, 1.5]), f"{ENTRY}/bbox/1"),
    "box-empty": Case(BOXES, entry("boxes", bbox=[10, 5, 0, 10]), entry("boxes", bbox=[0, 0, 1, 1]), f"{ENTRY}/bbox"),
    "box-outside": Case(
        BOXES,
        entry("boxes", bbox=[90, 5, 20, 10]),
        entry("boxes", bbox=[0, 0, WIDTH + 0.5, HEIGHT]),
        f"{ENTRY}/bbox",
    ),
    "box-corners": Case(
        BOXES, entry("boxes", bbox=[60, 30, 90, 45]), entry("boxes", bbox=[60, 30, 40, 20]), f"{ENTRY}/bbox"
    ),
    "box-relative": Case(
        BOXES, entry("boxes", bbox=[0.1, 0.1, 0.2, 0.2]), entry("boxes", bbox=[0, 0, 1, 1]), f"{ENTRY}/bbox"
    ),
    "mask-missing": Case(
        f"{P}masks/street/1.json", entry("masks", "segmentation"), entry("masks", segmentation=[5000]), ENTRY
    ),
    "mask": Case(
        f"{P}masks/street/1.json",
        entry("masks", segmentation=[0, -100, 5100]),
        entry("masks", segmentation=[0, 0, 0, 5000]),
        f"{ENTRY}/segmentation/1",
    ),
    "mask-polygon": Case(
        f"{P}masks/street/1.json",
        entry("masks", segmentation=[[1.5, 2.5, 3.5, 4.5]]),
        entry("masks", segmentation=[5000]),
        f"{ENTRY}/segmentation",
    ),
    "mask-sum": Case(
        f"{P}masks/street/1.json",
        entry("masks", segmentation=[0, 100, 4901]),
        entry("masks", segmentation=[0, 5000]),
        f"{ENTRY}/segmentation",
    ),
    "mask-columns": Case(
        f"{P}objects/street/1.json",
        # The box [10, 5, 20, 10], column by column.
        entry("objects", segmentation=[505, *[10, 40] * 19, 10, 5000 - 505 - 10 * 20 - 40 * 19]),
        entry("objects", bbox=[11, 6, 20, 10]),
        f"{ENTRY}/segmentation",
    ),
    "keypoints-missing": Case(
        f"{P}points/street/1.json", entry("points", "keypoints"), entry("points", keypoints=[0] * 6), ENTRY
    ),
    "keypoints": Case(
        f"{P}points/street/1.json",
        entry("points", keypoints=[10, 5, 2, 30, 15, 1]),
        entry("points", keypoints=[10, 5, 1.0, 30, 15, 0.5]),
        f"{ENTRY}/keypoints/2",
    ),
    "keypoints-number": Case(
        f"{P}points/street/1.json",
        entry("points", keypoints=[10, 5, 1]),
        both(entry("points", keypoints=[10, 5, 1]), category("points", 0, "keypoint_names", keypoint_skeleton=[])),
        f"{ENTRY}/keypoints",
    ),
}

METADATA_FILES = {
    "metadata-schema-missing": Case(META_SCHEMA, drop(META_SCHEMA), drop(M)),
    "metadata-schema-no-list": Case(META_SCHEMA, put(META_SCHEMA, {}), put(META_SCHEMA, [])),
    "metadata-schema-empty": Case(META_SCHEMA, put(META_SCHEMA, []), schema_entry(0)),
    "metadata-schema-entry": Case(
        META_SCHEMA, schema_entry(1, "defaultValue", default=0), schema_entry(1, defaultValue=None), "/1"
    ),
    "metadata-schema-name": Case(META_SCHEMA, schema_entry(1, name=5), schema_entry(1, name="ü"), "/1/name"),
    "metadata-schema-name-repeated": Case(
        META_SCHEMA, schema_entry(1, name="Weather"), schema_entry(1, name="weather"), "/1/name"
    ),
    "metadata-schema-path": Case(
        META_SCHEMA, schema_entry(1, path="a..b"), schema_entry(1, path="a[0][1].b c"), "/1/path"
    ),
    "metadata-schema-path-repeated": Case(
        META_SCHEMA, schema_entry(1, path="scene.weather"), schema_entry(1, path="scene.speed"), "/1/path"
    ),
    "metadata-schema-reserved": Case(
        META_SCHEMA, schema_entry(1, path="lightly.speed"), schema_entry(1, path="scene.lightly"), "/1/path"
    ),
    "metadata-schema-type": Case(
        META_SCHEMA,
        schema_entry(1, valueDataType="FLOAT"),
        schema_entry(1, valueDataType="NUMERICAL_FLOAT"),
        "/1/valueDataType",
    ),
    "metadata-schema-default": Case(
        META_SCHEMA, schema_entry(1, defaultValue="0"), schema_entry(1, defaultValue=5), "/1/defaultValue"
    ),
    "metadata-no-sample": Case(
        f"{M}sudir/1.json", move(META, f"{M}sudir/1.json"), move("street/1.png", "street/1.jpeg")
    ),
    "metadata-no-object": Case(META, put(META, 5), put(META, {})),
    "metadata-no-metadata": Case(META, file(META, "metadata"), file(META, metadata={})),
    "metadata-file-name": Case(META, file(META, file_name="1.png"), file(META, "file_name"), "/file_name"),
    "metadata-kind": Case(META, file(META, type="picture"), file(META, type="frame"), "/type"),
    "metadata-kind-wrong": Case(META, file(META, type="video"), file(META, type="image"), "/type"),
    "metadata-value": Case(META, metadata(cars=3.0), metadata(speed=3), "/metadata/cars"),
    "metadata-datetime": Case(
        META, metadata(taken="2026-11-28 13:35"), metadata(taken="2026-11-28T13:35:00Z"), "/metadata/taken"
    ),
    "metadata-timestamp": Case(META, metadata(seen=1_795_872_900_000), metadata(seen=-5.5), "/metadata/seen"),
    "metadata-path-never": Case(
        META_SCHEMA, schema_entry(1, path="metadata.speed"), lambda tree: tree.files[META]["metadata"].pop("speed")
    ),
    "metadata-many-categories": Case(META_SCHEMA, weathers(100), weathers(99)),
    "metadata-defaults": Case(META_SCHEMA, drop(META), metadata()),
    "metadata-all-defaults": Case(META_SCHEMA, move(f"{M}street/", f"{M}"), move(META, f"{M}1.json")),
    "metadata-unused": Case(META_SCHEMA, metadata(colour={"sky": "grey"}), metadata(lanes=[0, 0, 0])),
}

CASES = DOCUMENTS | TASK_FILES | WHICH_FILES | FILES | METADATA_FILES

# Of relevant filenames files: the content of a bad one, of a good one, and the line that is wrong (0: none).
RELEVANT: dict[str, tuple[bytes, bytes, int]] = {
    "relevant-not-text": (b"street/1.png\n\xff", "straße/*\n".encode(), 0),
    "relevant-bom": ("\ufeffstreet/1.png".encode(), b"street/1.png", 1),
    "relevant-line-ends": (b"street/1.png\r\nstreet/2.png", b"street/1.png\nstreet/2.png", 1),
    "relevant-blank": (b"street/2.png\nstreet/1.png ", b"street/2.png\nstreet/1.png", 2),
    "relevant-too-many": (b"street/*" + b"\n" * 1_000_000, b"street/*" + b"\n" * 999_999, 0),
    "relevant-many-exclusions": (b"street/* *.x\n" * 10_001, b"street/* *.x\n" * 10_000, 0),
    "relevant-line": (b"street/2.png\n./street/1.png", b"street/2.png\nstreet/.1*", 2),
    "relevant-nothing": (b"street/1.png\nStreet/2.png", b"street/1.png\nstr*", 2),
    "relevant-empty": (b"\n\n", b"street/1.png", 1),
    "relevant-covered": (b"str*\nstreet/1.png", b"street/1.png\nstr*", 2),
    "relevant-excludes-nothing": (b"street/* *.jpg", b"street/* 1.png", 1),
    "relevant-excludes-all": (b"street/* *.png *.PNG", b"street/* *.png !1.png", 1),
    "relevant-extension": (b"street/1.png\nstreet/clip.mp4", b"street/1.png\nstreet/2.PNG", 2),
}
