"""Checks tasks.json and the schema.json of a task."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contents.annotations.findings import Notes, shown
from contents.annotations.names import nearest
from contents.annotations.predictions import rules


class TaskType(StrEnum):
    """As in schema.json. The spelling of the last two is not in the documentation that we could read."""

    CLASSIFICATION = "classification"
    OBJECT_DETECTION = "object-detection"
    SEMANTIC_SEGMENTATION = "semantic-segmentation"
    INSTANCE_SEGMENTATION = "instance-segmentation"
    KEYPOINT_DETECTION = "keypoint-detection"


# As the official client's models have it.
TASK_NAME = re.compile(r"[a-zA-Z0-9_+=,.@:/-]+")
RESERVED = "lightly_pretagging"
_TYPES = [each.value for each in TaskType]
_KEYS = frozenset({"task_type", "categories"})
# Lightly's own public example has a supercategory.
_CATEGORY_KEYS = frozenset(
    {"id", "name", "supercategory", "keypoint_names", "keypointNames", "keypoint_skeleton", "keypointSkeleton"}
)


@dataclass(frozen=True, slots=True)
class TaskSchema:
    """`type` is None where schema.json has none of ours. Categories have the order of the file, which is that of
    probabilities. `keypoints`: how many the schema names, by category; categories without names are left out.
    """

    name: str
    type: TaskType | None = None
    categories: dict[int, str] = field(default_factory=dict)
    keypoints: dict[int, int] = field(default_factory=dict)


def check_tasks(value: Any, folders: list[str], notes: Notes) -> list[str]:
    """The names of tasks in tasks.json that have a folder, each once. `folders` are those that there are."""
    if not isinstance(value, list):
        notes.add(rules.TASKS_NO_LIST, found=shown(value), expected='["my-task"]')
        return []
    if not value:
        notes.add(rules.TASKS_EMPTY, found="[]", expected=shown(folders) if folders else "")
    names: dict[str, int] = {}
    for number, name in enumerate(value):
        if not isinstance(name, str) or not name:
            notes.add(rules.TASKS_ENTRY, number, found=shown(name), expected="the name of a folder")
        elif name in names:
            notes.add(rules.TASKS_REPEATED, number, found=shown(name))
        else:
            names[name] = number
            _check_task_name(name, number, folders, notes)
    for folder in folders:
        if folder not in names and not any(name.startswith(f"{folder}/") for name in names):
            meant = nearest(folder, (name for name in names if name not in folders))
            fix = f"tasks.json has {shown(meant)}: is that meant?" if meant else ""
            notes.add(rules.TASKS_UNLISTED, found=shown(folder), fix=fix)
    return [name for name in names if _has_folder(name, folders)]


def _check_task_name(name: str, number: int, folders: list[str], notes: Notes) -> None:
    if name == RESERVED:
        notes.add(rules.TASKS_RESERVED, number, found=shown(name))
    elif not TASK_NAME.fullmatch(name):
        notes.add(rules.TASKS_NAME, number, found=shown(name), expected="letters, digits and _ + = , . @ : / -")
    elif not _has_folder(name, folders):
        meant = nearest(name, folders)
        fix = f"There is a folder {shown(meant)}: is that meant?" if meant else ""
        notes.add(rules.TASKS_NO_FOLDER, number, found=shown(name), expected="the name of a folder", fix=fix)


def _has_folder(name: str, folders: list[str]) -> bool:
    # Names may have slashes. Of such a name only the first folder is looked at here: a missing schema tells the rest.
    return name.split("/")[0] in folders


def check_schema(value: Any, task: str, notes: Notes) -> TaskSchema:
    """What of the schema can be used. Everything else is noted."""
    if not isinstance(value, dict):
        notes.add(rules.SCHEMA_NO_OBJECT, found=shown(value), expected="an object")
        return TaskSchema(task)
    for key in sorted(value.keys() - _KEYS):
        meant = nearest(key, sorted(_KEYS - value.keys()))
        notes.add(rules.SCHEMA_KEY, key, found=shown(key), fix=_meant(meant), at_key=True)
    schema = TaskSchema(task, _task_type(value, notes))
    categories = value.get("categories")
    if not isinstance(categories, list):
        steps = ["categories"] if "categories" in value else []
        notes.add(rules.SCHEMA_NO_CATEGORIES, *steps, found=_or_nothing(value, "categories"), expected="a list")
        return schema
    if not categories:
        notes.add(rules.SCHEMA_EMPTY, "categories", found="[]")
    names: set[str] = set()
    for number, category in enumerate(categories):
        if not isinstance(category, dict):
            notes.add(rules.SCHEMA_CATEGORY, "categories", number, found=shown(category), expected="an object")
        else:
            _check_category(category, number, schema, names, notes)
    return schema


def _task_type(value: dict[str, Any], notes: Notes) -> TaskType | None:
    if "task_type" not in value:
        notes.add(rules.SCHEMA_NO_TYPE, expected=", ".join(_TYPES))
        return None
    given = value["task_type"]
    if isinstance(given, str) and given in _TYPES:
        return TaskType(given)
    meant = nearest(given.replace("_", "-").lower(), _TYPES) if isinstance(given, str) else ""
    fix = f"Write {shown(meant)}." if meant else ""
    notes.add(rules.SCHEMA_TYPE, "task_type", found=shown(given), expected=", ".join(_TYPES), fix=fix)
    return None


def _check_category(category: dict[str, Any], number: int, schema: TaskSchema, names: set[str], notes: Notes) -> None:
    place: tuple[str | int, ...] = ("categories", number)
    for key in sorted(category.keys() - _CATEGORY_KEYS):
        notes.add(rules.SCHEMA_KEY, *place, key, found=shown(key), at_key=True)
    id_, name = category.get("id"), category.get("name")
    if not isinstance(name, str) or not name:
        steps = (*place, "name") if "name" in category else place
        notes.add(rules.SCHEMA_NAME, *steps, found=_or_nothing(category, "name"), expected="a text")
    elif name in names:
        notes.add(rules.SCHEMA_NAME_REPEATED, *place, "name", found=shown(name))
    else:
        names.add(name)
    if not isinstance(id_, int) or isinstance(id_, bool) or not 0 <= id_ < 2**63:
        steps = (*place, "id") if "id" in category else place
        notes.add(rules.SCHEMA_ID, *steps, found=_or_nothing(category, "id"), expected="a whole number from 0 on")
    elif id_ in schema.categories:
        notes.add(rules.SCHEMA_ID_REPEATED, *place, "id", found=shown(id_))
    else:
        schema.categories[id_] = name if isinstance(name, str) else ""
        count = _check_keypoints(category, place, notes)
        if count:
            schema.keypoints[id_] = count


def _check_keypoints(category: dict[str, Any], place: tuple[str | int, ...], notes: Notes) -> int:
    """How many keypoints the category names. Both spellings are read: the models of the client have keypointNames."""
    count = 0
    for key in ("keypoint_names", "keypointNames"):
        given = category.get(key)
        if given is None:
            continue
        if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
            notes.add(rules.SCHEMA_KEYPOINTS, *place, key, found=shown(given), expected="a list of names")
        else:
            count = len(given)
    for key in ("keypoint_skeleton", "keypointSkeleton"):
        given = category.get(key)
        if given is not None and not _is_skeleton(given, count):
            expected = (
                f"pairs of numbers from 0 to {count - 1}" if count else "keypoint_names, and pairs of their numbers"
            )
            notes.add(rules.SCHEMA_KEYPOINTS, *place, key, found=shown(given), expected=expected)
    return count


def _is_skeleton(value: Any, count: int) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(type(end) is int and 0 <= end < count for end in pair)
        for pair in value
    )


def _meant(key: str) -> str:
    return f"Is {shown(key)} meant?" if key else ""


def _or_nothing(value: Mapping[str, Any], key: str) -> str:
    return shown(value[key]) if key in value else "nothing"
