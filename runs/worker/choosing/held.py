"""What datasets hold already: samples of the datapool, and those of the tags that SIMILARITY looks to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import gettext

from clouds import StoreError
from clouds.failures import Cause
from clouds.permissions import Permission
from contents.places import target_of
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import UnreadableConfigError
from jobs.runners import JobError
from runs.selection.config import Query
from runs.worker.context import Context, opened
from runs.worker.embedding.csvs import CsvError, read_csv
from runs.worker.embedding.network import Vectors
from samples.models import Embedding, Tag
from samples.queries import embedding_of, names_of_tag, samples_of


@dataclass(frozen=True)
class Held:
    """Samples of the dataset, by position. `vectors`: (n, d), NaN for those that the newest embedding lacks."""

    names: list[str]
    meta: list[dict[str, Any]]
    custom: list[dict[str, Any] | None]
    vectors: Vectors
    frames: list[dict[str, Any] | None] = field(default_factory=list)


def held_by(context: Context) -> Held:
    """Raises JobError."""
    if not context.uses_datapool:
        return Held([], [], [], np.zeros((0, 0), np.float32))
    rows = list(
        samples_of(context.dataset).values_list("file_name", "meta_data", "custom_meta_data", "video_frame_data")
    )
    names = [row[0] for row in rows]
    return Held(
        names,
        [row[1] for row in rows],
        [row[2] for row in rows],
        _vectors(context.dataset, names),
        [row[3] for row in rows],
    )


def query_vectors(context: Context, query: Query) -> Vectors:
    """(q, d) of the samples of the tag. Raises JobError."""
    dataset = Dataset.objects.filter(pk=query.dataset_id, team=context.run.team).first()
    tag = Tag.objects.filter(dataset=dataset, name=query.tag_name).first() if dataset else None
    if dataset is None or tag is None:
        words = gettext("SIMILARITY looks to the tag %(tag)s of the dataset %(dataset)s, which is not there.")
        raise JobError(words % {"tag": query.tag_name, "dataset": query.dataset_id}, is_final=True)
    vectors = _vectors(dataset, names_of_tag(tag))
    known = vectors[np.isfinite(vectors).all(axis=1)] if vectors.size else vectors
    if not len(known):
        words = gettext("The samples of the tag %(tag)s have no embeddings. Run a selection in their dataset first.")
        raise JobError(words % {"tag": query.tag_name}, is_final=True)
    return known


def _vectors(dataset: Dataset, names: list[str]) -> Vectors:
    """Of these samples, by the newest embedding of their dataset."""
    embedding = embedding_of(dataset)
    if embedding is None or not names:
        return np.full((len(names), 0), np.nan, np.float32)
    return vectors_of(dataset, embedding, names)


def vectors_of(dataset: Dataset, embedding: Embedding, names: list[str]) -> Vectors:
    """(n, d) of these samples, NaN where the embedding has none; d is 0 where its file is gone. Raises JobError."""
    content = _content(dataset, embedding.key)
    if content is None:
        return np.full((len(names), 0), np.nan, np.float32)
    try:
        known, vectors = read_csv(content)
    except CsvError as error:
        words = gettext("The embedding %(name)s of the dataset can't be read: %(reason)s")
        raise JobError(words % {"name": embedding.name, "reason": error}, is_final=True) from None
    place = {name: at for at, name in enumerate(known)}
    found = np.full((len(names), vectors.shape[1]), np.nan, np.float32)
    for row, name in enumerate(names):
        if (at := place.get(name)) is not None:
            found[row] = vectors[at]
    return found


def _content(dataset: Dataset, key: str) -> bytes | None:
    """Of a file in the dataset's Lightly datasource. None: it is gone. Raises JobError."""
    lightly = target_of(dataset)
    if lightly is None:
        return None
    try:
        config = lightly.config
    except UnreadableConfigError:
        return None
    with opened(config, configured_endpoints(), Permission.READ, key) as store:
        try:
            return b"".join(store.stream(config.prefix + key))
        except StoreError as error:
            if error.failure.cause is Cause.NO_OBJECT:
                return None
            raise
