"""The stages of a run in their order, and what of one the next begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobs.runners import Cursor, Slice, Step
from runs.worker import finishing, preparing, reading, tidying, videos
from runs.worker.choosing import selecting
from runs.worker.outputs import writing


def _read(this: Slice) -> Step:
    return videos.read_frames(this) if this.cursor["has_videos"] else reading.read_some(this)


_STAGES: dict[str, Callable[[Slice], Step]] = {
    preparing.PREPARE: preparing.prepare,
    reading.READ: _read,
    selecting.SELECT: selecting.select_some,
    writing.WRITE: writing.write_some,
    finishing.FINISH: finishing.finish_some,
    tidying.TIDY: tidying.tidy_some,
}


def do(this: Slice) -> Step:
    """One slice. Raises JobError."""
    return _STAGES[this.cursor["stage"]](this)


def following(cursors: Sequence[Cursor]) -> Sequence[Cursor]:
    """Where the shards of the next stage begin; none after the last one. `cursors`: of all shards so far, in order."""
    last = cursors[-1]
    stage = last["stage"]
    if stage == preparing.PREPARE:
        return reading.shards_of(last) or [selecting.begin(cursors)]
    if stage == reading.READ:
        return [selecting.begin(cursors)]
    if stage == selecting.SELECT:
        return writing.shards_of(last) or [finishing.begin(cursors)]
    if stage == writing.WRITE:
        return [finishing.begin(cursors)]
    if stage == finishing.FINISH:
        return [tidying.begin(last)]
    return []
