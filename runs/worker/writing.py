"""The stage after the selection: thumbnails of what was chosen, and its metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from clouds import StoreError
from clouds.failures import Cause
from clouds.permissions import Permission
from clouds.store import Head
from contents.careful import care_of, went_on
from contents.index.opening import job_error
from contents.listing.folder import LIGHTLY_FOLDER
from contents.media.frame_names import thumbnail_name
from contents.media.problems import MediaError
from contents.media.thumbnails import Thumbnail, thumbnail_of
from contents.models import FileKind, IndexedFile
from contents.places import LONGEST_KEY, may_hold_samples
from contents.reading.batch import coming
from contents.reading.rows import Wanted
from contents.thumbnails import metadata, written
from jobs.runners import Cursor, Slice, Step
from runs import progress
from runs.models import RunState
from runs.worker.annotations.files import tell_of
from runs.worker.annotations.layout import Layout
from runs.worker.choosing.selecting import chosen_rows
from runs.worker.context import Context, context_of, run_of
from runs.worker.preparing import LAYOUT
from runs.worker.scratch import Json, Scratch, paths_of, token

WRITE = "write"
MOST_SHARDS = 8
SAMPLES_OF_A_SHARD = 16
SAMPLES_OF_A_SLICE = 64
BYTES_OF_A_SLICE = 48 * 1000**2
THREADS = 6
SPARE_SECONDS = 15.0
_OF_A_FILE = frozenset({Cause.NO_OBJECT, Cause.CHANGED, Cause.ARCHIVED, Cause.DENIED, Cause.HIDDEN})


def shards_of(selected: Cursor) -> list[Cursor]:
    """Where the shards of the stage after `select` begin. None: nothing was chosen."""
    chosen = selected["chosen"]
    count = min(MOST_SHARDS, -(-chosen // SAMPLES_OF_A_SHARD))
    common = {"stage": WRITE, "paths": selected["paths"], "picked": selected["picked"], "chosen": chosen}
    return [common | {"shard": number, "of": count, "at": 0, "without": [], "custom": []} for number in range(count)]


def thumbnail_of_sample(context: Context, name: str) -> str:
    """Relative to Lightly; empty where there is to be none."""
    suffix = context.lightly.thumbnail_suffix
    if not suffix or (not suffix.startswith(LIGHTLY_FOLDER) and may_hold_samples(context.input, context.lightly)):
        return ""
    found = thumbnail_name(suffix, name)
    return found if len((context.target.prefix + found).encode("utf-8", "surrogatepass")) <= LONGEST_KEY else ""


def write_some(this: Slice) -> Step:
    """Thumbnails of the next samples of a shard."""
    cursor = this.cursor
    context = context_of(this.job, paths_of(cursor))
    progress.enter(context.run, RunState.UPLOADING_DATASET, total=cursor["chosen"])
    scratch = Scratch(context)
    mine = [row for _, row in chosen_rows(scratch, cursor["picked"])[cursor["shard"] :: cursor["of"]]]
    care = care_of(this, SAMPLES_OF_A_SLICE)
    some = _some(mine[cursor["at"] :], care.most)
    without = {row["name"] for row in some} if care.gives_up else set[str]()
    done = some if care.gives_up else _write(this, context, some, without)
    mark = _custom(context, scratch, done)
    at = cursor["at"] + len(done)
    changed: dict[str, Any] = {
        "at": at,
        "without": [*cursor["without"], *sorted(without)],
        "custom": [*cursor["custom"], mark] if mark else cursor["custom"],
    }
    store = partial(_store, this, len(done))
    return Step(went_on(this, SAMPLES_OF_A_SLICE, changed, len(done)), is_last=at >= len(mine), store=store)


def _some(rows: Sequence[Json], most: int) -> list[Json]:
    found: list[Json] = []
    size = 0
    for row in rows[:most]:
        size += row["size"]
        if found and size > BYTES_OF_A_SLICE:
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
    told = tell_of(context, Layout(has_metadata=True), names, with_metadata=True)
    mark = token()
    scratch.write_json(custom_name(mark), {name: each["custom"] for name, each in zip(names, told, strict=True)})
    return mark


@dataclass
class _Target:
    """Where thumbnails go. Used by several threads at once."""

    context: Context
    heads: dict[str, Head | None] = field(default_factory=dict)

    def head(self, row: Json) -> Head | None:
        name = thumbnail_of_sample(self.context, row["name"])
        with self.context.opened_target(Permission.READ, name) as store:
            return metadata.head_of(store, self.context.target.prefix + name)

    def write(self, row: Json, thumbnail: Thumbnail) -> bool:
        """False: somebody else's file is in the place. Raises JobError."""
        name = thumbnail_of_sample(self.context, row["name"])
        with self.context.opened_target(Permission.OVERWRITE, name) as store:
            try:
                key = self.context.target.prefix + name
                written.write(store, key, name, thumbnail, file_of(row), self.heads[row["name"]])
            except written.TakenError:
                return False
        return True


def _write(this: Slice, context: Context, rows: Sequence[Json], without: set[str]) -> list[Json]:
    """As many of them as there is time for. `without`: gets the names of those that have no thumbnail."""
    target = _Target(context)
    wanted = [row for row in rows if thumbnail_of_sample(context, row["name"])]
    with ThreadPoolExecutor(THREADS) as pool:
        target.heads = dict(zip([row["name"] for row in wanted], pool.map(target.head, wanted), strict=True))
        stale = [row for row in wanted if not metadata.is_usable(target.heads[row["name"]], file_of(row))]
        writing: list[tuple[Json, Future[bool]]] = []
        reached = 0
        for row, thumbnail in _thumbnails(context, stale):
            reached += 1
            if thumbnail is None:
                without.add(row["name"])
            else:
                writing.append((row, pool.submit(target.write, row, thumbnail)))
            if this.seconds_left < SPARE_SECONDS:
                break
        without |= {row["name"] for row, future in writing if not future.result()}
    if reached == len(stale):
        return list(rows)
    return list(rows[: rows.index(stale[reached])])


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


def file_of(row: Json) -> IndexedFile:
    """As what is written says of which version it is."""
    return IndexedFile(
        key=row["name"],
        size=row["size"],
        modified=row["modified"],
        version=row["version"][:128],
        kind=FileKind.IMAGE.value,
    )
