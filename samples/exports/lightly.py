"""Predictions in the Lightly datasource, of some thousands of samples: read while somebody waits for an export."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from clouds import Store, StoreError, is_missing
from clouds.permissions import Permission
from contents.annotations.documents.reading import read_document
from contents.annotations.findings import Notes
from contents.annotations.names import stem
from contents.annotations.predictions.schema import TaskSchema
from contents.listing.folder import PREDICTIONS_FOLDER
from contents.listing.opening import opened
from contents.overlays.documents import MOST_FILE_BYTES, Task, tasks_of
from core.threads import ContextPool
from datasources.models import Datasource

# A file for each sample and task. More take too long for somebody who waits.
MOST_FILES = 4_000
SECONDS = 25.0
THREADS = 8
Singleton = dict[str, Any]
Answer = TypeVar("Answer")


class TooMuchError(Exception):
    """There are more than MOST_FILES files to read, or the storage takes too long for them."""


@dataclass
class Predictions:
    """`found`: by position, as the client's PredictionSingletons. `unreadable`: so many files are no JSON."""

    tasks: list[TaskSchema] = field(default_factory=list)
    found: dict[int, list[Singleton]] = field(default_factory=dict)
    unreadable: int = 0


def read(datasource: Datasource, samples: Sequence[tuple[int, str]]) -> Predictions:
    """`samples`: position and name. Raises TooMuchError and ListingError."""
    ends_at = time.monotonic() + SECONDS
    tasks = _in_storage(datasource, lambda get: tasks_of(get)[0])
    told = Predictions([task.schema for task in tasks])
    if len(tasks) * len(samples) > MOST_FILES:
        raise TooMuchError
    parts = [part for number in range(THREADS) if (part := samples[number::THREADS])] if tasks else []
    with ContextPool(THREADS) as pool:
        for found, unreadable in pool.map(lambda part: _of(datasource, tasks, part, ends_at), parts):
            told.found |= found
            told.unreadable += unreadable
    return told


_Get = Callable[[str, int], bytes | None]
_Part = tuple[dict[int, list[Singleton]], int]


def _of(datasource: Datasource, tasks: Sequence[Task], samples: Sequence[tuple[int, str]], ends_at: float) -> _Part:
    def collect(get: _Get) -> _Part:
        found: dict[int, list[Singleton]] = {}
        unreadable = 0
        for position, name in samples:
            for task in tasks:
                if time.monotonic() > ends_at:
                    raise TooMuchError
                data = get(f"{PREDICTIONS_FOLDER}{task.schema.name}/{stem(name)}.json", MOST_FILE_BYTES + 1)
                singletons = [] if data is None else _singletons(data, task.schema)
                unreadable += singletons is None
                if singletons:
                    found.setdefault(position, []).extend(singletons)
        return found, unreadable

    return _in_storage(datasource, collect)


def _in_storage(datasource: Datasource, work: Callable[[_Get], Answer]) -> Answer:
    """Raises ListingError."""
    with opened(datasource, Permission.READ) as (config, store):
        return work(lambda name, limit: _bytes(store, config.prefix + name, limit))


def _bytes(store: Store, key: str, limit: int) -> bytes | None:
    """None: there is no such file. Raises StoreError."""
    try:
        return store.read_range(key, 0, limit).data
    except StoreError as error:
        if is_missing(store, key, error.failure):
            return None
        raise


def _singletons(data: bytes, schema: TaskSchema) -> list[Singleton] | None:
    """None where the file can't be read."""
    document = read_document(data, Notes(schema.name), most_bytes=MOST_FILE_BYTES)
    told = document.value.get("predictions") if document and isinstance(document.value, dict) else None
    if not isinstance(told, list):
        return None
    return list(_right(told, schema))


def _right(told: Sequence[Any], schema: TaskSchema) -> Iterator[Singleton]:
    """What is wrong in a file is told by the check of annotations; here it is left out."""
    for one in told:
        if isinstance(one, dict) and one.get("category_id") in schema.categories:
            score = one.get("score", 1.0)
            yield {
                "taskName": schema.name,
                "categoryId": one["category_id"],
                "score": score if _is_number(score) else 1.0,
                **{key: one[key] for key in ("bbox", "keypoints") if _are_numbers(one.get(key))},
            }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and len(value) >= 3 and all(_is_number(each) for each in value)
