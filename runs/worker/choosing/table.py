"""All that was read, put together once on each machine that works on the run: rows and vectors in order of names."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from jobs.runners import JobError
from runs.worker.context import Context
from runs.worker.scratch import Chunk, Json, Scratch

_AT_ONCE = 32
_ROWS, _VECTORS = "rows.json", "vectors.npy"


@dataclass(frozen=True)
class Table:
    """`rows` as reading.py makes them, in the order of their names. `vectors`: (n, d), NaN where there is none.

    The vectors stay on the disk, which the operating system reads as they are needed.
    """

    rows: list[Json]
    vectors: NDArray[Any]

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.rows]


class _Use(NamedTuple):
    """Of a chunk: how many of its first rows are left out, because another one had them."""

    name: str
    skipped: int


def table_of(context: Context) -> Table:
    """Raises JobError."""
    folder = context.disk
    if not (folder / _ROWS).is_file():
        _assemble(Scratch(context), folder)
    rows = json.loads((folder / _ROWS).read_text())
    return Table(rows, np.load(folder / _VECTORS, mmap_mode="r"))


def _assemble(scratch: Scratch, folder: Path) -> None:
    uses = list(_uses(scratch.names_below("read/")))
    folder.parent.mkdir(parents=True, exist_ok=True)
    written = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        _write(scratch, uses, written)
        try:
            written.rename(folder)
        except OSError:
            if not (folder / _ROWS).is_file():  # another process of this machine was faster
                raise
    finally:
        shutil.rmtree(written, ignore_errors=True)


def _write(scratch: Scratch, uses: Sequence[_Use], folder: Path) -> None:
    rows: list[Json] = []
    blocks: list[NDArray[np.float32]] = []
    for at in range(0, len(uses), _AT_ONCE):
        some = uses[at : at + _AT_ONCE]
        for use, content in zip(some, scratch.read_many([use.name for use in some]), strict=True):
            chunk = Chunk.from_bytes(content)
            rows += chunk.rows[use.skipped :]
            blocks.append(chunk.vectors[use.skipped :])
    order = sorted(range(len(rows)), key=lambda at: rows[at]["name"])
    width = max((block.shape[1] for block in blocks), default=0)
    vectors = np.lib.format.open_memmap(folder / _VECTORS, mode="w+", dtype=np.float32, shape=(len(rows), width))
    place = np.empty(len(rows), np.intp)
    place[order] = np.arange(len(rows))
    start = 0
    for block in blocks:
        # Where no file of a chunk could be read, nobody knew how long the vectors are.
        if block.shape[1] not in {0, width}:
            raise JobError(
                gettext("Workers made embeddings of different lengths. Give all of them the same network."),
                is_final=True,
            )
        vectors[place[start : start + len(block)]] = block if block.shape[1] else np.nan
        start += len(block)
    vectors.flush()
    (folder / _ROWS).write_text(json.dumps([rows[at] for at in order]))


def _uses(names: Sequence[str]) -> Iterator[_Use]:
    """The chunks that have each sample once. Their names end with the place of the first sample and the number of them.

    A worker that was late may have left others, with samples that are in these too.
    """
    groups: dict[tuple[str, ...], list[tuple[int, int, str]]] = defaultdict(list)
    for name in names:
        *group, at, count = Path(name).stem.split("-")
        groups[tuple(group)].append((int(at), -int(count), name))
    for _, chunks in sorted(groups.items()):
        reached = 0
        for start, negative, name in sorted(chunks):
            end = start - negative
            if start > reached:
                raise JobError(
                    gettext("Somebody removed files of this run from the Lightly datasource. Run again."), is_final=True
                )
            if end > reached:
                yield _Use(name, reached - start)
                reached = end
