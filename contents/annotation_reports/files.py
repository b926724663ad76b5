"""The files of an index as the checks of annotations want them, and their contents from the storage.

Memory does not grow with the index: names are read in order, PAGE at a time, and those that are asked for are looked
up LOOKED_UP at a time. What is kept beside are the sizes of the names of one page, and those of the images of one part.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from clouds import Store, StoreError
from contents.annotation_reports.opening import Place
from contents.annotations.sizes import Size, size_of_file
from contents.annotations.sources import SourceError
from contents.index.totals import OTHERS, Totals
from contents.listing.folder import LIGHTLY_FOLDER
from contents.listing.shards import successor
from contents.media.ranged_file import BudgetError, RangedFile
from contents.models import FileFacts, Index, IndexedFile, InsideProblem, ReadState

PAGE = 5_000
# As many parameters as every SQLite takes.
LOOKED_UP = 500
# Of the files that are read side by side.
MOST_BYTES_AT_ONCE = 32_000_000
MOST_FILES_AT_ONCE = 64
# The size of an image stands at its beginning, mostly behind some kilobytes of EXIF.
_HEAD_BYTES = 1024**2
_HEAD_SECONDS = 10.0
# Each frame of a video has a file: of longer ones only the first is looked for.
MOST_FRAMES = 20_000
_FRAME_COUNT = 1 << (InsideProblem.FRAME_COUNT - 200)
_BEHIND_LIGHTLY = successor(LIGHTLY_FOLDER)


@dataclass
class IndexFiles:
    """A Source (contents.annotations.sources). Names come after `after`, up to and with `until` (empty: to the end).

    `refused`: files that are not opened any more, and why. Without `place`, only names are known.
    """

    index_id: int
    place: Place | None = None
    after: str = ""
    until: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)

    def part(self, after: str, until: str) -> Self:
        return replace(self, after=after, until=until, _sizes={})

    def names(self, prefix: str = "") -> Iterator[str]:
        """In order. Without a prefix, Lightly's own folder is left out."""
        stretches = [(prefix, successor(prefix))] if prefix else [("", LIGHTLY_FOLDER), (_BEHIND_LIGHTLY, "")]
        for low, high in stretches:
            after = self.after
            while rows := self._page(low, high, after):
                self._sizes = dict(rows)
                for name, _size in rows:
                    yield name
                after = rows[-1][0]

    def _page(self, low: str, high: str, after: str) -> list[tuple[str, int]]:
        rows = IndexedFile.objects.filter(index=self.index_id)
        # With one lower bound: of two, SQLite takes the first for its search, and reads all names from there on.
        rows = rows.filter(key__gte=low) if after.encode() < low.encode() else rows.filter(key__gt=after)
        if high:
            rows = rows.filter(key__lt=high)
        if self.until:
            rows = rows.filter(key__lte=self.until)
        return list(rows.order_by("key").values_list("key", "size")[:PAGE])

    def folders(self, prefix: str = "") -> list[str]:
        """Each is skipped in one step, whatever it holds."""
        found: list[str] = []
        after = prefix
        while True:
            rows = IndexedFile.objects.filter(index=self.index_id, key__gt=after)
            if prefix:
                rows = rows.filter(key__lt=successor(prefix))
            names = list(rows.order_by("key").values_list("key", flat=True)[:LOOKED_UP])
            folder = next((name for name in names if "/" in name[len(prefix) :]), None)
            if folder is not None:
                inner = folder[len(prefix) :].split("/")[0]
                if inner:
                    found.append(inner)
                after = successor(f"{prefix}{inner}/")
            elif len(names) < LOOKED_UP:
                return found
            else:
                after = names[-1]

    def read(self, name: str, limit: int) -> bytes:
        ((_, content),) = self.contents([name], limit)
        if isinstance(content, SourceError):
            raise content
        return content

    def contents(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | SourceError]]:
        """Raises JobError where the storage is at fault, and not the file."""
        assert self.place  # noqa: S101 - whoever reads has one
        place = self.place

        def read(store: Store, name: str) -> bytes | SourceError:
            return place.content(store, name, limit)

        for group in self._groups(list(names)):
            if len(group) == 1 and group[0] in self.refused:
                yield group[0], SourceError(self.refused[group[0]])
            else:
                yield from zip(group, place.side_by_side(read, group), strict=True)

    def _groups(self, names: list[str]) -> Iterator[list[str]]:
        """Files that may be in memory at the same time. One that is refused, or that nobody knows, is alone."""
        sizes = {name: self._sizes[name] for name in names if name in self._sizes}
        sizes |= self._known([name for name in names if name not in sizes])
        group: list[str] = []
        size = 0
        for name in names:
            its = MOST_BYTES_AT_ONCE if name in self.refused else sizes.get(name, MOST_BYTES_AT_ONCE)
            if group and (len(group) >= MOST_FILES_AT_ONCE or size + its > MOST_BYTES_AT_ONCE):
                yield group
                group, size = [], 0
            group.append(name)
            size += its
        if group:
            yield group

    def having(self, names: Iterable[str]) -> set[str]:
        return set(self._known(list(names)))

    def _known(self, names: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(names), LOOKED_UP):
            # No name that is stored has NUL or half a character in it.
            asked = [name for name in names[start : start + LOOKED_UP] if _is_storable(name)]
            rows = IndexedFile.objects.filter(index=self.index_id, key__in=asked)
            found.update(rows.values_list("key", "size"))
        return found


def _is_storable(name: str) -> bool:
    return "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)


@dataclass
class IndexSamples(IndexFiles):
    """Samples (contents.annotations.sources): the images or videos of an Input datasource.

    What is inside of files is known from `reading_id`, as far as they were read; the sizes of other images after
    `look_at`. `why`: the first reason for which one could not be read. `present`: the extensions that any of the
    files have; None: nobody knows them all.
    """

    reading_id: int | None = None
    present: frozenset[str] | None = None
    looked_at: int = 0
    why: str = ""
    _heads: dict[str, Size | None] = field(default_factory=dict)
    _frames: dict[str, int | None] = field(default_factory=dict)

    def named(self, stems: Sequence[str], extensions: frozenset[str]) -> dict[str, list[str]]:
        if self.present is not None:
            extensions &= self.present
        spelled = sorted({*extensions, *(extension.upper() for extension in extensions)})
        asked = [f"{stem}.{extension}" for stem in stems for extension in spelled]
        there = self.having(asked)
        found: dict[str, list[str]] = {}
        for stem in stems:
            names = [name for extension in spelled if (name := f"{stem}.{extension}") in there]
            if names:
                found[stem] = names
        return found

    def look_at(self, names: Collection[str]) -> None:
        """Find out the sizes of these images, from what is known, or from their beginnings. Forgets those before."""
        sizes = self._known(list(names))
        self._heads = dict(self._facts(sizes))
        self.looked_at += len(self._heads)
        wanted = [name for name in names if sizes.get(name) and name not in self._heads]
        if self.place is None or not wanted or self.why:
            return
        for name, found in zip(wanted, self.place.side_by_side(partial(_head, self.place, sizes), wanted), strict=True):
            if isinstance(found, str):
                self.why = found
            else:
                self._heads[name] = found
                self.looked_at += found is not None

    def _facts(self, sizes: dict[str, int]) -> Iterator[tuple[str, Size]]:
        """Of images that were read and have not changed since."""
        names = list(sizes)
        for start in range(0, len(names), LOOKED_UP):
            rows = FileFacts.objects.filter(reading=self.reading_id, key__in=names[start : start + LOOKED_UP])
            for name, size, width, height in rows.values_list("key", "size", "width", "height"):
                if size == sizes[name] and width and height:
                    yield name, Size(width, height)

    def size(self, name: str) -> Size | None:
        return self._heads.get(name)

    def frames(self, name: str) -> int | None:
        """Of videos that were read, and whose frames are as many as their header says."""
        if self.reading_id is None:
            return None
        if name not in self._frames:
            if len(self._frames) >= PAGE:
                self._frames.clear()
            self._frames[name] = self._counted(name)
        return self._frames[name]

    def _counted(self, name: str) -> int | None:
        read = FileFacts.objects.filter(reading=self.reading_id, key=name, state=ReadState.READ)
        found = read.values_list("frames", "problems").first()
        if found is None or found[1] & _FRAME_COUNT or not 0 < found[0] <= MOST_FRAMES:
            return None
        return found[0]


def _head(place: Place, sizes: dict[str, int], store: Store, name: str) -> Size | str | None:
    """The size, or why it can't be read."""
    key = place.config.prefix + name
    file = RangedFile(
        lambda start, length: store.read_range(key, start, length).data,
        sizes[name],
        most_bytes=_HEAD_BYTES,
        seconds=_HEAD_SECONDS,
    )
    try:
        return size_of_file(io.BufferedReader(file))
    except StoreError as error:
        return str(error.failure.cause)
    except BudgetError:
        return None


def extensions_in(index: Index) -> frozenset[str] | None:
    """The extensions of an index's files, in lower case; None where its totals do not keep all of them apart."""
    kept = Totals.of(index.totals).extensions if index.totals else {OTHERS: [0, 0]}
    return None if OTHERS in kept else frozenset(kept)
