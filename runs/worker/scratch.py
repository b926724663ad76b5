"""What a run keeps in the Lightly datasource while it works: `.lightly/runs/<run id>/`.

Two workers may do one slice, the first of them late. So a file has either the name of its very content's place, such
as "the samples 64 to 127 of part 3", and then both write the same; or a token in its name that only the cursor of the
slice that counts has.
"""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from clouds import Store, StoreError
from clouds.failures import Cause
from clouds.permissions import Permission
from core.threads import ContextPool
from jobs.runners import Cursor, JobError
from runs.places import folder_of_run
from runs.worker.context import Context

Json = dict[str, Any]
# So many names stand in one part.
NAMES_OF_A_PART = 64
# Of one file of the run. What is written here is much smaller.
MOST_BYTES = 1000**3
THREADS = 6
_FORBIDDEN = frozenset({Cause.DENIED, Cause.EXPLICIT_DENY, Cause.HIDDEN})
_JSON, _BYTES = "application/json", "application/octet-stream"


class Listed(NamedTuple):
    """A file of the Input datasource as it was listed. `modified`: Unix seconds."""

    name: str
    size: int
    modified: int
    version: str
    archived: bool = False


@dataclass
class Chunk:
    """What was read of some samples: `rows` as reading.py makes them, `vectors` (n, d) with NaN where there is none."""

    rows: list[Json]
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def to_bytes(self) -> bytes:
        target = io.BytesIO()
        rows = np.frombuffer(json.dumps(self.rows).encode(), np.uint8)
        np.savez(target, allow_pickle=False, rows=rows, vectors=self.vectors)
        return target.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Chunk:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return cls(json.loads(file["rows"].tobytes()), file["vectors"])


def token() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Scratch:
    context: Context

    @property
    def folder(self) -> str:
        return folder_of_run(self.context.run.pk)

    def write(self, name: str, content: bytes, content_type: str = _BYTES) -> None:
        self.context.write_target(self.folder + name, content, content_type)

    def write_json(self, name: str, value: Any) -> None:
        self.write(name, json.dumps(value).encode(), _JSON)

    def read(self, name: str) -> bytes:
        found = self.context.read_target(self.folder + name, most=MOST_BYTES)
        if found is None:
            raise _missing(self.folder + name)
        return found

    def read_json(self, name: str) -> Any:
        return json.loads(self.read(name))

    def write_many(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Side by side. Raises JobError."""
        self._side_by_side(lambda file: self.write(*file), files)

    def read_many(self, names: Sequence[str]) -> list[bytes]:
        """Side by side, in this order. Raises JobError."""
        return self._side_by_side(self.read, names)

    def names_below(self, folder: str) -> list[str]:
        """All files below a folder of the run, relative to the run's own, in order. Raises JobError."""
        found: list[str] = []
        prefix = self.context.target.prefix + self.folder
        with self.context.opened_target(Permission.LIST, self.folder) as store:
            after = ""
            while True:
                page = store.page(prefix + folder, after=after, limit=1000)
                found += [entry.key.removeprefix(prefix) for entry in page.entries]
                if not page.more:
                    return sorted(found)
                after = page.entries[-1].key

    def remove(self, store: Store, name: str) -> bool:
        """False if that is not allowed. Raises StoreError, but not for what is gone."""
        try:
            store.delete(self.context.target.prefix + self.folder + name)
        except StoreError as error:
            if error.failure.cause in _FORBIDDEN:
                return False
            if error.failure.cause is not Cause.NO_OBJECT:
                raise
        return True

    def names_of_part(self, number: int, slices: Sequence[tuple[str, int]]) -> list[Listed]:
        """Of the part of this number. `slices`: token and number of parts of each slice that listed."""
        for mark, count in slices:
            if number < count:
                return [Listed(*each) for each in self.read_json(name_of_part(mark, number))]
            number -= count
        raise IndexError(number)

    @staticmethod
    def _side_by_side(work: Any, items: Sequence[Any]) -> list[Any]:
        if not items:
            return []
        with ContextPool(min(THREADS, len(items))) as pool:
            return list(pool.map(work, items))


def name_of_part(mark: str, number: int) -> str:
    return f"names/{mark}-{number:06}.json"


def paths_of(cursor: Cursor) -> list[str]:
    paths: list[str] = cursor["paths"]
    return paths


def _missing(name: str) -> JobError:
    words = gettext("Somebody removed %(name)s from the Lightly datasource while the run needed it. Run again.")
    return JobError(words % {"name": name}, is_final=True)
