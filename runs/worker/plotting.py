"""Makes the flat picture of an embedding that a script uploaded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from clouds import CloudConfig
from contents.listing.errors import NoDatasourceError
from contents.listing.opening import datasource_for
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose, UnreadableConfigError
from jobs.runners import JobError, Slice, Step
from runs.worker import disk
from runs.worker.choosing.stored import StoredCsv
from runs.worker.embedding.csvs import CsvError
from runs.worker.embedding.matrix import Matrix
from runs.worker.reports.vectors import principal
from samples import queries
from samples.embeddings import store_read
from samples.models import Embedding

SPARE_SECONDS = 20.0


def plot(this: Slice) -> Step:
    """The file is read in as many slices as that takes. Raises JobError."""
    embedding = Embedding.objects.filter(pk=this.job.arguments["embedding"]).select_related("dataset").first()
    if embedding is None:
        raise JobError(gettext("The embedding was deleted."), is_final=True)
    folder = Path(settings.LIGHTLY_RUNS_DIR) / this.job.pk
    stored = StoredCsv.below(folder, _config(embedding), configured_endpoints(), embedding.key)
    if not stored.exists():
        words = gettext("%(name)s: The file is not there any more.") % {"name": embedding.key}
        raise JobError(words, is_final=True)
    try:
        if not stored.fetch(lambda: this.seconds_left > SPARE_SECONDS) or this.seconds_left < SPARE_SECONDS:
            return Step(this.cursor, is_last=False)
        vectors = Matrix.of(stored.of(queries.names_of(embedding.dataset)))
    except CsvError as error:
        raise JobError(str(error), is_final=True) from None
    told = principal(vectors).astype("<f4").tobytes()
    rows = len(stored.names())
    disk.remove(folder)
    store = partial(store_read, embedding, rows=rows, dimensions=vectors.width, points=told)
    return Step(this.cursor, is_last=True, done=rows, store=store)


def _config(embedding: Embedding) -> CloudConfig:
    try:
        return datasource_for(embedding.dataset, Purpose.LIGHTLY).config
    except NoDatasourceError:
        raise JobError(gettext("The Lightly datasource is not connected."), is_final=True) from None
    except UnreadableConfigError:
        words = gettext("The stored credentials can't be read: enter them again")
        raise JobError(f"{words}.", is_final=True) from None
