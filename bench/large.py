"""The memory that a run of many samples takes where its table, its csv file and its picture are made."""

import json
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from bench.measuring import FULL, Effort, Measured
from runs.selection.samples import Samples
from runs.worker.choosing import table
from runs.worker.choosing.held import Held
from runs.worker.choosing.inputs import Inputs, usable_of
from runs.worker.embedding.matrix import Block, Matrix
from runs.worker.outputs.embeddings import Vectors, write_some
from runs.worker.scratch import Chunk

_FULL, _USUAL, _QUICK = (60_000, 1280), (15_000, 1280), (6_000, 1280)
_CHUNK = 64


class _Disk:
    """In place of the Lightly datasource: files below a folder, as Scratch and as a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = 0

    def names_below(self, folder: str) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in (self.folder / folder).iterdir())

    def read_many(self, names: Sequence[str]) -> list[bytes]:
        return [(self.folder / name).read_bytes() for name in names]

    def write(self, name: str, content: bytes, *_: Any) -> None:
        (self.folder / name.replace("/", "_")).write_bytes(content)

    def begin_parts(self, key: str, **_: Any) -> str:
        return key

    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        self.written += len(data)
        return str(number)

    def end_parts(self, *_: Any, **__: Any) -> None:
        assert self.written


def memory(effort: Effort) -> Measured:
    """The peak: a small part of the vectors, which stay on the disk."""
    count, dimensions = _QUICK if effort.is_quick else _FULL if effort == FULL else _USUAL
    with tempfile.TemporaryDirectory() as name:
        disk = _Disk(Path(name))
        _read(disk, count, dimensions)
        tracemalloc.start()
        try:
            _finish(disk, count)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    megabyte = 1024.0**2
    what, vectors = f"memory of table, csv, picture of {count:,} x {dimensions}", count * dimensions * 4
    return Measured(what, peak / megabyte, vectors / megabyte, "the embeddings", unit="MB")


def _read(disk: _Disk, count: int, dimensions: int) -> None:
    """What the stage that reads images would have left."""
    (disk.folder / "read").mkdir()
    chance = np.random.default_rng(1)
    for number, start in enumerate(range(0, count, _CHUNK)):
        size = min(_CHUNK, count - start)
        rows = [_row(at) for at in range(start, start + size)]
        vectors = chance.standard_normal((size, dimensions), dtype=np.float32)
        path = disk.folder / f"read/{number:07}-000-{size:03}.npz"
        path.write_bytes(Chunk(rows, vectors).to_bytes())


def _row(number: int) -> dict[str, Any]:
    numbers = {name: [0.123456789, 0.2345678, 0.345678] for name in ("mean", "std", "sumOfValues", "sumOfSquares")}
    meta = {"sharpness": 12.5, "luminance": 40.25, "snr": 1.5, "sizeInBytes": 1000, "shape": [480, 640, 3], **numbers}
    name = f"images/{number:08}.jpg"
    return {"name": name, "size": 1, "modified": 1, "version": "", "hash": f"{number:032}", "meta": meta}


def _finish(disk: _Disk, count: int) -> None:
    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[_Disk]:
        yield disk

    context: Any = SimpleNamespace(
        disk=disk.folder / "disk",
        run=SimpleNamespace(pk="r", stamp="s"),
        target=SimpleNamespace(prefix=""),
        settings=SimpleNamespace(normalize_embeddings=True, embeddings_file="own.csv"),
        opened_target=opened,
        write_target=disk.write,
    )
    with mock.patch.object(table, "Scratch", return_value=disk):
        assert table.assemble(context, lambda: True)
    found = table.table_of(context)
    usable = usable_of(found)
    rows = found.rows.at(usable.places)
    assert json.dumps(rows[count - 1])
    vectors = Matrix.of(found.vectors)
    samples = Samples([key.name for key in found.keys], embeddings=vectors)
    inputs = Inputs(usable, rows, Held([], [], [], Block(np.zeros((0, 0), np.float32))), samples, vectors)
    all_of_them = Vectors.of(context, inputs, range(count))
    assert not all_of_them.problem()
    changed = write_some(context, {"csv": {}}, all_of_them, lambda: True)
    assert changed["vectors"] == count
