"""The second stage, of images: reads and decodes them, and writes down what a selection may ask of them.

A row has `name`, `size`, `modified`, `version` as listed, and either `bad` (why it can't be used) or `hash` (of its
content), `meta` (Lightly's metadata), `exif` (where there is any) and what annotations.files tells. A slice does one
chunk: some samples of a part, which depend on the cursor alone, so that whoever does it again writes the same under the
same name.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from django.utils.translation import gettext

from clouds import CloudConfig, StoreError
from clouds.failures import Cause
from clouds.permissions import Permission
from contents.careful import care_of, went_on
from contents.index.opening import job_error
from contents.media.exif import exif_of
from contents.media.pieces import Pieces
from contents.media.pixels import decoded, pixels_of
from contents.media.problems import MediaError, MediaProblem
from contents.models import FileKind
from contents.reading.batch import coming, piece_bytes
from contents.reading.rows import Wanted
from jobs.runners import Cursor, JobError, Slice, Step
from runs import progress
from runs.models import RunState
from runs.worker.annotations.files import tell_of
from runs.worker.annotations.layout import Layout
from runs.worker.context import Context, context_of, run_of
from runs.worker.embedding.network import Pixels, Vectors
from runs.worker.gate import expiring
from runs.worker.pictures import metadata_of
from runs.worker.preparing import LAYOUT, parts_in
from runs.worker.scratch import NAMES_OF_A_PART, Chunk, Json, Listed, Scratch, paths_of

READ = "read"
MOST_SHARDS = 16
# Of the images of one chunk together; a larger image is a chunk of its own.
BYTES_OF_A_CHUNK = 48 * 1000**2
MOST_IMAGE_BYTES = 200 * 1000**2
# With less time left no further image is begun, and the chunk is tried again in smaller pieces.
SPARE_SECONDS = 15.0
# So many in a row that may not be read: no fault of theirs.
MOST_DENIED = 5
_OF_A_FILE = {
    Cause.NO_OBJECT: "it was removed after it had been listed",
    Cause.CHANGED: "it was replaced after it had been listed",
    Cause.ARCHIVED: "it is archived: restore it first",
}
_DENIED = frozenset({Cause.DENIED, Cause.EXPLICIT_DENY, Cause.HIDDEN, Cause.KMS_DENIED})
_MAY_NOT = "the storage does not let us read it"


def shards_of(prepared: Cursor) -> list[Cursor]:
    """Where the shards of the stage after `prepare` begin. None: there is nothing to read."""
    parts = parts_in(prepared)
    step = min(MOST_SHARDS, parts)
    common = {"stage": READ, "paths": prepared["paths"], "slices": prepared["slices"], "step": step}
    common |= {"has_videos": prepared["has_videos"], "at": 0, "most": NAMES_OF_A_PART}
    return [common | {"part": number} for number in range(step)]


def chunk_name(part: int, at: int, count: int) -> str:
    return f"read/{part:07}-{at:03}-{count:03}.npz"


def read_some(this: Slice) -> Step:
    """The next chunk of a part. The files are always there after a slice that counts."""
    cursor = this.cursor
    context = context_of(this.job, paths_of(cursor))
    progress.enter(context.run, RunState.EMBEDDING, total=this.job.total)
    scratch = Scratch(context)
    names = scratch.names_of_part(cursor["part"], cursor["slices"])
    care = care_of(this, cursor["most"])
    chunk = _chunk(names[cursor["at"] :], min(care.most, cursor["most"]))
    if care.gives_up:
        raise ended_workers(chunk[0].name)
    layout = Layout.of(scratch.read_json(LAYOUT))
    read = _read(this, context, chunk)
    if len(read.rows) < len(chunk):
        smaller = cursor | {"most": max(1, len(read.rows))}
        return Step(smaller, is_last=False)
    annotate(context, layout, read)
    scratch.write(chunk_name(cursor["part"], cursor["at"], len(chunk)), read.chunk(context).to_bytes())
    return _step(this, names, chunk)


def ended_workers(name: str) -> JobError:
    """A file that nobody opens any more."""
    words = gettext("%(name)s ended its worker twice. Remove it, and run again.")
    return JobError(words % {"name": name}, is_final=True)


def _chunk(names: Sequence[Listed], most: int) -> list[Listed]:
    """The first of them, by what the listing says alone."""
    found: list[Listed] = []
    size = 0
    for each in names[:most]:
        size += each.size
        if found and size > BYTES_OF_A_CHUNK:
            break
        found.append(each)
    return found


def _step(this: Slice, names: Sequence[Listed], chunk: Sequence[Listed]) -> Step:
    cursor = this.cursor
    at = cursor["at"] + len(chunk)
    changed: dict[str, Any] = {"at": at}
    if at >= len(names):
        changed = {"part": cursor["part"] + cursor["step"], "at": 0}
    is_last = changed.get("part", 0) >= parts_in(cursor)
    store = partial(_store, this, len(chunk))
    return Step(went_on(this, cursor["most"], changed, len(chunk)), is_last=is_last, done=len(chunk), store=store)


def _store(this: Slice, count: int) -> None:
    progress.advance(run_of(this.job), count, state=RunState.EMBEDDING)


@dataclass
class Read:
    """`pictures` by the place of their row."""

    rows: list[Json]
    pictures: dict[int, Pixels]

    def chunk(self, context: Context) -> Chunk:
        if context.settings.embeddings_file:  # somebody else has made them
            return Chunk(self.rows, np.zeros((len(self.rows), 0), np.float32))
        found = context.model.embedder.vectors(list(self.pictures.values()))
        width = found.shape[1] if len(found) else 0
        vectors: Vectors = np.full((len(self.rows), width), np.nan, np.float32)
        vectors[list(self.pictures)] = found
        return Chunk(self.rows, vectors)


def annotate(context: Context, layout: Layout, read: Read) -> None:
    """Adds what predictions and metadata tell. Raises JobError."""
    used = [row for row in read.rows if "bad" not in row]
    with_metadata = bool(context.settings.custom_metadata_keys)
    videos = {row["name"]: row["video"] for row in used if "video" in row}
    names = [row["name"] for row in used]
    told = tell_of(context, layout, names, with_metadata=with_metadata, videos=videos)
    for row, each in zip(used, told, strict=True):
        row |= each


def _read(this: Slice, context: Context, chunk: Sequence[Listed]) -> Read:
    """As many of them as there is time for. Raises JobError."""
    read = Read([], {})
    size = context.picture_size
    denied = 0
    refused = {each.name: refusal for each in chunk if (refusal := refusal_of(each))}
    refused |= expiring(context, [each for each in chunk if each.name not in refused])
    readable = [each for each in chunk if each.name not in refused]
    on_their_way = iter(_coming(context.source, readable))
    for place, file in enumerate(chunk):
        if place and this.seconds_left < SPARE_SECONDS:
            break
        row: Json = {"name": file.name, "size": file.size, "modified": file.modified, "version": file.version}
        if refusal := refused.get(file.name):
            read.rows.append(row | {"bad": refusal})
            continue
        _, pieces = next(on_their_way)
        try:
            found, picture = _look(file, pieces, size)
        except MediaError as error:
            if place and error.found.problem is MediaProblem.TIMED_OUT:
                break  # it began late: alone, it has all of a slice
            read.rows.append(row | {"bad": words_of(error)})
        except StoreError as error:
            words = reason_of(error, context.source, file.name)
            denied += words == _MAY_NOT
            read.rows.append(row | {"bad": words})
        else:
            read.rows.append(row | found)
            read.pictures[place] = picture
    if denied >= min(MOST_DENIED, len(chunk)) and denied == len(readable):
        words = gettext("The storage lets us read none of the files. See the bulbs of the Input datasource.")
        raise JobError(words, is_final=True)
    return read


def _coming(config: CloudConfig, files: Sequence[Listed]) -> Iterable[tuple[Wanted, Pieces]]:
    if not files:
        return []
    return coming(
        config, [Wanted(each.name, each.size, each.modified, each.version, FileKind.IMAGE.value) for each in files]
    )


def refusal_of(file: Listed, *, is_video: bool = False) -> str | None:
    """Why it is not opened, as far as the listing tells."""
    if file.size == 0:
        return "it is empty"
    if file.archived:
        return _OF_A_FILE[Cause.ARCHIVED]
    if file.size > MOST_IMAGE_BYTES and not is_video:
        return f"it has more than {MOST_IMAGE_BYTES // 1000**2} MB"
    return None


def _look(file: Listed, pieces: Pieces, size: tuple[int, int]) -> tuple[Json, Pixels]:
    """Raises MediaError and StoreError."""
    first = pieces.read(0, min(file.size, piece_bytes(FileKind.IMAGE.value)))
    rest = pieces.read(len(first), file.size - len(first)) if len(first) < file.size else b""
    content = first + rest
    with decoded(io.BytesIO(content)) as image:
        pixels, exif = pixels_of(image, size), exif_of(image)
    picture = np.frombuffer(pixels.sized, np.uint8).reshape(size[1], size[0], 3)
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    found: Json = {"hash": digest, "meta": metadata_of(pixels, file.size)}
    return found | ({"exif": exif} if exif else {}), picture


def words_of(error: MediaError) -> str:
    """Why a file is no use, as `truncated`, or `other_content: HTML page`."""
    found = error.found
    return f"{found.problem}: {found.detail}" if found.detail else str(found.problem)


def reason_of(error: StoreError, config: CloudConfig, name: str) -> str:
    """Raises JobError for what is not about this file alone."""
    cause = error.failure.cause
    if cause in _DENIED:
        return _MAY_NOT
    if cause in _OF_A_FILE:
        return _OF_A_FILE[cause]
    raise job_error(error, Permission.READ, config, name) from None
