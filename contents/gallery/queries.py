"""Pages of images and videos, by their names: flat, or folder by folder. Each is read by its key, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import Q, QuerySet

from contents.index.queries import between, files_after, findings_after, findings_of
from contents.index.rows import key_at, key_before
from contents.listing.folder import LIGHTLY_FOLDER
from contents.listing.shards import successor
from contents.models import FileKind, FileLabel, Finding, Index, IndexedFile, InsideFinding

MEDIA = (int(FileKind.IMAGE), int(FileKind.VIDEO))
# So long may a page look for files among others, and at so many names at once.
SEARCH_SECONDS = 0.15
NAMES_AT_ONCE = 20_000
FINDINGS_AT_ONCE = 500
NEARBY = 200
# A page of folders takes a query for each of them at most.
MOST_STEPS = 80
_BEHIND_LIGHTLY = LIGHTLY_FOLDER + "\U0010ffff"


class Range(NamedTuple):
    """Both ends are included; None: it is open there."""

    least: int | None = None
    most: int | None = None

    def has(self, number: int) -> bool:
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    def question(self, column: str) -> Q:
        question = Q() if self.least is None else Q(**{f"{column}__gte": self.least})
        return question if self.most is None else question & Q(**{f"{column}__lte": self.most})


class Chosen(NamedTuple):
    """What to show: kinds of files, a problem's number (0: whatever), how names begin, sizes in bytes, when files were
    written last, in Unix seconds, and a label (0: whatever) that a report of annotations gave them.
    """

    kinds: tuple[int, ...] = MEDIA
    problem: int = 0
    prefix: str = ""
    sizes: Range = Range()
    times: Range = Range()
    label: int = 0
    report: int = 0

    @property
    def is_narrow(self) -> bool:
        """Whether what is asked of each file may be true of few."""
        return bool(self.sizes != Range() or self.times != Range())

    def fits(self, row: IndexedFile) -> bool:
        return row.kind in self.kinds and self.sizes.has(row.size) and self.times.has(row.modified)

    @property
    def question(self) -> Q:
        return Q(kind__in=self.kinds) & self.sizes.question("size") & self.times.question("modified")


class Found(NamedTuple):
    """`folders` are whole names, with a slash at the end. `next`: the name after which to go on; empty at the end.

    `is_stopped`: the time was over, so there may be more before `next` than files here.
    """

    files: list[IndexedFile]
    next: str
    folders: tuple[str, ...] = ()
    is_stopped: bool = False


def flat(index: Index, chosen: Chosen, after: str, *, limit: int) -> Found:
    """Whatever the folders. A page may have fewer files than `limit`, and still a next one."""
    if chosen.problem or chosen.label:
        return _among(index, chosen, after, limit)
    return _by_name(index, chosen, after, limit)


def _by_name(index: Index, chosen: Chosen, after: str, limit: int) -> Found:
    ends_at = time.monotonic() + SEARCH_SECONDS
    # Mostly all files are media, so this is all there is to do.
    rows = files_after(index, after, limit=limit + 1, prefix=chosen.prefix)
    files = [row for row in rows if chosen.fits(row)]
    is_over = len(rows) <= limit
    while len(files) <= limit and not is_over:
        after = rows[-1].key if rows else after
        rows = []
        if LIGHTLY_FOLDER <= after < _BEHIND_LIGHTLY:  # there is no media in it, but maybe a million predictions
            after = _BEHIND_LIGHTLY
        until = key_at(index.pk, after, NAMES_AT_ONCE) or ""
        files += _media(index, chosen, after, until, limit + 1 - len(files))
        is_over = not until or bool(chosen.prefix and until >= successor(chosen.prefix))
        after = until
        if time.monotonic() > ends_at and not is_over:
            break
    if len(files) > limit:
        return Found(files[:limit], files[limit - 1].key)
    return Found(files, "" if is_over else after, is_stopped=not is_over)


def _media(index: Index, chosen: Chosen, after: str, until: str, limit: int) -> list[IndexedFile]:
    files: QuerySet[IndexedFile] = IndexedFile.objects.filter(chosen.question, index=index.pk, key__gt=after)
    if until:
        files = files.filter(key__lte=until)
    if chosen.prefix:
        files = files.filter(key__gte=chosen.prefix, key__lt=successor(chosen.prefix))
    return list(files.order_by("key")[:limit])


def _among(index: Index, chosen: Chosen, after: str, limit: int) -> Found:
    ends_at = time.monotonic() + SEARCH_SECONDS
    files: list[IndexedFile] = []
    while len(files) <= limit:
        keys = _keys_after(index, chosen, after)
        files += list(_fitting(index, chosen, keys).order_by("key"))
        if len(keys) < FINDINGS_AT_ONCE:
            after = ""
            break
        after = keys[-1]
        if time.monotonic() > ends_at:
            break
    if len(files) > limit:
        return Found(files[:limit], files[limit - 1].key)
    return Found(files, after, is_stopped=bool(after))


def _keys_after(index: Index, chosen: Chosen, after: str) -> list[str]:
    """Of files with the label, or else the problem."""
    if chosen.label:
        found = _labelled(chosen).filter(between(after, chosen.prefix)).order_by("key")
        return list(found.values_list("key", flat=True)[:FINDINGS_AT_ONCE])
    findings = findings_after(index, chosen.problem, after, limit=FINDINGS_AT_ONCE, prefix=chosen.prefix)
    return [finding.key for finding in findings]


def _labelled(chosen: Chosen) -> QuerySet[FileLabel]:
    return FileLabel.objects.filter(report=chosen.report, label=chosen.label)


def _fitting(index: Index, chosen: Chosen, keys: Sequence[str]) -> QuerySet[IndexedFile]:
    """Those of the files that fit in all else. Of two lists the keys come from one, and the other is asked here."""
    files: QuerySet[IndexedFile] = IndexedFile.objects.filter(chosen.question, index=index.pk, key__in=keys)
    if chosen.label and chosen.problem:
        files = files.filter(key__in=findings_of(index, chosen.problem).filter(key__in=keys).values("key"))
    return files


def in_folder(index: Index, chosen: Chosen, folder: str, after: str, *, limit: int) -> Found:
    """What lies directly in a folder, whose name ends with a slash (empty: the root): other folders, and files.

    Whatever a folder holds is skipped in one step. `after` may be the name of a folder too.
    """
    files: list[IndexedFile] = []
    folders: list[str] = []
    bound = _bound_behind(after, folder)
    for _ in range(MOST_STEPS):
        rows = list(_level(index, folder, bound)[: limit + 1])
        for row in rows:
            below = _folder_of(row.key, folder)
            if below and below not in folders[-1:] and below != LIGHTLY_FOLDER:
                folders.append(below)
            elif not below and chosen.fits(row):
                files.append(row)
            if len(files) + len(folders) >= limit:
                after = below or row.key
                is_over = not _level(index, folder, _bound_behind(after, folder)).exists()
                return Found(files, "" if is_over else after, tuple(folders))
        if len(rows) <= limit:
            return Found(files, "", tuple(folders))
        after = _folder_of(rows[-1].key, folder) or rows[-1].key
        bound = _bound_behind(after, folder)
    return Found(files, after, tuple(folders))


def _level(index: Index, folder: str, bound: tuple[str, str]) -> QuerySet[IndexedFile]:
    lookup, name = bound
    rows: QuerySet[IndexedFile] = IndexedFile.objects.filter(index=index.pk, **{f"key__{lookup}": name})
    if folder:
        rows = rows.filter(key__gte=folder, key__lt=successor(folder))
    return rows.order_by("key")


def _bound_behind(after: str, folder: str) -> tuple[str, str]:
    """Behind a folder is behind all that it holds."""
    is_folder = after.endswith("/") and after != folder
    return ("gte", successor(after)) if is_folder else ("gt", after)


def _folder_of(key: str, folder: str) -> str:
    """The one directly below `folder` in which this lies; empty where it lies in `folder` itself."""
    head, slash, _ = key[len(folder) :].partition("/")
    return folder + head + slash if slash else ""


def neighbours(index: Index, chosen: Chosen, key: str) -> tuple[str, str]:
    """The names of the media before and after this one; empty where there is none, or none nearby."""
    if chosen.is_narrow and not (chosen.problem or chosen.label):
        found = _by_name(index, chosen, key, 1)
        return _last_before(index, chosen, key), found.files[0].key if found.files else ""
    rows = _named(index, chosen)
    before = rows.filter(key__lt=key).order_by("-key").values_list("key", flat=True)[:NEARBY]
    behind = rows.filter(key__gt=key).order_by("key").values_list("key", flat=True)[:NEARBY]
    names = [*before, *behind]
    fitting = set(_fitting(index, chosen, names).values_list("key", flat=True))
    return _first(before, fitting), _first(behind, fitting)


def _last_before(index: Index, chosen: Chosen, key: str) -> str:
    """As `_by_name` looks forward: some names at once, and not for long."""
    ends_at = time.monotonic() + SEARCH_SECONDS
    while True:
        first = key_before(index.pk, key, NAMES_AT_ONCE) or ""
        names = {"key__gte": max(first, chosen.prefix), "key__lt": key}
        files: QuerySet[IndexedFile] = IndexedFile.objects.filter(chosen.question, index=index.pk, **names)
        found = files.order_by("-key").values_list("key", flat=True).first()
        if found is not None or not first or first < chosen.prefix or time.monotonic() > ends_at:
            return found or ""
        key = first


def _first(names: Iterable[str], fitting: set[str]) -> str:
    return next((name for name in names if name in fitting), "")


_Named = QuerySet[IndexedFile] | QuerySet[Finding] | QuerySet[InsideFinding] | QuerySet[FileLabel]


def _named(index: Index, chosen: Chosen) -> _Named:
    """What has the names that fit, before anybody asks for the kind."""
    rows: _Named
    if chosen.label:
        rows = _labelled(chosen)
    else:
        rows = findings_of(index, chosen.problem) if chosen.problem else IndexedFile.objects.filter(index=index.pk)
    if chosen.prefix:
        rows = rows.filter(key__gte=chosen.prefix, key__lt=successor(chosen.prefix))
    return rows
