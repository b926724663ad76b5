"""Makes the flat picture of an embedding that a script uploaded."""

from __future__ import annotations

from functools import partial

import numpy as np
from django.utils.translation import gettext

from clouds import StoreError
from clouds.failures import PASSING
from clouds.pool import STORES
from contents.index.opening import PATIENCE
from contents.listing.errors import NoDatasourceError
from contents.listing.opening import datasource_for
from contents.thumbnails.reasons import reason_of, words_of
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose, UnreadableConfigError
from jobs.runners import JobError, Slice, Step
from runs.worker.embedding.csvs import CsvError, read_csv
from runs.worker.embedding.network import Vectors
from runs.worker.reports.vectors import principal
from samples import queries
from samples.embeddings import store_read
from samples.models import Embedding

# Of a csv file: all of it is in memory at once, as text and as numbers.
MOST_BYTES = 300_000_000
_AT_ONCE = 16 * 1024**2


def plot(this: Slice) -> Step:
    """One slice does all of it. Raises JobError."""
    embedding = Embedding.objects.filter(pk=this.job.arguments["embedding"]).select_related("dataset").first()
    if embedding is None:
        raise JobError(gettext("The embedding was deleted."), is_final=True)
    try:
        names, vectors = read_csv(_content(embedding))
    except CsvError as error:
        raise JobError(str(error), is_final=True) from None
    points = principal(_in_order(queries.names_of(embedding.dataset), names, vectors))
    told = points.astype("<f4").tobytes()
    store = partial(store_read, embedding, rows=len(names), dimensions=vectors.shape[1], points=told)
    return Step(this.cursor, is_last=True, done=len(names), store=store)


def _in_order(wanted: list[str], names: list[str], vectors: Vectors) -> Vectors:
    """By position. Samples without a vector have NaN."""
    at = {name: place for place, name in enumerate(names)}
    found = np.full((len(wanted), vectors.shape[1]), np.nan, np.float32)
    known = [(position, at[name]) for position, name in enumerate(wanted) if name in at]
    if known:
        positions, places = zip(*known, strict=True)
        found[list(positions)] = vectors[list(places)]
    return found


def _content(embedding: Embedding) -> bytes:
    try:
        datasource = datasource_for(embedding.dataset, Purpose.LIGHTLY)
        config = datasource.config
    except NoDatasourceError:
        raise JobError(gettext("The Lightly datasource is not connected."), is_final=True) from None
    except UnreadableConfigError:
        words = gettext("The stored credentials can't be read: enter them again")
        raise JobError(f"{words}.", is_final=True) from None
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            key = config.prefix + embedding.key
            head = store.head(key)
            if head.size > MOST_BYTES:
                words = gettext("The file of the embedding has more than %(size)s MB.")
                raise JobError(words % {"size": MOST_BYTES // 1_000_000}, is_final=True)
            starts = range(0, head.size, _AT_ONCE)
            pieces = (store.read_range(key, start, min(_AT_ONCE, head.size - start)).data for start in starts)
            return b"".join(pieces)
    except StoreError as error:
        words = f"{embedding.key}: {words_of(reason_of(error.failure))}."
        raise JobError(words, is_final=error.failure.cause not in PASSING) from None
