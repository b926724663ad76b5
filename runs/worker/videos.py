"""The second stage, of videos: each part is one video, and a slice does its next frames in order.

Rows are those of reading.py, one for each frame, and `video` (its name), `frame` (the client's VideoFrameData) and
`moment`, by which the frame is found again. A video that is no use at all has one row with `is_video`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from clouds import StoreError
from contents.careful import care_of, went_on
from contents.media.frame_names import frame_name
from contents.media.pieces import Pieces
from contents.media.pixels import pixels_of
from contents.media.problems import MediaError
from contents.media.ranged_file import RangedFile
from contents.media.videos import Shown, frame_count, frames_from
from jobs.runners import Cursor, Slice, Step
from runs import progress
from runs.models import RunState
from runs.worker.annotations.layout import Layout
from runs.worker.context import Context, context_of, run_of
from runs.worker.gate import expiring
from runs.worker.pictures import metadata_of
from runs.worker.preparing import LAYOUT, parts_in
from runs.worker.reading import Read, annotate, ended_workers, reason_of, refusal_of, words_of
from runs.worker.scratch import Json, Listed, Scratch, paths_of

FRAMES_OF_A_SLICE = 512
PIECE_BYTES = 8 * 1000**2
# To count frames a video is read once, to decode them once more; jumps read a little twice.
MOST_READS = 3
# Less than that left, and no further frame is decoded: what is there has yet to be embedded.
SPARE_SECONDS = 28.0


@dataclass
class _Video:
    """`frames`: how many there are; 0 if that is not known yet."""

    file: Listed
    frames: int
    number: int
    moment: int | None


def chunk_name(part: int, at: int, count: int) -> str:
    return f"read/{part:07}-{at:07}-{count:07}.npz"


def read_frames(this: Slice) -> Step:
    """The next frames of a part."""
    cursor = this.cursor
    context = context_of(this.job, paths_of(cursor))
    progress.enter(context.run, RunState.EMBEDDING, total=this.job.total)
    scratch = Scratch(context)
    (file,) = scratch.names_of_part(cursor["part"], cursor["slices"])
    if care_of(this, 1).gives_up:
        raise ended_workers(file.name)
    video = _Video(file, cursor.get("frames", 0), cursor["at"], cursor.get("moment"))
    read, moment, reason = _read(this, context, video)
    if reason:
        _give_up(read, video, reason, context.settings.output_image_format)
    annotate(context, Layout.of(scratch.read_json(LAYOUT)), read)
    count = len(read.rows)
    scratch.write(chunk_name(cursor["part"], cursor["at"], count), read.chunk(context).to_bytes())
    reached = cursor["at"] + count
    is_whole = bool(reason) or reached >= video.frames
    changed: dict[str, Any] = {"at": reached, "frames": video.frames, "moment": moment}
    if is_whole:
        changed = {"part": cursor["part"] + cursor["step"], "at": 0, "frames": 0, "moment": None}
    return _step(this, changed, is_whole=is_whole)


def _step(this: Slice, changed: dict[str, Any], *, is_whole: bool) -> Step:
    cursor: Cursor = went_on(this, 1, changed, 1)
    store = partial(_store, this) if is_whole else None
    return Step(cursor, is_last=cursor["part"] >= parts_in(cursor), done=int(is_whole), store=store)


def _store(this: Slice) -> None:
    progress.advance(run_of(this.job), 1, state=RunState.EMBEDDING)


def _read(this: Slice, context: Context, video: _Video) -> tuple[Read, int | None, str]:
    """(rows, the moment of the frame after them, why there can be no more). Raises JobError."""
    read, moment = Read([], {}), None
    if refusal := refusal_of(video.file, is_video=True) or expiring(context, [video.file]).get(video.file.name):
        return read, None, refusal
    try:
        with _opened(this, context, video.file) as file:
            video.frames = video.frames or frame_count(file)
            for shown in frames_from(file, video.number, video.moment):
                if len(read.rows) >= FRAMES_OF_A_SLICE or (read.rows and this.seconds_left < SPARE_SECONDS):
                    moment = shown.moment
                    break
                if shown.number >= video.frames:
                    break  # its names would not be those that were counted
                _take(read, context, video, shown)
            else:
                left = video.number + len(read.rows) < video.frames
                return read, None, "it can't be decoded" if left else ""
    except MediaError as error:
        return read, None, words_of(error)
    except StoreError as error:
        return read, None, reason_of(error, context.source, video.file.name)
    return read, moment, ""


@contextlib.contextmanager
def _opened(this: Slice, context: Context, file: Listed) -> Iterator[RangedFile]:
    """Raises StoreError, whose words are the caller's."""
    with context.borrowed_source() as store:
        key = context.source.prefix + file.name
        pieces = Pieces(store, key, size=file.size, version=file.version, piece_bytes=PIECE_BYTES)
        seconds = max(1.0, this.seconds_left - SPARE_SECONDS / 2)
        yield RangedFile(pieces.read, file.size, most_bytes=MOST_READS * file.size + PIECE_BYTES, seconds=seconds)


def _take(read: Read, context: Context, video: _Video, shown: Shown) -> None:
    size = context.picture_size
    pixels = pixels_of(shown.picture, size, with_digest=True)
    row = _row(video, shown.number, context.settings.output_image_format)
    # A frame is no file: its size is that of its pixels.
    meta = metadata_of(pixels, pixels.width * pixels.height * 3)
    told = {"sourceVideo": video.file.name, "sourceVideoFrameIndex": shown.number}
    threshold = context.settings.corruption_threshold
    if threshold is not None and meta["uniformRowRatio"] > threshold:
        words = "rows of one brightness: {share:.0%}, more than corruption_threshold"
        read.rows.append(row | {"bad": words.format(share=meta["uniformRowRatio"])})
        return
    row |= {"hash": pixels.digest, "meta": meta, "moment": shown.moment}
    read.pictures[len(read.rows)] = np.frombuffer(pixels.sized, np.uint8).reshape(size[1], size[0], 3)
    read.rows.append(row | {"frame": told | {"sourceVideoFrameTimestamp": shown.seconds}})


def _row(video: _Video, number: int, extension: str) -> Json:
    file = video.file
    name = frame_name(file.name, number, video.frames, extension)
    return {
        "name": name,
        "video": file.name,
        "size": file.size,
        "modified": file.modified,
        "version": file.version,
    }


def _give_up(read: Read, video: _Video, reason: str, extension: str) -> None:
    """Rows for all frames that are left; or one for the video, where there is no frame at all."""
    reached = video.number + len(read.rows)
    if not reached:
        file = video.file
        row = {"name": file.name, "video": file.name, "size": file.size, "modified": file.modified}
        read.rows.append(row | {"version": file.version, "bad": reason, "is_video": True})
        return
    for number in range(reached, video.frames):
        read.rows.append(_row(video, number, extension) | {"bad": reason})
