"""Which files to open, and what was found in them, by the thousand: past Django's models, as in contents.index.rows.

What a slice stores is there once, whatever happens: old facts of the same files go first, and so do their counts. All
changes of one reading happen one after the other, because each locks its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from contents import tidying
from contents.index.rows import insert_rows, known
from contents.models import FileKind, Index, InsideProblem, Reading, ReadState
from contents.reading.totals import FactsRow, ReadTotals

FACT_COLUMNS = ("reading_id", *FactsRow._fields)
INSIDE_COLUMNS = ("reading_id", "what", "key", "size", "modified", "detail")
# As many parameters as every SQLite takes.
_LOOKED_UP = 500
HIGHEST = 2**63 - 1
_MEDIA = f"file.kind IN ({FileKind.IMAGE.value}, {FileKind.VIDEO.value}) AND file.size > 0 AND NOT file.archived"
# Clouds that tell no version tell the time of the last write.
_SAME = (
    "facts.size = file.size AND facts.version = file.version AND (file.version <> '' OR facts.modified = file.modified)"
)
_OPENED = f"facts.state IN ({ReadState.READ.value}, {ReadState.HEADER.value})"
_UNREAD = (
    "NOT EXISTS (SELECT 1 FROM contents_facts AS facts"  # noqa: S608
    f" WHERE facts.reading_id = %s AND facts.key = file.key AND {_SAME} AND {_OPENED})"
)


class Wanted(NamedTuple):
    """A file to open."""

    key: str
    size: int
    modified: int
    version: str
    kind: int


class Planned(NamedTuple):
    """Of the files to open. `video_bytes` are those of no more than so many bytes of each video."""

    images: int
    image_bytes: int
    videos: int
    video_bytes: int


class Inside(NamedTuple):
    """A problem of a file. `what` is an InsideProblem."""

    what: int
    key: str
    size: int
    modified: int
    detail: str


def sample_end(index_id: int, files: int) -> int:
    """The `twin` up to which so many files go: hashes of names, so these are as good as drawn by lot.

    Always the same ones: a larger sample has all files of a smaller one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT twin FROM contents_file AS file WHERE index_id = %s AND {_MEDIA} ORDER BY twin LIMIT 1 OFFSET %s",  # noqa: S608
            [index_id, files - 1],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else HIGHEST


def planned(index_id: int, reading_id: int, end: int, most_video_bytes: int) -> Planned:
    """What is not read yet, of the files with a `twin` up to `end`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT file.kind, COUNT(*), SUM(CASE WHEN file.kind = %s AND file.size > %s THEN %s ELSE file.size END)"  # noqa: S608
            f" FROM contents_file AS file WHERE file.index_id = %s AND {_MEDIA} AND file.twin <= %s AND {_UNREAD}"
            " GROUP BY file.kind",
            [FileKind.VIDEO.value, most_video_bytes, most_video_bytes, index_id, end, reading_id],
        )
        found = {int(kind): (int(files), int(size)) for kind, files, size in cursor.fetchall()}
    return Planned(*found.get(FileKind.IMAGE.value, (0, 0)), *found.get(FileKind.VIDEO.value, (0, 0)))


def to_read(index_id: int, reading_id: int, end: int, after: str, until: str, limit: int) -> list[Wanted]:
    """The next of them in order of names. An empty `until` has no end."""
    values: list[Any] = [index_id, after]
    where = "file.index_id = %s AND file.key > %s"
    if until:
        where, values = f"{where} AND file.key <= %s", [*values, until]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT file.key, file.size, file.modified, file.version, file.kind FROM contents_file AS file"  # noqa: S608
            f" WHERE {where} AND {_MEDIA} AND file.twin <= %s AND {_UNREAD} ORDER BY file.key LIMIT %s",
            [*values, end, reading_id, limit],
        )
        return [Wanted(*row) for row in cursor.fetchall()]


@transaction.atomic
def store(reading_id: int, found: Sequence[FactsRow], problems: Sequence[Inside]) -> None:
    """Facts of files, in the place of earlier ones. Not of files that are others by now, or gone."""
    reading = Reading.objects.select_for_update().filter(pk=reading_id).first()
    if reading is None or reading.datasource_id is None:
        return
    index = Index.objects.filter(datasource=reading.datasource_id, state="CURRENT").first()
    there = known(index.pk, [row.key for row in found]) if index else {}
    kept = [row for row in found if is_same(row, there.get(row.key))]
    keys = {row.key for row in kept}
    totals = ReadTotals.of(reading.totals)
    old = _facts_of(reading_id, sorted(keys))
    _delete(reading_id, [row.key for row in old])
    totals.take_away(old)
    totals.add(kept)
    insert_rows("contents_facts", FACT_COLUMNS, [(reading_id, *row) for row in kept])
    insert_rows("contents_inside", INSIDE_COLUMNS, [(reading_id, *row) for row in problems if row.key in keys])
    _save(reading, totals)


@transaction.atomic
def forget_stale(reading_id: int, index_id: int, after: str, limit: int) -> str:
    """Facts of files that are not in the index as they were, among the next `limit` ones.

    Gives where to go on; empty where nothing is left.
    """
    reading = Reading.objects.select_for_update().get(pk=reading_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM contents_facts WHERE reading_id = %s AND key > %s ORDER BY key LIMIT 1 OFFSET %s",
            [reading_id, after, limit - 1],
        )
        row = cursor.fetchone()
        until = str(row[0]) if row else ""
        values: list[Any] = [reading_id, after, *([until] if until else [])]
        columns = ", ".join(f"facts.{column}" for column in FactsRow._fields)
        cursor.execute(
            f"SELECT {columns} FROM contents_facts AS facts WHERE facts.reading_id = %s AND facts.key > %s"  # noqa: S608
            f"{' AND facts.key <= %s' if until else ''} AND NOT EXISTS (SELECT 1 FROM contents_file AS file"
            f" WHERE file.index_id = %s AND file.key = facts.key AND {_SAME})",
            [*values, index_id],
        )
        stale = [FactsRow(*row) for row in cursor.fetchall()]
    if stale:
        _delete(reading_id, [row.key for row in stale])
        totals = ReadTotals.of(reading.totals)
        totals.take_away(stale)
        _save(reading, totals)
    return until


def delete_some(reading_id: int, most: int) -> int:
    """Up to so many rows of each table. How many there were."""
    return tidying.delete_some(("contents_facts", "contents_inside"), "reading_id", reading_id, most)


def is_same(row: FactsRow, there: tuple[int, int, str] | None) -> bool:
    """Whether these are facts of the file with this size, time and version."""
    if there is None:
        return False
    size, modified, version = there
    return (row.size, row.version) == (size, version) and bool(version or row.modified == modified)


def problem_of(name: str) -> InsideProblem:
    """By the name of a MediaProblem."""
    return InsideProblem[name]


def _facts_of(reading_id: int, keys: Sequence[str]) -> list[FactsRow]:
    columns = ", ".join(FactsRow._fields)
    found: list[FactsRow] = []
    with connection.cursor() as cursor:
        for start in range(0, len(keys), _LOOKED_UP):
            some = keys[start : start + _LOOKED_UP]
            marks = ", ".join(["%s"] * len(some))
            cursor.execute(
                f"SELECT {columns} FROM contents_facts WHERE reading_id = %s AND key IN ({marks})",  # noqa: S608
                [reading_id, *some],
            )
            found += [FactsRow(*row) for row in cursor.fetchall()]
    return found


def _delete(reading_id: int, keys: Sequence[str]) -> None:
    whats = ", ".join(str(problem.value) for problem in InsideProblem)
    with connection.cursor() as cursor:
        for start in range(0, len(keys), _LOOKED_UP):
            some = keys[start : start + _LOOKED_UP]
            marks = ", ".join(["%s"] * len(some))
            # With `what`, so that the index over (reading, what, key) is of use.
            for table, more in (("contents_facts", ""), ("contents_inside", f" AND what IN ({whats})")):
                cursor.execute(
                    f"DELETE FROM {table} WHERE reading_id = %s{more} AND key IN ({marks})",  # noqa: S608
                    [reading_id, *some],
                )


def _save(reading: Reading, totals: ReadTotals) -> None:
    reading.totals = totals.stored()
    reading.files = sum(pair[0] for pair in totals.states.values())
    reading.bytes = sum(pair[1] for pair in totals.states.values())
    reading.changed_at = timezone.now()
    reading.save(update_fields=["totals", "files", "bytes", "changed_at"])
