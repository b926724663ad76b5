"""Checks schema.json of the metadata."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contents.annotations.findings import Notes, Steps, shown
from contents.annotations.metadata import rules
from contents.annotations.metadata.values import misfit
from contents.annotations.names import nearest

KEYS = ("name", "path", "defaultValue", "valueDataType")
RESERVED = "lightly"
_PATH = re.compile(r"[^.\[\]]+(?:\[\d{1,9}\])*(?:\.[^.\[\]]+(?:\[\d{1,9}\])*)*")
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")
# A newer page of the documentation prints these, the client's models the others.
_OTHER_SPELLINGS = {"NUMERICAL_INT": "NUMERIC_INT", "NUMERICAL_FLOAT": "NUMERIC_FLOAT"}


class ValueType(StrEnum):
    """As the official client's models have it."""

    NUMERIC_INT = "NUMERIC_INT"
    NUMERIC_FLOAT = "NUMERIC_FLOAT"
    CATEGORICAL_STRING = "CATEGORICAL_STRING"
    CATEGORICAL_INT = "CATEGORICAL_INT"
    CATEGORICAL_BOOLEAN = "CATEGORICAL_BOOLEAN"
    CATEGORICAL_DATETIME = "CATEGORICAL_DATETIME"
    CATEGORICAL_TIMESTAMP = "CATEGORICAL_TIMESTAMP"
    OTHER_STRING = "OTHER_STRING"

    @property
    def is_numeric(self) -> bool:
        return self in {ValueType.NUMERIC_INT, ValueType.NUMERIC_FLOAT}


_TYPES = [each.value for each in ValueType]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value that the schema names. `steps` lead to it inside of a file's `metadata`."""

    name: str
    path: str
    steps: Steps
    type: ValueType
    default: Any


def steps_of(path: str) -> Steps | None:
    """`scene.tags[0]` -> scene, tags, 0. None: it is no path."""
    if not _PATH.fullmatch(path):
        return None
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(path))


def check_schema(value: Any, notes: Notes) -> list[Wanted]:
    """The values that can be looked for. Everything that is wrong is noted."""
    if not isinstance(value, list):
        notes.add(rules.SCHEMA_NO_LIST, found=shown(value), expected="a list of objects")
        return []
    if not value:
        notes.add(rules.SCHEMA_EMPTY, found="[]", expected="{name, path, defaultValue, valueDataType}")
    wanted: list[Wanted] = []
    names: set[str] = set()
    paths: set[str] = set()
    for number, entry in enumerate(value):
        if not isinstance(entry, dict):
            notes.add(rules.SCHEMA_ENTRY, number, found=shown(entry), expected="an object")
            continue
        missing = [key for key in KEYS if key not in entry]
        if missing:
            meant = nearest(missing[0], sorted(entry.keys() - set(KEYS)))
            fix = f"Write {shown(missing[0])} instead of {shown(meant)}." if meant else ""
            notes.add(
                rules.SCHEMA_ENTRY, number, found="no " + ", no ".join(missing), expected=", ".join(KEYS), fix=fix
            )
        found = _check_entry(entry, number, names, paths, notes)
        if found:
            wanted.append(found)
    return wanted


def _check_entry(entry: dict[str, Any], number: int, names: set[str], paths: set[str], notes: Notes) -> Wanted | None:
    name, path = entry.get("name"), entry.get("path")
    if "name" in entry:
        if not isinstance(name, str) or not name:
            notes.add(rules.SCHEMA_NAME, number, "name", found=shown(name), expected="a text")
        elif name in names:
            notes.add(rules.SCHEMA_NAME_REPEATED, number, "name", found=shown(name))
        else:
            names.add(name)
    kind = _check_type(entry, number, notes) if "valueDataType" in entry else None
    if "path" not in entry:
        return None
    steps = steps_of(path) if isinstance(path, str) else None
    if steps is None or not isinstance(path, str):
        notes.add(rules.SCHEMA_PATH, number, "path", found=shown(path), expected="scene.weather or tags[0]")
        return None
    if path in paths:
        notes.add(rules.SCHEMA_PATH_REPEATED, number, "path", found=shown(path))
        return None
    paths.add(path)
    if steps[0] == RESERVED:
        notes.add(rules.SCHEMA_RESERVED, number, "path", found=shown(path))
        return None
    if kind is None:
        return None
    return Wanted(name if isinstance(name, str) else path, path, steps, kind, entry.get("defaultValue"))


def _check_type(entry: dict[str, Any], number: int, notes: Notes) -> ValueType | None:
    given = entry["valueDataType"]
    spelled = _OTHER_SPELLINGS.get(given, given) if isinstance(given, str) else None
    if spelled not in _TYPES:
        meant = nearest(given, _TYPES) if isinstance(given, str) else ""
        fix = f"Write {shown(meant)}." if meant else ""
        notes.add(rules.SCHEMA_TYPE, number, "valueDataType", found=shown(given), expected=", ".join(_TYPES), fix=fix)
        return None
    kind = ValueType(spelled)
    default = entry.get("defaultValue")
    wrong = misfit(default, kind) if default is not None else None
    if wrong:
        notes.add(
            rules.SCHEMA_DEFAULT, number, "defaultValue", found=shown(default), expected=f"{wrong.expected}, or null"
        )
    return kind
