"""Where files of annotations and samples come from: a folder on this machine, or later a datasource."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from contents.annotations.sizes import Size, size_of_file
from contents.listing.relevant_filenames import is_clean


class SourceError(Exception):
    """A file can't be read. The words say why."""


class Source(Protocol):
    """Files with names as in a bucket: relative, with slashes."""

    def names(self, prefix: str = "") -> Iterator[str]:
        """All files whose names begin with `prefix`, which is empty or ends with a slash. In any order."""

    def folders(self, prefix: str = "") -> list[str]:
        """The names of the folders directly below `prefix`, without slashes, in order."""

    def read(self, name: str, limit: int) -> bytes:
        """The first `limit` bytes. Raises SourceError."""

    def contents(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | SourceError]]:
        """`read` of many files, in their order. A source that is far away reads several at once."""

    def having(self, names: Iterable[str]) -> set[str]:
        """Those of the names that are files."""


class Samples(Source, Protocol):
    """The images or videos of an Input datasource."""

    def named(self, stems: Sequence[str], extensions: frozenset[str]) -> dict[str, list[str]]:
        """The files that have one of these names and an extension, by the name without it. In order.

        Extensions are in lower case; files may have them in upper case as well.
        """

    def size(self, name: str) -> Size | None:
        """Of an image as it is stored, whatever its orientation. None: not known."""

    def frames(self, name: str) -> int | None:
        """How many frames a video has. None: not known."""


class LocalDirectory:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, prefix: str = "") -> Iterator[str]:
        folders = [prefix]
        while folders:
            folder = folders.pop()
            try:
                entries = os.scandir(self.root / folder)
            except FileNotFoundError:
                continue
            with entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{folder}{entry.name}/")
                    else:
                        yield folder + entry.name

    def folders(self, prefix: str = "") -> list[str]:
        try:
            with os.scandir(self.root / prefix) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except (OSError, ValueError):
            return []

    def read(self, name: str, limit: int) -> bytes:
        try:
            with (self.root / name).open("rb") as file:
                return file.read(limit)
        except (OSError, ValueError) as error:
            raise SourceError(getattr(error, "strerror", None) or str(error)) from None

    def contents(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | SourceError]]:
        for name in names:
            try:
                yield name, self.read(name, limit)
            except SourceError as error:
                yield name, error

    def having(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if self._is_file(name)}

    def named(self, stems: Sequence[str], extensions: frozenset[str]) -> dict[str, list[str]]:
        spelled = sorted({*extensions, *(extension.upper() for extension in extensions)})
        found: dict[str, list[str]] = {}
        for stem in stems:
            names = [name for extension in spelled if self._is_file(name := f"{stem}.{extension}")]
            if names:
                found[stem] = names
        return found

    def size(self, name: str) -> Size | None:
        try:
            with (self.root / name).open("rb") as file:
                return size_of_file(file)
        except OSError:
            return None

    def frames(self, name: str) -> int | None:
        """Nobody knows without a decoder of videos."""
        return None

    def _is_file(self, name: str) -> bool:
        # Millions of names are asked for: paths are plain texts here.
        if not is_clean(name):
            return False
        try:
            return stat.S_ISREG(os.stat(f"{self.root}/{name}").st_mode)  # noqa: PTH116
        except (OSError, ValueError):  # ValueError: names that no file system takes
            return False
