"""The stage after the selection: thumbnails of what was chosen, and its metadata."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from contents.careful import care_of, went_on
from jobs.runners import Cursor, Slice, Step
from runs import progress
from runs.models import RunState
from runs.worker.annotations.files import tell_of
from runs.worker.annotations.layout import Layout
from runs.worker.choosing.selecting import chosen_rows
from runs.worker.context import Context, context_of, run_of
from runs.worker.outputs.frames import write_frames
from runs.worker.outputs.images import write_images
from runs.worker.preparing import LAYOUT
from runs.worker.scratch import Json, Scratch, paths_of, token

WRITE = "write"
MOST_SHARDS = 8
SAMPLES_OF_A_SHARD = 16
SAMPLES_OF_A_SLICE = 64
BYTES_OF_A_SLICE = 48 * 1000**2


def shards_of(selected: Cursor) -> list[Cursor]:
    """Where the shards of the stage after `select` begin. None: nothing was chosen."""
    chosen = selected["chosen"]
    count = min(MOST_SHARDS, -(-chosen // SAMPLES_OF_A_SHARD))
    common = {"stage": WRITE, "paths": selected["paths"], "picked": selected["picked"], "chosen": chosen}
    return [common | {"shard": number, "of": count, "at": 0, "without": [], "custom": []} for number in range(count)]


def write_some(this: Slice) -> Step:
    """Thumbnails of the next samples of a shard."""
    cursor = this.cursor
    context = context_of(this.job, paths_of(cursor))
    progress.enter(context.run, RunState.UPLOADING_DATASET, total=cursor["chosen"])
    scratch = Scratch(context)
    start, end = _mine(cursor)
    care = care_of(this, SAMPLES_OF_A_SLICE)
    first = start + cursor["at"]
    rows = [row for _, row in chosen_rows(scratch, cursor["picked"], first, min(end, first + SAMPLES_OF_A_SLICE))]
    some = _some(rows, care.most)
    without = {row["name"] for row in some} if care.gives_up else set[str]()
    write = write_frames if context.has_videos else write_images
    done = some if care.gives_up or not some else write(this, context, some, without)
    mark = _custom(context, scratch, done)
    at = cursor["at"] + len(done)
    changed: dict[str, Any] = {
        "at": at,
        "without": [*cursor["without"], *sorted(without)],
        "custom": [*cursor["custom"], mark] if mark else cursor["custom"],
    }
    store = partial(_store, this, len(done))
    return Step(went_on(this, SAMPLES_OF_A_SLICE, changed, len(done)), is_last=start + at >= end, store=store)


def _mine(cursor: Cursor) -> tuple[int, int]:
    """Where the samples of this shard begin and end: neighbours, which may be frames of one video."""
    start, end = (cursor["chosen"] * place // cursor["of"] for place in (cursor["shard"], cursor["shard"] + 1))
    return start, end


def _some(rows: Sequence[Json], most: int) -> list[Json]:
    """The next ones: frames of one video, or as many images as are read in a slice."""
    found: list[Json] = []
    size = 0
    for row in rows[:most]:
        size += 0 if "video" in row else row["size"]
        if found and (size > BYTES_OF_A_SLICE or row.get("video") != found[0].get("video")):
            break
        found.append(row)
    return found


def _store(this: Slice, count: int) -> None:
    progress.advance(run_of(this.job), count, state=RunState.UPLOADING_DATASET)


def custom_name(mark: str) -> str:
    return f"custom/{mark}.json"


def _custom(context: Context, scratch: Scratch, rows: Sequence[Json]) -> str:
    """The mark of a file with the metadata of these samples by name; empty where that is known already."""
    layout = Layout.of(scratch.read_json(LAYOUT))
    if not layout.has_metadata or not rows or context.settings.custom_metadata_keys:
        return ""
    names = [row["name"] for row in rows]
    videos = {row["name"]: row["video"] for row in rows if "video" in row}
    told = tell_of(context, Layout(has_metadata=True), names, with_metadata=True, videos=videos)
    mark = token()
    scratch.write_json(custom_name(mark), {name: each["custom"] for name, each in zip(names, told, strict=True)})
    return mark
