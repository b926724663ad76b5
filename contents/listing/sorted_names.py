"""Many names in order, as bytes: on disk, mapped into memory, of which a look-up touches a few pages.

A million names as Python strings take 200 MB and a second to sort, in which nothing else happens in the process.
"""

import itertools
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import overload

Buffer = bytes | memoryview


class SortedNames(Sequence[bytes]):
    """UTF-8, whose order is that of the characters. `ends` holds, as 4-byte numbers, where in `text` each name ends."""

    def __init__(self, ends: Buffer, text: Buffer) -> None:
        self._ends = memoryview(ends).cast("B").cast("I")
        self._text = memoryview(text)

    @classmethod
    def of(cls, names: Iterable[str]) -> "SortedNames":
        return cls(*packed(names))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            return [self[each] for each in range(len(self))[index]]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return bytes(self._text[self._ends[index - 1] if index else 0 : self._ends[index]])

    def has(self, name: str) -> bool:
        key = _bytes(name)
        index = bisect_left(self, key)
        return index < len(self) and self[index] == key

    def begin(self, name: str) -> bool:
        """Whether one of these is the beginning of `name`. Only where none is the beginning of another."""
        key = _bytes(name)
        index = bisect_right(self, key)
        return index > 0 and key.startswith(self[index - 1])

    def after(self, name: str) -> str | None:
        """The first one behind `name`; None if there is none."""
        index = bisect_right(self, _bytes(name))
        return self[index].decode() if index < len(self) else None


def packed(names: Iterable[str]) -> tuple[bytes, bytes]:
    """`ends` and `text` of these names, each taken once."""
    found = sorted(set(names))
    texts = [name.encode() for name in found]
    return array("I", itertools.accumulate(map(len, texts))).tobytes(), b"".join(texts)


def beginnings(names: Iterable[str]) -> list[str]:
    """Those of which no other one is the beginning, in order."""
    found: list[str] = []
    for name in sorted(set(names)):  # a beginning comes before all that starts with it
        if not (found and name.startswith(found[-1])):
            found.append(name)
    return found


def _bytes(name: str) -> bytes:
    # No name in a file of UTF-8 holds half a character, so such a one is simply not among them.
    return name.encode(errors="surrogatepass")
