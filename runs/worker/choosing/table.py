"""All that was read, put together on each machine that works on the run: what a selection looks at, by name.

It lies on the disk, and is put together in as many slices as that takes. A machine goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import mmap
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from jobs.runners import JobError
from runs.worker.context import Context
from runs.worker.disk import locked, write_state
from runs.worker.embedding import segments
from runs.worker.embedding.matrix import Block, Indices
from runs.worker.scratch import Chunk, Json, Scratch

_AT_ONCE = 32
_UNKNOWN_AT_ONCE = 1024
_FOLDER, _STATE, _USES = "table", "state.json", "uses.json"
_ROWS, _LENGTHS, _KEYS, _ORDER = "rows.jsonl", "lengths.i64", "keys.jsonl", "order.npy"


class Key(NamedTuple):
    """What of a row decides whether it is used. `hash`: None where the sample can't be used."""

    name: str
    hash: str | None


class Rows(Sequence[Json]):
    """Rows as reading.py makes them. They lie in a file, and are read anew each time they are asked for."""

    def __init__(self, content: mmap.mmap | bytes, starts: NDArray[np.int64], places: Indices) -> None:
        self._content, self._starts, self._places = content, starts, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Json: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: int | slice) -> Json | Rows:
        if isinstance(at, slice):
            return Rows(self._content, self._starts, self._places[at])
        place = self._places[at]
        row: Json = json.loads(self._content[self._starts[place] : self._starts[place + 1]])
        return row

    def at(self, places: Sequence[int]) -> Rows:
        return Rows(self._content, self._starts, self._places[np.asarray(places, np.intp)])


@dataclass(frozen=True)
class Table:
    """Everything in the order of names. `vectors`: NaN where there is none, (n, 0) where there are none at all."""

    keys: list[Key]
    rows: Rows
    vectors: Block


class _Use(NamedTuple):
    """Of a chunk: how many of its first rows are left out, because another one had them."""

    name: str
    skipped: int


@dataclass
class _State:
    """How far it is: chunks, rows and bytes that count.

    `width`: of vectors, 0 as long as nobody knows. `known`: of how many rows vectors are written.
    """

    uses: int = 0
    rows: int = 0
    rows_bytes: int = 0
    keys_bytes: int = 0
    width: int = 0
    known: int = 0
    is_whole: bool = False


def assemble(context: Context, has_time: Callable[[], bool]) -> bool:
    """Goes on as long as there is time; at least for some chunks. Whether all is there. Raises JobError."""
    folder = context.disk / _FOLDER
    with locked(folder):
        state, uses = _state_of(folder), _uses_of(folder, Scratch(context))
        is_first = True
        while state.uses < len(uses) and (is_first or has_time()):
            is_first = False
            _take(Scratch(context), folder, state, uses[state.uses : state.uses + _AT_ONCE])
            write_state(folder / _STATE, asdict(state))
        if state.uses == len(uses) and not state.is_whole:
            _end(folder, state)
        return state.is_whole


def table_of(context: Context) -> Table:
    """What `assemble` has put together."""
    folder = context.disk / _FOLDER
    state = _state_of(folder)
    if not state.is_whole:
        raise RuntimeError("The table is not put together yet.")
    order: Indices = np.load(folder / _ORDER)
    starts = np.zeros(state.rows + 1, np.int64)
    np.cumsum(np.fromfile(folder / _LENGTHS, np.int64), out=starts[1:])
    keys = list(_keys_of(folder))
    return Table(
        [keys[at] for at in order.tolist()],
        Rows(_mapped(folder / _ROWS), starts, order),
        Block(segments.opened(folder, state.width, state.rows), order),
    )


def _mapped(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""


def _keys_of(folder: Path) -> Iterator[Key]:
    with (folder / _KEYS).open() as file:
        yield from (Key(*json.loads(line)) for line in file)


def _state_of(folder: Path) -> _State:
    with contextlib.suppress(FileNotFoundError):
        return _State(**json.loads((folder / _STATE).read_text()))
    return _State()


def _uses_of(folder: Path, scratch: Scratch) -> list[_Use]:
    """Listed once, so that a chunk that comes late changes nothing."""
    path = folder / _USES
    if not path.is_file():
        write_state(path, {"uses": list(_uses(scratch.names_below("read/")))})
    return [_Use(*use) for use in json.loads(path.read_text())["uses"]]


def _take(scratch: Scratch, folder: Path, state: _State, uses: Sequence[_Use]) -> None:
    """Some chunks, behind what is there already."""
    chunks = [
        (chunk.rows[use.skipped :], chunk.vectors[use.skipped :])
        for use, chunk in zip(uses, map(Chunk.from_bytes, scratch.read_many([use.name for use in uses])), strict=True)
    ]
    state.width = _width(state, [vectors for _, vectors in chunks])
    rows = list(itertools.chain.from_iterable(rows for rows, _ in chunks))
    told = [json.dumps(row).encode() for row in rows]
    keys = b"".join(json.dumps([row["name"], None if "bad" in row else row["hash"]]).encode() + b"\n" for row in rows)
    _append(folder / _ROWS, state.rows_bytes, told)
    _append(folder / _LENGTHS, state.rows * 8, [np.array([len(each) for each in told], np.int64).tobytes()])
    _append(folder / _KEYS, state.keys_bytes, [keys])
    if state.width:
        _append_vectors(folder, state, [vectors for _, vectors in chunks])
    state.uses += len(uses)
    state.rows += len(rows)
    state.rows_bytes += sum(map(len, told))
    state.keys_bytes += len(keys)


def _width(state: _State, blocks: Sequence[NDArray[Any]]) -> int:
    """Where no file of a chunk could be read, nobody knew how long the vectors are."""
    widths = {block.shape[1] for block in blocks if block.shape[1]} | ({state.width} if state.width else set())
    if len(widths) > 1:
        raise JobError(
            gettext("Workers made embeddings of different lengths. Give all of them the same network."), is_final=True
        )
    return max(widths, default=0)


def _unknown(rows: int, width: int) -> NDArray[np.float32]:
    return np.full((rows, width), np.nan, np.float32)


def _append(path: Path, at: int, pieces: Sequence[bytes]) -> None:
    """Behind what counts: a slice that was killed may have left more."""
    with path.open("ab") as file:
        file.truncate(at)
        file.seek(at)
        file.writelines(pieces)


def _append_vectors(folder: Path, state: _State, blocks: Sequence[NDArray[np.float32]]) -> None:
    """Before them, rows of NaN for those that came before anybody knew how long vectors are."""
    for start in range(state.known, state.rows, _UNKNOWN_AT_ONCE):
        missing = min(_UNKNOWN_AT_ONCE, state.rows - start)
        segments.append(folder, state.width, start, _unknown(missing, state.width))
    at = state.rows
    for block in blocks:
        rows = block if block.shape[1] else _unknown(len(block), state.width)
        segments.append(folder, state.width, at, rows)
        at += len(rows)
    state.known = at


def _end(folder: Path, state: _State) -> None:
    names = [key.name for key in _keys_of(folder)] if state.rows else []
    order = sorted(range(len(names)), key=names.__getitem__)
    np.save(folder / _ORDER, np.array(order, np.intp))
    for name in (_ROWS, _LENGTHS, _KEYS):
        (folder / name).touch()
    state.is_whole = True
    write_state(folder / _STATE, asdict(state))


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
