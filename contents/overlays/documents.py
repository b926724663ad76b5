"""Reads what is said of one image in the Lightly datasource: predictions and metadata. Without Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from contents.annotations.checking import METADATA_SCHEMA, SCHEMA, TASKS
from contents.annotations.documents.reading import Document, read_document
from contents.annotations.findings import Finding, Notes, printable, shown
from contents.annotations.metadata.files import MetadataFile
from contents.annotations.metadata.schema import Wanted
from contents.annotations.metadata.schema import check_schema as check_metadata_schema
from contents.annotations.names import Owner, stem
from contents.annotations.predictions.files import PredictionFile
from contents.annotations.predictions.schema import TaskSchema, check_schema, check_tasks
from contents.annotations.sizes import Size
from contents.annotations.sources import Samples
from contents.listing.folder import METADATA_FOLDER, PREDICTIONS_FOLDER
from contents.overlays.drawing import Corners, Json, Skeletons, drawn_task, skeletons_of
from contents.overlays.geometry import Upright

# Enough for thousands of objects; larger ones are read by the check of a whole datasource.
MOST_FILE_BYTES = 5_000_000
MOST_SCHEMA_BYTES = 1_000_000
MOST_TASKS = 20
MOST_FINDINGS = 20
MOST_VALUES = 200
MOST_TEXT = 300

Read = Callable[[str, int], bytes | None]
"""The first so many bytes of a file, by its name in the datasource; None: there is none."""


@dataclass
class _OneImage:
    """As the checks of files see it: the only sample there is."""

    name: str
    stored: Size | None

    def size(self, name: str) -> Size | None:
        return self.stored if name == self.name else None


@dataclass
class Task:
    schema: TaskSchema
    skeletons: Skeletons
    findings: list[Json] = field(default_factory=list)


def tasks_of(read: Read) -> tuple[list[Task], list[Json]]:
    """Of tasks.json and the schemas, and what is wrong with tasks.json."""
    document, findings = _document(read, TASKS, MOST_SCHEMA_BYTES)
    if document is None:
        return [], findings
    notes = Notes(TASKS)
    names = document.value if isinstance(document.value, list) else []
    folders = [name.split("/")[0] for name in names if isinstance(name, str)]
    known = check_tasks(document.value, folders, notes)
    findings += _told(notes, document)
    return [_task(read, name) for name in known[:MOST_TASKS]], findings


def _task(read: Read, name: str) -> Task:
    path = f"{PREDICTIONS_FOLDER}{name}/{SCHEMA}"
    document, findings = _document(read, path, MOST_SCHEMA_BYTES)
    if document is None:
        return Task(TaskSchema(name), Skeletons(), findings)
    notes = Notes(path)
    schema = check_schema(document.value, name, notes)
    return Task(schema, skeletons_of(document.value), findings + _told(notes, document))


def predictions_of(read: Read, task: Task, image: str, upright: Upright | None, corners: Corners) -> Json:
    """What one task says of an image. `file` is empty where the task has no file for it."""
    name = task.schema.name
    path = f"{PREDICTIONS_FOLDER}{name}/{stem(image)}.json"
    document, findings = _document(read, path, MOST_FILE_BYTES)
    told: Json = {"name": name, "type": task.schema.type or "", "file": path, "missing": False}
    if document is None:
        told["missing"] = not findings
        return told | {"findings": task.findings + findings}
    notes = Notes(path)
    samples = _samples(image, Size(upright.width, upright.height) if upright else None)
    PredictionFile(stem(image), task.schema, notes, samples, Owner((image,))).check_content(document.value)
    drawn = drawn_task(task.schema, task.skeletons, document.value, upright, corners)
    return told | drawn | {"findings": task.findings + findings + _told(notes, document)}


def _samples(image: str, stored: Size | None) -> Samples:
    # Of what samples may be asked, checks of the content of a file ask for the size alone.
    return cast(Samples, _OneImage(image, stored))


def metadata_of(read: Read, image: str) -> Json:
    """What is known of an image beside its pixels: `values` by their path, in order."""
    schema, findings = _document(read, METADATA_SCHEMA, MOST_SCHEMA_BYTES)
    wanted: list[Wanted] = []
    if schema:
        notes = Notes(METADATA_SCHEMA)
        wanted = check_metadata_schema(schema.value, notes)
        findings += _told(notes, schema)
    path = f"{METADATA_FOLDER}{stem(image)}.json"
    document, more = _document(read, path, MOST_FILE_BYTES)
    findings += more
    values: list[tuple[str, str]] = []
    if document:
        notes = Notes(path)
        MetadataFile(stem(image), wanted, notes, _samples(image, None), Owner((image,))).check_content(document.value)
        findings += _told(notes, document)
        inner = document.value.get("metadata") if isinstance(document.value, dict) else None
        _collect(inner, "", values)
    told = [{"path": where, "value": value} for where, value in values[:MOST_VALUES]]
    return {"file": path, "missing": document is None and not more, "values": told, "findings": findings}


def _collect(value: Any, where: str, values: list[tuple[str, str]]) -> None:
    if len(values) > MOST_VALUES:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _collect(inner, f"{where}.{key}" if where else key, values)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _collect(inner, f"{where}[{number}]", values)
    elif where:
        text = printable(value) if isinstance(value, str) else shown(value)
        values.append((printable(where)[:MOST_TEXT], text[:MOST_TEXT]))


def _document(read: Read, path: str, most: int) -> tuple[Document | None, list[Json]]:
    data = read(path, most + 1)
    if data is None:
        return None, []
    notes = Notes(path)
    document = read_document(data, notes, most_bytes=most)
    return document, _told(notes, document)


def _told(notes: Notes, document: Document | None) -> list[Json]:
    found = notes.findings(document.locate if document else None)
    return [_finding(each) for each in sorted(found, key=lambda each: each.order)[:MOST_FINDINGS]]


def _finding(found: Finding) -> Json:
    return {
        "rule": found.rule,
        "severity": found.severity.value,
        "path": found.path,
        "pointer": found.pointer,
        "line": found.line,
        "column": found.column,
        "found": found.found,
        "expected": found.expected,
        "fix": found.fix,
    }
