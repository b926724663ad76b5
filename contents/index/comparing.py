"""How a file stands to what an earlier index says of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from contents.index.rules import FileRow
from contents.models import Change

_NEW, _CHANGED = int(Change.NEW), int(Change.CHANGED)


def compared(rows: Iterable[FileRow], earlier: dict[str, tuple[int, int, str]]) -> list[FileRow]:
    """The rows, each with its change. `earlier` tells size, modified and version of those that were there before."""
    return [_compared(row, earlier.get(row.key)) for row in rows]


def _compared(row: FileRow, before: tuple[int, int, str] | None) -> FileRow:
    if before is None:
        return row._replace(change=_NEW)
    size, modified, version = before
    if row.version and version:
        # The time alone may move where metadata was written.
        is_same = (row.size, row.version) == (size, version)
    else:
        is_same = (row.size, row.modified) == (size, modified)
    return row if is_same else row._replace(change=_CHANGED)
