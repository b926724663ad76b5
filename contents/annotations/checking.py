"""Checks the predictions and metadata of a datasource in parts, each of which makes a report of its own.

A part is some names of files. Whoever runs the check chooses the parts, how many of the files are read, and merges the
reports. `conclude` then adds what only the whole tells.
"""

import hashlib
import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Protocol

from contents.annotations.documents import rules as document_rules
from contents.annotations.documents.reading import MOST_BYTES, Document, read_document
from contents.annotations.findings import Notes
from contents.annotations.layout import Layout
from contents.annotations.metadata import rules as metadata_rules
from contents.annotations.metadata.files import MetadataFile, path_summary
from contents.annotations.metadata.schema import Wanted
from contents.annotations.metadata.schema import check_schema as check_metadata_schema
from contents.annotations.names import Owner, owners, stem
from contents.annotations.predictions import rules as prediction_rules
from contents.annotations.predictions.coverage import without_file
from contents.annotations.predictions.files import PredictionFile
from contents.annotations.predictions.schema import TaskSchema, check_schema, check_tasks
from contents.annotations.report import Report
from contents.annotations.sources import Samples, Source, SourceError
from contents.annotations.summaries import MetadataSummary, TaskSummary
from contents.listing.folder import IMAGES, LIGHTLY_FOLDER, METADATA_FOLDER, PREDICTIONS_FOLDER, VIDEOS
from contents.listing.relevant_filenames import is_clean

SCHEMA = "schema.json"
TASKS = f"{PREDICTIONS_FOLDER}tasks.json"
METADATA_SCHEMA = f"{METADATA_FOLDER}{SCHEMA}"
# Of tasks.json and the schemas, which are kept in memory.
MOST_SCHEMA_BYTES = 5_000_000
MEDIA = IMAGES | VIDEOS


class _FileCheck(Protocol):
    """Of one file: what its name tells, then what stands in it."""

    @property
    def notes(self) -> Notes: ...

    def check_name(self) -> None: ...

    def check_content(self, value: Any) -> None: ...


class Check:
    """`samples` are the files of the Input datasource; None: nobody knows them, and nothing is compared with them.

    `most_tasks`: so many tasks are checked; None: all that tasks.json names. `seen` is called with the check of a file
    (PredictionFile or MetadataFile) and its document, once that was read.
    """

    def __init__(
        self,
        lightly: Source,
        samples: Samples | None = None,
        media: frozenset[str] = MEDIA,
        most_tasks: int | None = None,
        seen: Callable[[Any, Any], None] | None = None,
    ) -> None:
        self.lightly = lightly
        self.samples = samples
        self.media = media
        self.most_tasks = most_tasks
        self.seen = seen

    def layout(self) -> tuple[Layout, Report]:
        """Reads tasks.json and all schemas."""
        report = Report()
        names = self._task_names(report)[: self.most_tasks]
        paths = {name: f"{PREDICTIONS_FOLDER}{name}/{SCHEMA}" for name in names}
        there = self.lightly.having(paths.values())
        # In one go, because a source that is far away reads several at once.
        contents = self.lightly.contents((path for path in paths.values() if path in there), MOST_SCHEMA_BYTES + 1)
        tasks = [
            self._task(name, path, next(contents)[1] if path in there else None, report) for name, path in paths.items()
        ]
        return Layout(tasks, self._metadata_schema(report)), report

    def _task_names(self, report: Report) -> list[str]:
        folders = self.lightly.folders(PREDICTIONS_FOLDER)
        if not self.lightly.having([TASKS]):
            if folders:
                notes = Notes(TASKS)
                notes.add(prediction_rules.TASKS_MISSING, found=", ".join(folders[:10]), expected="tasks.json")
                _keep(notes, None, report)
            return []
        notes, document = self._document(TASKS, MOST_SCHEMA_BYTES, report)
        names = check_tasks(document.value, folders, notes) if document else []
        _keep(notes, document, report)
        return names

    def _task(self, name: str, path: str, content: bytes | SourceError | None, report: Report) -> TaskSchema:
        """`content` of its schema; None: there is none."""
        schema, notes = TaskSchema(name), Notes(path)
        document = None
        if content is None:
            notes.add(prediction_rules.SCHEMA_MISSING, expected=SCHEMA)
        else:
            report.files += 1
            report.read += 1
            document = _read(notes, content, MOST_SCHEMA_BYTES)
            schema = check_schema(document.value, name, notes) if document else schema
        _keep(notes, document, report)
        summary = report.task(name)
        summary.type, summary.categories = schema.type or "", dict(schema.categories)
        return schema

    def _metadata_schema(self, report: Report) -> list[Wanted] | None:
        if not self.lightly.having([METADATA_SCHEMA]):
            first = next(self.lightly.names(METADATA_FOLDER), None)
            if first is None:
                return None
            notes = Notes(METADATA_SCHEMA)
            notes.add(metadata_rules.SCHEMA_MISSING, found=first, expected=SCHEMA)
            _keep(notes, None, report)
            return []
        notes, document = self._document(METADATA_SCHEMA, MOST_SCHEMA_BYTES, report)
        wanted = check_metadata_schema(document.value, notes) if document else []
        _keep(notes, document, report)
        for each in wanted:
            path_summary(report.metadata, each)
        return wanted

    def _document(self, path: str, most: int, report: Report) -> tuple[Notes, Document | None]:
        report.files += 1
        report.read += 1
        ((_, content),) = self.lightly.contents([path], most + 1)
        notes = Notes(path)
        return notes, _read(notes, content, most)

    def prediction_names(self, schema: TaskSchema, layout: Layout) -> Iterator[str]:
        """The files of a task, by their whole names. Tasks in its folder have files of their own."""
        folder = f"{PREDICTIONS_FOLDER}{schema.name}/"
        inner = tuple(
            f"{PREDICTIONS_FOLDER}{task.name}/" for task in layout.tasks if task.name.startswith(f"{schema.name}/")
        )
        for name in self.lightly.names(folder):
            if name.endswith(".json") and name != folder + SCHEMA and not (inner and name.startswith(inner)):
                yield name

    def metadata_names(self) -> Iterator[str]:
        return (
            name for name in self.lightly.names(METADATA_FOLDER) if name.endswith(".json") and name != METADATA_SCHEMA
        )

    def sample_names(self) -> Iterator[str]:
        names = self.samples.names() if self.samples else iter(())
        return (name for name in names if self.is_sample(name))

    def is_sample(self, name: str) -> bool:
        extension = name.rpartition(".")[2].lower()
        return extension in self.media and not name.startswith(LIGHTLY_FOLDER) and is_clean(name)

    def prediction_files(
        self, schema: TaskSchema, names: Collection[str], read: Collection[str] | None = None
    ) -> Report:
        """Checks these files of a task, and reads those in `read` (None: all)."""
        report = Report()
        summary = report.task(schema.name)
        folder = f"{PREDICTIONS_FOLDER}{schema.name}/"
        found = self._owners(names, folder, self.media & IMAGES)
        checks: dict[str, _FileCheck] = {
            name: PredictionFile(_inner(name, folder), schema, Notes(name), self.samples, found.get(name), summary)
            for name in names
        }
        self._check_files(checks, read, summary, report)
        return report

    def metadata_files(
        self, wanted: list[Wanted], names: Collection[str], read: Collection[str] | None = None
    ) -> Report:
        """Checks these files, and reads those in `read` (None: all)."""
        report = Report()
        folder, summary = METADATA_FOLDER, report.metadata
        found = self._owners(names, folder, self.media)
        checks: dict[str, _FileCheck] = {
            name: MetadataFile(_inner(name, folder), wanted, Notes(name), self.samples, found.get(name), summary)
            for name in names
        }
        self._check_files(checks, read, summary, report)
        return report

    def _check_files(
        self,
        checks: dict[str, "_FileCheck"],
        read: Collection[str] | None,
        summary: TaskSummary | MetadataSummary,
        report: Report,
    ) -> None:
        for check in checks.values():
            check.check_name()
        summary.files += len(checks)
        report.files += len(checks)
        chosen = [name for name in checks if read is None or name in read]
        summary.read += len(chosen)
        report.read += len(chosen)
        for name, content in self.lightly.contents(chosen, MOST_BYTES + 1):
            check = checks.pop(name)
            document = _read(check.notes, content, MOST_BYTES)
            if document:
                check.check_content(document.value)
                if self.seen:
                    self.seen(check, document.value)
            summary.with_errors += check.notes.has_errors
            _keep(check.notes, document, report)
        for check in checks.values():
            _keep(check.notes, None, report)

    def sample_files(self, layout: Layout, names: Collection[str]) -> Report:
        """Looks which of these images and videos have no predictions and no metadata."""
        report = Report()
        if self.samples is None:
            return report
        for schema in layout.tasks:
            summary = report.task(schema.name)
            summary.samples += len(names)
            folder = f"{PREDICTIONS_FOLDER}{schema.name}/"
            for name, missing in without_file(names, folder, self.lightly, self.samples):
                summary.samples_without_file += 1
                notes = Notes(name)
                notes.add(prediction_rules.NO_FILE, found=f"{schema.name}: {missing}", expected=folder)
                report.add_findings(notes)
        if layout.metadata is not None:
            report.metadata.samples += len(names)
            files = {name: f"{METADATA_FOLDER}{stem(name)}.json" for name in names}
            there = self.lightly.having(files.values())
            report.metadata.samples_without_file += sum(file not in there for file in files.values())
        return report

    def _owners(self, names: Collection[str], folder: str, media: frozenset[str]) -> dict[str, Owner]:
        if self.samples is None:
            return {}
        stems = {name: _inner(name, folder) for name in names}
        found = owners(self.samples, list(stems.values()), media)
        return {name: found[inner] for name, inner in stems.items()}


def _read(notes: Notes, content: bytes | SourceError, most: int) -> Document | None:
    if isinstance(content, SourceError):
        notes.add(document_rules.UNREADABLE, found=str(content))
        return None
    return read_document(content, notes, most_bytes=most)


def _keep(notes: Notes, document: Document | None, report: Report) -> None:
    if notes.counts:
        report.add_findings(notes, document.locate if document else None)


def _inner(name: str, folder: str) -> str:
    return name.removeprefix(folder).removesuffix(".json")


def sampled(names: Iterable[str], most: int) -> set[str]:
    """`most` of the names, by chance, but the same ones in whatever order they come."""
    return set(heapq.nsmallest(most, names, key=_chance))


def _chance(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
