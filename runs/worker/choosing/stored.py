"""A csv file of embeddings in a bucket, brought to the disk of this machine in as many slices as that takes.

Each machine that works on a job has its own copy, and goes on with it where it stopped.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from clouds import CloudConfig, Endpoints, StoreError
from clouds.failures import Cause
from clouds.permissions import Permission
from contents.thumbnails.metadata import head_of
from runs.worker.context import opened
from runs.worker.disk import locked, write_state
from runs.worker.embedding import segments
from runs.worker.embedding.csvs import CsvError, Parser
from runs.worker.embedding.matrix import Block, Indices, Matrix

PIECE_BYTES = 8 * 1000**2
_STATE, _NAMES = "state.json", "names.jsonl"


@dataclass
class _State:
    """How far it is. `offset`: of the file, at the beginning of a line. `size` is -1 as long as nothing is known."""

    size: int = -1
    version: str = ""
    offset: int = 0
    rows: int = 0
    width: int = 0
    names_bytes: int = 0
    lines: int = 0
    header: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return 0 <= self.size <= self.offset


@dataclass(frozen=True)
class StoredCsv:
    """`folder` is its own on this machine; the file is `key` in the place of `config`."""

    folder: Path
    config: CloudConfig
    endpoints: Endpoints
    key: str

    @classmethod
    def below(cls, folder: Path, config: CloudConfig, endpoints: Endpoints, key: str) -> StoredCsv:
        """One of several of a job."""
        mark = hashlib.blake2b(repr((config.provider_type, config.path, key)).encode(), digest_size=8).hexdigest()
        return cls(folder / f"csv-{mark}", config, endpoints, key)

    def exists(self) -> bool:
        """Whether the file is there. Raises JobError."""
        if self._state().size >= 0:
            return True
        with opened(self.config, self.endpoints, Permission.READ, self.key) as store:
            return head_of(store, self.config.prefix + self.key) is not None

    def fetch(self, has_time: Callable[[], bool]) -> bool:
        """Read on as long as there is time; at least a piece. Whether all is there. Raises CsvError and JobError."""
        with locked(self.folder):
            state = self._state()
            if state.size < 0:
                with opened(self.config, self.endpoints, Permission.READ, self.key) as store:
                    head = store.head(self.config.prefix + self.key)
                state = _State(head.size, head.version)
            is_first = True
            while not state.is_whole and (is_first or has_time()):
                is_first = False
                self._read_on(state)
            if not state.header:
                raise CsvError("The file is empty.")
            return state.is_whole

    def _read_on(self, state: _State) -> None:
        with opened(self.config, self.endpoints, Permission.READ, self.key) as store:
            try:
                where = self.config.prefix + self.key
                content = store.read_range(where, state.offset, PIECE_BYTES, version=state.version).data
            except StoreError as error:
                if error.failure.cause is Cause.CHANGED:
                    raise CsvError("The file was replaced meanwhile. Try again.") from None
                raise
        is_end = state.offset + len(content) >= state.size
        taken = len(content) if is_end else content.rfind(b"\n") + 1
        if not taken:
            raise CsvError(f"Line {state.lines + 1}: it is longer than {PIECE_BYTES:,} bytes.")
        parser = Parser(state.header, state.lines)
        names, vectors = parser.take(content[:taken])
        told = "".join(f"{json.dumps(name)}\n" for name in names).encode()
        self._append(_NAMES, state.names_bytes, told)
        segments.append(self.folder, parser.width, state.rows, vectors)
        state.offset += taken
        state.rows += len(names)
        state.names_bytes += len(told)
        state.header, state.lines, state.width = parser.header, parser.line, parser.width
        write_state(self.folder / _STATE, asdict(state))

    def _append(self, name: str, at: int, content: bytes) -> None:
        """Behind what counts: a slice that was killed may have left more."""
        with (self.folder / name).open("ab") as file:
            file.truncate(at)
            file.seek(at)
            file.write(content)

    def _state(self) -> _State:
        with contextlib.suppress(FileNotFoundError):
            return _State(**json.loads((self.folder / _STATE).read_text()))
        return _State()

    def names(self) -> list[str]:
        """Of a file that is whole. Raises CsvError if one comes twice."""
        found = list(self._names())
        if len(set(found)) < len(found):
            raise CsvError("A file name comes twice.")
        return found

    def _names(self) -> Iterator[str]:
        with (self.folder / _NAMES).open() as file:
            yield from map(json.loads, file)

    def vectors(self) -> Matrix:
        """(n, d) in the order of the file; they stay on the disk."""
        state = self._state()
        return segments.opened(self.folder, state.width, state.rows)

    def of(self, wanted: list[str]) -> Block:
        """Of these samples; those that the file does not know have no numbers. Raises CsvError."""
        place = {name: at for at, name in enumerate(self.names())}
        places: Indices = np.array([place.get(name, -1) for name in wanted], np.intp)
        return Block(self.vectors(), places)
