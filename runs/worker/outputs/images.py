"""Thumbnails of chosen images. One that is there already and of the same version stays."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

from clouds import StoreError
from clouds.failures import Cause
from clouds.permissions import Permission
from contents.index.opening import job_error
from contents.media.problems import MediaError
from contents.media.thumbnails import Thumbnail, thumbnail_of
from contents.models import FileKind
from contents.reading.batch import coming
from contents.reading.rows import Wanted
from contents.thumbnails import metadata
from core.threads import ContextPool
from jobs.runners import Slice
from runs.worker.context import Context
from runs.worker.outputs.target import THREADS, Target, file_of, thumbnail_of_sample
from runs.worker.scratch import Json

SPARE_SECONDS = 15.0
_OF_A_FILE = frozenset({Cause.NO_OBJECT, Cause.CHANGED, Cause.ARCHIVED, Cause.DENIED, Cause.HIDDEN})


def write_images(this: Slice, context: Context, rows: Sequence[Json], without: set[str]) -> list[Json]:
    """As many of them, from the first on, as there is time for. `without`: gets names that have no thumbnail.

    Raises JobError.
    """
    target = Target(context)
    wanted = [row for row in rows if thumbnail_of_sample(context, row["name"])]
    with ContextPool(THREADS) as pool:
        target.heads = dict(zip([row["name"] for row in wanted], pool.map(target.head, wanted), strict=True))
        stale = [row for row in wanted if not metadata.is_usable(target.heads[row["name"]], file_of(row))]
        writing: list[tuple[Json, Future[bool]]] = []
        reached = 0
        for row, thumbnail in _thumbnails(context, stale):
            reached += 1
            if thumbnail is None:
                without.add(row["name"])
            else:
                writing.append((row, pool.submit(target.write_thumbnail, row, thumbnail)))
            if this.seconds_left < SPARE_SECONDS:
                break
        without |= {row["name"] for row, future in writing if not future.result()}
    return list(rows if reached == len(stale) else rows[: rows.index(stale[reached])])


def _thumbnails(context: Context, rows: Sequence[Json]) -> Iterator[tuple[Json, Thumbnail | None]]:
    """None where the file can't be read any more. Raises JobError."""
    if not rows:
        return
    files = [Wanted(row["name"], row["size"], row["modified"], row["version"], FileKind.IMAGE.value) for row in rows]
    for row, (_, pieces) in zip(rows, coming(context.source, files), strict=True):
        try:
            yield row, thumbnail_of(io.BytesIO(pieces.read(0, row["size"])))
        except MediaError:
            yield row, None
        except StoreError as error:
            if error.failure.cause not in _OF_A_FILE:
                raise job_error(error, Permission.READ, context.source, row["name"]) from None
            yield row, None
