"""Files and findings by the thousand, past Django's models: an object for each row would take most of the time.

Names of tables and columns are this module's; what comes from outside is a parameter of the statement, or escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from contents import tidying
from contents.index.rules import FileRow
from contents.models import Change, Problem, Topic

_FILE_COLUMNS = ("index_id", *FileRow._fields)
_FINDING_COLUMNS = ("index_id", "what", "key", "size", "modified", '"group"')
_SPECIAL = re.compile(r"[\\\t\n\r\b\f\v]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
_PROBLEM_BITS = [(problem.value, 1 << problem.value) for problem in Problem]
_TOPICS = {Change.NEW.value: Topic.NEW.value, Change.CHANGED.value: Topic.CHANGED.value}
# Of files that are looked up at once: as many parameters as every SQLite takes.
_LOOKED_UP = 500

Known = dict[str, tuple[int, int, str]]
"""Of files by name: size, modified, version."""


def insert_files(index_id: int, rows: Sequence[FileRow]) -> None:
    """Those rows, and a finding for each problem and change of theirs. Raises IntegrityError for a name that is there.

    Call it inside a transaction.
    """
    insert_rows("contents_file", _FILE_COLUMNS, [(index_id, *row) for row in rows])
    insert_rows("contents_finding", _FINDING_COLUMNS, list(_findings(index_id, rows)))


def _findings(index_id: int, rows: Iterable[FileRow]) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        if row.problems:
            for problem, bit in _PROBLEM_BITS:
                if row.problems & bit:
                    yield index_id, problem, row.key, row.size, row.modified, 0
        if row.change:
            yield index_id, _TOPICS[row.change], row.key, row.size, row.modified, 0


def insert_rows(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows whose values stand in the order of the columns. Call it inside a transaction."""
    if not rows:
        return
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                copy.write("".join([_copied(row) for row in rows]))
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608


def _copied(row: tuple[Any, ...]) -> str:
    """A line of COPY's text format. https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2"""
    line = "\t".join([_escaped(value) if isinstance(value, str) else str(value) for value in row])
    return f"{line}\n"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text) if _SPECIAL.search(text) else text


def known(index_id: int, keys: Sequence[str]) -> Known:
    """Which of these names an index holds, and what it says of them."""
    found: Known = {}
    with connection.cursor() as cursor:
        for start in range(0, len(keys), _LOOKED_UP):
            some = keys[start : start + _LOOKED_UP]
            marks = ", ".join(["%s"] * len(some))
            cursor.execute(
                f"SELECT key, size, modified, version FROM contents_file WHERE index_id = %s AND key IN ({marks})",  # noqa: S608
                [index_id, *some],
            )
            found.update({key: (size, modified, version) for key, size, modified, version in cursor.fetchall()})
    return found


def insert_gone(index_id: int, base_id: int, after: str, until: str | None) -> None:
    """A finding for each file of the base, in this range of names, that the index does not hold."""
    values: list[Any] = [base_id, after]
    where = "base.index_id = %s AND base.key > %s"
    if until is not None:
        where, values = f"{where} AND base.key <= %s", [*values, until]
    names = ", ".join(_FINDING_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO contents_finding ({names})"  # noqa: S608
            f" SELECT %s, %s, base.key, base.size, base.modified, 0 FROM contents_file AS base WHERE {where}"
            " AND NOT EXISTS (SELECT 1 FROM contents_file AS found WHERE found.index_id = %s AND found.key = base.key)",
            [index_id, Topic.GONE.value, *values, index_id],
        )


def key_at(index_id: int, after: str, count: int) -> str | None:
    """The name so many files after this one; None where there are not so many any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM contents_file WHERE index_id = %s AND key > %s ORDER BY key LIMIT 1 OFFSET %s",
            [index_id, after, count - 1],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else None


def key_before(index_id: int, before: str, count: int) -> str | None:
    """The name so many files before this one; None where there are not so many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM contents_file WHERE index_id = %s AND key < %s ORDER BY key DESC LIMIT 1 OFFSET %s",
            [index_id, before, count - 1],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else None


def repeated(index_id: int, column: str, after: int, most: int) -> list[int]:
    """Values of `content` or `twin` that more than one file has: those above `after`, in order, up to so many."""
    assert column in {"content", "twin"}  # noqa: S101 - it becomes part of the statement
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM contents_file WHERE index_id = %s AND {column} > %s AND {column} <> 0"  # noqa: S608
            f" GROUP BY {column} HAVING COUNT(*) > 1 ORDER BY {column} LIMIT %s",
            [index_id, after, most],
        )
        return [int(row[0]) for row in cursor.fetchall()]


def insert_groups(index_id: int, column: str, problem: Problem, above: int, last: int) -> None:
    """A finding for each file whose value in this range is not its alone, and its bit.

    Call it inside a transaction.
    """
    assert column in {"content", "twin"}  # noqa: S101 - it becomes part of the statement
    within = f"index_id = %s AND {column} > %s AND {column} <= %s AND {column} <> 0"
    repeats = f"SELECT {column} FROM contents_file WHERE {within} GROUP BY {column} HAVING COUNT(*) > 1"  # noqa: S608
    chosen = f"{within} AND {column} IN ({repeats})"
    values = [index_id, above, last, index_id, above, last]
    names = ", ".join(_FINDING_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO contents_finding ({names})"  # noqa: S608
            f" SELECT index_id, %s, key, size, modified, {column} FROM contents_file WHERE {chosen}",
            [problem.value, *values],
        )
        cursor.execute(
            f"UPDATE contents_file SET problems = problems | %s WHERE {chosen}",  # noqa: S608
            [1 << problem.value, *values],
        )


class Counted(NamedTuple):
    what: int
    files: int
    bytes: int


def count_findings(index_id: int, whats: Sequence[int]) -> list[Counted]:
    """How many findings of these kinds there are; none of those of which there are none."""
    marks = ", ".join(["%s"] * len(whats))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT what, COUNT(*), SUM(size) FROM contents_finding WHERE index_id = %s AND what IN ({marks})"  # noqa: S608
            " GROUP BY what",
            [index_id, *(int(what) for what in whats)],
        )
        return [Counted(int(what), int(files), int(size)) for what, files, size in cursor.fetchall()]


def delete_some(index_id: int, most: int) -> int:
    """Delete up to so many rows of each table that belong to an index. How many there were."""
    return tidying.delete_some(("contents_file", "contents_finding"), "index_id", index_id, most)
