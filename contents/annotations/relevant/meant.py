"""Which file a line was probably meant to match that matches none."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from contents.annotations.names import MOST_COMPARED, nearest, plain

# For so many lines it is looked for.
MOST_HELPED = 1000
# For so many of them names are compared letter by letter, which takes up to 0.2 s each.
MOST_COMPARED_LINES = 50
_ADDRESS = re.compile(r"[a-z][a-z0-9+]*://[^/]*/", re.IGNORECASE)


class Unmatched(Protocol):
    @property
    def number(self) -> int: ...

    @property
    def text(self) -> str: ...


@dataclass(slots=True)
class _Search:
    number: int
    wanted: str  # as `plain` writes it; of rules the part before the *
    rest: str  # from the * on
    same: dict[str, None] = field(default_factory=dict)  # names that differ only in how they are written
    ends: dict[str, None] = field(default_factory=dict)  # names with which the line ends, such as that of an address


class Meant:
    def __init__(self, lines: Iterable[Unmatched]) -> None:
        self._searches: dict[int, _Search] = {}
        self._names: dict[str, list[_Search]] = {}
        self._beginnings: dict[str, list[_Search]] = {}
        self._files: dict[str, list[_Search]] = {}
        self._in_folder: dict[str, list[str]] = {}
        for line in lines:
            if len(self._searches) >= MOST_HELPED:
                break
            name, star, rest = line.text.strip().partition("*")
            search = _Search(line.number, plain(_ADDRESS.sub("", name, count=1)), star + rest)
            self._searches[line.number] = search
            if star:
                self._beginnings.setdefault(search.wanted, []).append(search)
            else:
                self._names.setdefault(search.wanted, []).append(search)
                folder, _slash, file = search.wanted.rpartition("/")
                self._files.setdefault(file, []).append(search)
                if len(self._in_folder) < MOST_COMPARED_LINES:
                    self._in_folder.setdefault(folder, [])
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def __bool__(self) -> bool:
        return bool(self._searches)

    def look(self, names: Iterable[str]) -> None:
        """At all names of the datasource, in any order."""
        for name in names:
            written = plain(name)
            folder, _slash, file = written.rpartition("/")
            for search in self._names.get(written, ()):
                _keep(search.same, name)
            for search in self._files.get(file, ()):
                if search.wanted.endswith(f"/{written}"):
                    _keep(search.ends, name)
            for length in self._lengths:
                # Where writing a name plainly changes its length, its beginning can't be told, and no help is given.
                if length and len(written) == len(name):
                    for search in self._beginnings.get(written[:length], ()):
                        _keep(search.same, name[:length])
            if folder in self._in_folder and len(self._in_folder[folder]) < MOST_COMPARED:
                self._in_folder[folder].append(name)

    def certain(self, number: int) -> str:
        """The line as it should be, if just one file or one beginning of names can be meant; else empty."""
        search = self._searches.get(number)
        if search is None:
            return ""
        for found in (search.same, search.ends):
            if len(found) == 1:
                return next(iter(found)) + search.rest
        return ""

    def of(self, number: int) -> str:
        """What is most like the line; empty if nothing is."""
        search = self._searches.get(number)
        if search is None:
            return ""
        found = search.same or search.ends
        if found:
            return min(found) + search.rest
        in_folder = self._in_folder.get(search.wanted.rpartition("/")[0], [])
        return nearest(search.wanted, sorted(in_folder)) if not search.rest else ""


def _keep(found: dict[str, None], name: str) -> None:
    # Two are enough to know that it is not certain.
    if len(found) < 2:
        found[name] = None
