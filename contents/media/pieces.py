"""Reads one object of a storage in large pieces: what a RangedFile asks for block by block."""

from __future__ import annotations

from clouds import Failure, Store, StoreError
from clouds.failures import Cause


class Pieces:
    """Of `size` bytes; the last piece is kept.

    All of them are of the version that was listed; an empty one means whatever is there.
    """

    def __init__(self, store: Store, key: str, *, size: int, version: str, piece_bytes: int) -> None:
        self._store = store
        self._key = key
        self._listed_version = version
        self._size = size
        self._piece_bytes = piece_bytes
        self._version = ""
        self._start = 0
        self._data = b""

    def read(self, start: int, length: int) -> bytes:
        """Raises StoreError: CHANGED where the file is another one by now."""
        if not self._start <= start <= start + length <= self._start + len(self._data):
            wanted = min(max(length, self._piece_bytes), self._size - start)
            piece = self._store.read_range(self._key, start, wanted, version=self._version)
            if self._listed_version and piece.version and bare(piece.version) != bare(self._listed_version):
                raise StoreError(Failure(Cause.CHANGED))
            self._start, self._data, self._version = start, piece.data, piece.version
        return self._data[start - self._start : start - self._start + length]


def bare(version: str) -> str:
    """An ETag without its quotes, as far as the column of the index keeps it."""
    return version.strip('"')[:128]
