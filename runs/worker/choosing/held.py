"""What datasets hold already: samples of the datapool, and those of the tags that SIMILARITY looks to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext

from contents.places import target_of
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import UnreadableConfigError
from jobs.runners import JobError
from runs.selection.config import Query
from runs.worker.choosing.stored import StoredCsv
from runs.worker.choosing.told import told_of
from runs.worker.context import Context
from runs.worker.embedding.csvs import CsvError
from runs.worker.embedding.matrix import Block, Matrix
from runs.worker.embedding.network import Vectors
from samples.models import Embedding, Tag
from samples.queries import embedding_of, names_of_tag, samples_of


@dataclass(frozen=True)
class Held:
    """Samples of the dataset, by position. `vectors`: no numbers for those that the newest embedding lacks."""

    names: list[str]
    meta: list[dict[str, Any]]
    custom: list[dict[str, Any] | None]
    vectors: Block
    frames: list[dict[str, Any] | None] = field(default_factory=list)
    # `tasks` of each, as annotations.files tells them of new samples.
    told: Sequence[dict[str, Any]] = field(default_factory=list)


def fetch(context: Context, has_time: Callable[[], bool]) -> bool:
    """Brings the embeddings that the run looks at to this machine's disk, as long as there is time.

    Whether all of them are there. Raises JobError.
    """
    datasets = [dataset for dataset, _ in map(partial(_queried, context), context.settings.queries)]
    if context.uses_datapool and context.dataset.samples.exists():
        datasets.append(context.dataset)
    return all(fetch_newest(dataset, context.disk, has_time) for dataset in datasets)


def fetch_newest(dataset: Dataset, folder: Path, has_time: Callable[[], bool]) -> bool:
    embedding = embedding_of(dataset)
    return embedding is None or fetch_one(dataset, embedding, folder, has_time)


def fetch_one(dataset: Dataset, embedding: Embedding, folder: Path, has_time: Callable[[], bool]) -> bool:
    """Whether all of it is there; also if its file is gone. Raises JobError."""
    stored = _stored(dataset, embedding, folder)
    if stored is None or not stored.exists():
        return True
    try:
        return stored.fetch(has_time)
    except CsvError as error:
        raise _unreadable(embedding, error) from None


def held_by(context: Context) -> Held:
    """Raises JobError."""
    if not context.uses_datapool:
        return Held([], [], [], Block(np.zeros((0, 0), np.float32)))
    rows = list(
        samples_of(context.dataset).values_list("file_name", "meta_data", "custom_meta_data", "video_frame_data")
    )
    names = [row[0] for row in rows]
    return Held(
        names,
        [row[1] for row in rows],
        [row[2] for row in rows],
        _vectors(context.dataset, names, context.disk),
        [row[3] for row in rows],
        told_of(context, len(names)),
    )


def query_vectors(context: Context, query: Query) -> Vectors:
    """(q, d) of the samples of the tag. Raises JobError."""
    dataset, tag = _queried(context, query)
    vectors = Matrix.of(_vectors(dataset, names_of_tag(tag), context.disk))[:]
    known = vectors[np.isfinite(vectors).all(axis=1)] if vectors.size else vectors
    if not len(known):
        words = gettext("The samples of the tag %(tag)s have no embeddings. Run a selection in their dataset first.")
        raise JobError(words % {"tag": query.tag_name}, is_final=True)
    return known


def _queried(context: Context, query: Query) -> tuple[Dataset, Tag]:
    dataset = Dataset.objects.filter(pk=query.dataset_id, team=context.run.team).first()
    tag = Tag.objects.filter(dataset=dataset, name=query.tag_name).first() if dataset else None
    if dataset is None or tag is None:
        words = gettext("SIMILARITY looks to the tag %(tag)s of the dataset %(dataset)s, which is not there.")
        raise JobError(words % {"tag": query.tag_name, "dataset": query.dataset_id}, is_final=True)
    return dataset, tag


def _vectors(dataset: Dataset, names: list[str], folder: Path) -> Block:
    """Of these samples, by the newest embedding of their dataset."""
    embedding = embedding_of(dataset)
    if embedding is None or not names:
        return Block(np.zeros((len(names), 0), np.float32))
    return vectors_of(dataset, embedding, names, folder)


def vectors_of(dataset: Dataset, embedding: Embedding, names: list[str], folder: Path) -> Block:
    """Of these samples, once `fetch_one` is done; without any number where the file is gone. Raises JobError."""
    stored = _stored(dataset, embedding, folder)
    if stored is None or not stored.exists():
        return Block(np.zeros((len(names), 0), np.float32))
    try:
        return stored.of(names)
    except CsvError as error:
        raise _unreadable(embedding, error) from None


def _stored(dataset: Dataset, embedding: Embedding, folder: Path) -> StoredCsv | None:
    """None where the dataset has no Lightly datasource (any more)."""
    lightly = target_of(dataset)
    if lightly is None:
        return None
    try:
        config = lightly.config
    except UnreadableConfigError:
        return None
    return StoredCsv.below(folder, config, configured_endpoints(), embedding.key)


def _unreadable(embedding: Embedding, error: CsvError) -> JobError:
    words = gettext("The embedding %(name)s of the dataset can't be read: %(reason)s")
    return JobError(words % {"name": embedding.name, "reason": error}, is_final=True)
