"""Whether what a configuration names is there: files in the Lightly datasource, tasks, categories, metadata, tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from clouds import CloudConfig, Store, StoreError, is_missing
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.permissions import Permission, Verdict, state_of
from contents.annotations.catalogue import RULES
from contents.annotations.checking import METADATA_SCHEMA, MOST_SCHEMA_BYTES, SCHEMA, TASKS
from contents.annotations.documents.reading import read_document
from contents.annotations.findings import Notes
from contents.annotations.metadata.schema import Wanted
from contents.annotations.metadata.schema import check_schema as check_metadata_schema
from contents.annotations.names import nearest
from contents.annotations.predictions.schema import TaskSchema, TaskType, check_schema, check_tasks
from contents.annotations.rules import Severity
from contents.listing.errors import (
    CredentialsUnreadableError,
    RelevantFileError,
    RelevantFileProblem,
    StoreFailedError,
)
from contents.listing.folder import PREDICTIONS_FOLDER
from contents.listing.opening import datasource_for, opened
from contents.listing.relevant_filenames import is_clean
from contents.listing.relevant_files import read_relevant_filenames
from datasets.access import datasets_for
from datasets.models import Dataset
from datasources.models import Purpose
from runs.configuration import RunSettings
from runs.places import embeddings_file_name, relevant_file_name
from runs.scheduling.errors import ReferencesError
from runs.selection.config import Balance, CategoryCount, ClassDistribution, Metadata, Scores, Threshold, Weights
from samples.models import Tag
from teams.models import User

INVALID_FILES = "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES"
NOT_COMPATIBLE = "DOCKER_WORKER_CONFIG_NOT_COMPATIBLE_WITH_DATASOURCE"
HEADER_BYTES = 256 * 1024
# Of one file, so many mistakes are told.
MOST_TOLD = 5
_OF_OBJECTS = frozenset({"objectness_least_confidence", "object_frequency"})


@dataclass
class _Problems:
    """`files`: what is missing or wrong in the bucket. `misfits`: what the configuration asks for in vain."""

    files: list[str] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)

    def raise_any(self) -> None:
        problems = self.files + self.misfits
        if problems:
            head = gettext("The configuration does not fit what is in the datasource:")
            text = "\n".join([head, *(f"- {problem}" for problem in problems)])
            raise ReferencesError(text, problems, code=INVALID_FILES if self.files else NOT_COMPATIBLE)


def check(dataset: Dataset, settings: RunSettings, *, by: User | None) -> None:
    """Reads a handful of small files of the Lightly datasource.

    Raises ReferencesError with everything that is wrong, also where the storage can't be read.
    """
    problems = _Problems()
    _check_tags(settings, by, problems)
    try:
        if settings.relevant_filenames_file:
            _check_relevant_filenames(dataset, settings.relevant_filenames_file, problems)
        if settings.embeddings_file or settings.tasks or settings.custom_metadata_keys:
            with opened(datasource_for(dataset, Purpose.LIGHTLY), Permission.READ) as (config, store):
                _Bucket(config, store, problems).check(settings)
    except StoreFailedError as error:
        problems.files.append(_words_of(error))
    except CredentialsUnreadableError:
        problems.files.append(f"{UNREADABLE.tried} {UNREADABLE.fix}")
    problems.raise_any()


def _check_tags(settings: RunSettings, by: User | None, problems: _Problems) -> None:
    for query in settings.queries:
        known = by is not None and datasets_for(by).filter(pk=query.dataset_id).exists()
        names = list(Tag.objects.filter(dataset=query.dataset_id).values_list("name", flat=True)) if known else []
        if not known:
            problems.misfits.append(
                gettext("SIMILARITY: there is no dataset %(id)s, or it is not shared with you.")
                % {"id": query.dataset_id}
            )
        elif query.tag_name not in names:
            sentence = gettext("SIMILARITY: the dataset %(id)s has no tag named %(name)s.")
            meant = nearest(query.tag_name, names)
            problems.misfits.append(
                f"{sentence % {'id': query.dataset_id, 'name': query.tag_name}}{_did_you_mean(meant)}"
            )


def _check_relevant_filenames(dataset: Dataset, name: str, problems: _Problems) -> None:
    try:
        read_relevant_filenames(dataset, relevant_file_name(name))
    except RelevantFileError as error:
        said = {
            RelevantFileProblem.MISSING: gettext("this relevant filenames file does not exist."),
            RelevantFileProblem.TOO_LARGE: gettext("this relevant filenames file has more than %(size)s MB.")
            % {"size": error.limit // 1024**2},
            RelevantFileProblem.BUSY: gettext("other large files are read now. Try again."),
        }.get(error.problem, error.detail)
        problems.files.append(f"{error.place}: {said}")


class _Bucket:
    """The Lightly datasource, open."""

    def __init__(self, config: CloudConfig, store: Store, problems: _Problems) -> None:
        self.config = config
        self.store = store
        self.problems = problems

    def check(self, settings: RunSettings) -> None:
        inputs = list(_inputs(settings))
        if settings.embeddings_file:
            self._check_embeddings(settings.embeddings_file)
        if settings.tasks:
            names = self._task_names()
            for task in settings.tasks if names is not None else ():
                if task not in (names or ()):
                    self._misfit(TASKS, gettext("it names no task %(name)s.") % {"name": task}, task, names or [])
                elif schema := self._schema(task):
                    self._check_task(schema, inputs)
        if settings.custom_metadata_keys:
            self._check_metadata(settings.custom_metadata_keys, inputs)

    def _check_embeddings(self, name: str) -> None:
        path = embeddings_file_name(name)
        content = self._beginning(path, HEADER_BYTES)
        if content is None:
            return
        header = content.split(b"\n", 1)[0].decode("utf-8", "replace").strip().lstrip("\ufeff").split(",")
        numbers = [column for column in header if column.startswith("embedding_")]
        if header[0] != "filenames" or not numbers:
            words = gettext("the first line of an embeddings file is filenames,embedding_0,…,labels.")
            self.problems.files.append(f"{self._place(path)}: {words}")

    def _task_names(self) -> list[str] | None:
        notes = Notes(TASKS)
        value = self._document(TASKS, notes)
        if value is None:
            return None
        folders = [name.split("/")[0] for name in value if isinstance(name, str)] if isinstance(value, list) else []
        names = check_tasks(value, folders, notes)
        self._tell(notes)
        return None if notes.has_errors else names

    def _schema(self, task: str) -> TaskSchema | None:
        path = f"{PREDICTIONS_FOLDER}{task}/{SCHEMA}"
        notes = Notes(path)
        value = self._document(path, notes)
        if value is None:
            return None
        schema = check_schema(value, task, notes)
        self._tell(notes)
        return None if notes.has_errors else schema

    def _check_task(self, schema: TaskSchema, inputs: list[Any]) -> None:
        path, names = f"{PREDICTIONS_FOLDER}{schema.name}/{SCHEMA}", list(schema.categories.values())
        for each in inputs:
            if isinstance(each, ClassDistribution | CategoryCount) and each.task == schema.name:
                for category in each.categories:
                    if category not in names:
                        words = gettext("the task has no category %(name)s.") % {"name": category}
                        self._misfit(path, words, category, names)
            is_score = isinstance(each, Scores) and each.task == schema.name and each.score in _OF_OBJECTS
            if is_score and schema.type is TaskType.CLASSIFICATION:
                words = gettext("a classification task has no score %(name)s.") % {"name": each.score}
                self._misfit(path, words, "", ())
        for name, target in _targets(inputs, schema.name):
            if name not in names:
                words = gettext("the task has no category %(name)s, for which a share of %(share)s is wanted.")
                self._misfit(path, words % {"name": name, "share": target}, name, names)

    def _check_metadata(self, keys: tuple[str, ...], inputs: list[Any]) -> None:
        notes = Notes(METADATA_SCHEMA)
        value = self._document(METADATA_SCHEMA, notes)
        if value is None:
            return
        wanted = {each.path: each for each in check_metadata_schema(value, notes)}
        self._tell(notes)
        if notes.has_errors:
            return
        for key in keys:
            if key not in wanted:
                words = gettext("it names no path %(name)s.") % {"name": key}
                self._misfit(METADATA_SCHEMA, words, key, list(wanted))
            else:
                self._check_kind(wanted[key], inputs)

    def _check_kind(self, wanted: Wanted, inputs: list[Any]) -> None:
        for each in inputs:
            strategy = each if isinstance(each, Balance | Weights | Threshold) else None
            if strategy is None or not isinstance(strategy.input, Metadata) or strategy.input.key != wanted.path:
                continue
            if isinstance(strategy, Balance) == wanted.type.is_numeric:
                words = gettext("%(strategy)s does not work with values of type %(type)s.")
                self._misfit(METADATA_SCHEMA, words % {"strategy": strategy, "type": wanted.type.value}, "", ())

    def _document(self, path: str, notes: Notes) -> Any:
        """None: it is missing or broken, which is told."""
        content = self._beginning(path, MOST_SCHEMA_BYTES + 1)
        if content is None:
            return None
        document = read_document(content, notes, most_bytes=MOST_SCHEMA_BYTES)
        if document is None:
            self._tell(notes)
            return None
        return document.value

    def _beginning(self, path: str, most: int) -> bytes | None:
        if not is_clean(path):
            words = gettext("this can't be the name of a file: it is relative, without ./ and ../ in it.")
            self.problems.files.append(f"{path}: {words}")
            return None
        try:
            return self.store.read_range(self.config.prefix + path, 0, most).data
        except StoreError as error:
            if not is_missing(self.store, self.config.prefix + path, error.failure):
                raise
        missing = gettext("this file does not exist.")  # apart: gettext sees nothing inside of f-strings
        self.problems.files.append(f"{self._place(path)}: {missing}")
        return None

    def _tell(self, notes: Notes) -> None:
        wrong = [each for each in notes.findings() if each.severity is Severity.ERROR]
        for each in wrong[:MOST_TOLD]:
            found = gettext("Found: %(found)s.") % {"found": each.found} if each.found else ""
            expected = gettext("Expected: %(expected)s.") % {"expected": each.expected} if each.expected else ""
            place = f"{self._place(each.path)}{each.pointer and f' {each.pointer}'}:"
            parts = [place, RULES[each.rule].title, found, expected, each.fix]
            self.problems.files.append(" ".join(part for part in parts if part))

    def _misfit(self, path: str, words: str, name: str, there: Any) -> None:
        meant = nearest(name, there) if name else ""
        self.problems.misfits.append(f"{self._place(path)}: {words}{_did_you_mean(meant)}")

    def _place(self, path: str) -> str:
        return self.config.display_key(self.config.prefix + path)


def _inputs(settings: RunSettings) -> Iterator[Any]:
    """Each strategy, and what it looks at."""
    for strategy in settings.selection.strategies if settings.selection else ():
        yield strategy
        if isinstance(strategy, Weights | Threshold | Balance):
            yield strategy.input


def _targets(inputs: list[Any], task: str) -> Iterator[tuple[str, float]]:
    for each in inputs:
        if isinstance(each, Balance) and isinstance(each.input, ClassDistribution) and each.input.task == task:
            yield from each.target


def _did_you_mean(meant: str) -> str:
    return " " + gettext("Is %(name)s meant?") % {"name": meant} if meant else ""


def _words_of(error: StoreFailedError) -> str:
    verdict = Verdict(state_of(error.failure), failure=error.failure, key=error.config.prefix)
    words = diagnose(error.permission, verdict, error.config, error.seconds)
    return f"{error.purpose} {error.config.path}: {words.summary}. {words.cause} {words.fix}".strip()
