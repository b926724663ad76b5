"""Chosen frames of one video: as files, by the names that the client and Lightly's own worker use, and thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from django.utils.translation import gettext

from clouds import Store, StoreError
from clouds.permissions import Permission
from contents.index.opening import job_error
from contents.media.frames import TYPES, Picture, encoded_frame
from contents.media.pieces import Pieces
from contents.media.problems import MediaError
from contents.media.ranged_file import RangedFile
from contents.media.thumbnails import small
from contents.media.videos import frames_at
from core.threads import ContextPool
from jobs.runners import JobError, Slice
from runs.worker.context import Context
from runs.worker.outputs.target import THREADS, Target, thumbnail_of_sample
from runs.worker.scratch import Json

PIECE_BYTES = 8 * 1000**2
MOST_READS = 3
SPARE_SECONDS = 15.0
# In memory at once.
MOST_PICTURES = 12


def write_frames(this: Slice, context: Context, rows: Sequence[Json], without: set[str]) -> list[Json]:
    """As `images.write_images`. `rows`: frames of one video, in order. Raises JobError."""
    by_number = {row["frame"]["sourceVideoFrameIndex"]: row for row in rows}
    writing: list[tuple[Json, Future[bool]]] = []
    format_name = context.settings.output_image_format
    done: list[Json] = []
    target = Target(context)
    with ContextPool(THREADS) as pool:
        try:
            with context.borrowed_source() as store:
                file = _file(this, context, store, rows[0])
                for shown in frames_at(file, [(number, row["moment"]) for number, row in by_number.items()]):
                    row = by_number[shown.number]
                    writing.append((row, pool.submit(_write, target, row, shown.picture, format_name)))
                    done.append(row)
                    if len(writing) > MOST_PICTURES:
                        writing[-MOST_PICTURES][1].result()  # decoding is faster, and pictures are large
                    if this.seconds_left < SPARE_SECONDS:
                        break
        except MediaError as error:
            raise _changed(rows[0], str(error.found.problem)) from None
        except StoreError as error:
            raise job_error(error, Permission.READ, context.source, rows[0]["video"]) from None
        without |= {row["name"] for row, future in writing if not future.result()}
    if not done or (len(done) < len(rows) and this.seconds_left >= SPARE_SECONDS):
        raise _changed(rows[0], "missing frame")
    return done


def _write(target: Target, row: Json, picture: Picture, format_name: str) -> bool:
    """Raises JobError."""
    target.write_frame(row, encoded_frame(picture, format_name), TYPES[format_name])
    return not thumbnail_of_sample(target.context, row["name"]) or target.write_thumbnail(row, small(picture))


def _file(this: Slice, context: Context, store: Store, row: Json) -> RangedFile:
    size = row["size"]
    key = context.source.prefix + row["video"]
    pieces = Pieces(store, key, size=size, version=row["version"], piece_bytes=PIECE_BYTES)
    seconds = max(1.0, this.seconds_left - SPARE_SECONDS / 2)
    return RangedFile(pieces.read, size, most_bytes=MOST_READS * size + PIECE_BYTES, seconds=seconds)


def _changed(row: Json, why: str) -> JobError:
    """The frame was decoded when the video was read, so the file or the storage is another one now."""
    words = gettext("Frames of %(name)s were chosen, but can't be decoded a second time (%(why)s). Run again.")
    return JobError(words % {"name": row["video"], "why": why})
