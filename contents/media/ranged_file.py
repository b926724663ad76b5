"""A file object over ranged reads, for decoders that jump to and fro in a file somewhere in a cloud.

It reads ahead in blocks, keeps a few of them, and ends by a budget of bytes and time: a hostile file can make a decoder
ask for ever, but not make us answer.
"""

import io
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import IO

BLOCK_BYTES = 256 * 1024
KEPT_BLOCKS = 16

File = IO[bytes] | io.RawIOBase
"""What decoders read: `read`, `seek` and `tell`."""
ReadRange = Callable[[int, int], bytes]
"""`start` and `length` in bytes: what is there, less at the end, nothing behind it."""


class BudgetError(OSError):
    """More bytes or seconds were asked for than this file may cost."""


class RangedFile(io.RawIOBase):
    """`size` is the whole file's, in bytes; `most_bytes` are read of it, and nothing after `seconds` from now on.

    An error of `read_range` passes through, and stays in `failure`: decoders make something else of it.
    """

    def __init__(self, read_range: ReadRange, size: int, *, most_bytes: int, seconds: float) -> None:
        super().__init__()
        self.size = size
        self.bytes_read = 0
        self.requests = 0
        self.failure: Exception | None = None
        self._read_range = read_range
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._ends_at = time.monotonic() + seconds
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]  # io's own type is wider
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)

    def read(self, length: int | None = -1) -> bytes:
        if length is None or length < 0:
            length = max(0, self.size - self._at)
        pieces = []
        while length > 0 and self._at < self.size:
            offset = self._at % BLOCK_BYTES
            piece = self._block(self._at // BLOCK_BYTES)[offset : offset + length]
            if not piece:
                break  # it is shorter than it was when it was listed
            pieces.append(piece)
            self._at += len(piece)
            length -= len(piece)
        return b"".join(pieces)

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        start = number * BLOCK_BYTES
        length = min(BLOCK_BYTES, self.size - start)
        try:
            self._demand_budget(length)
            data = self._read_range(start, length)[:length]
        except Exception as error:
            self.failure = error
            raise
        self.requests += 1
        self.bytes_read += len(data)
        self._blocks[number] = data
        if len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return data

    def _demand_budget(self, length: int) -> None:
        if time.monotonic() > self._ends_at:
            raise BudgetError(f"reading takes more than {self._seconds:g} s")
        if self.bytes_read + length > self._most_bytes:
            raise BudgetError(f"more than {self._most_bytes:,} bytes would be read")


def failure_of(file: object) -> Exception | None:
    """Why the file itself could not be read, if it is one of these and that is so."""
    return file.failure if isinstance(file, RangedFile) else None
