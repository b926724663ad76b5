"""Slices that open files which anybody may have made: one of them may take its worker along, and costs only itself."""

from __future__ import annotations

from typing import Any, NamedTuple

from jobs.runners import Cursor, Slice

# In cursors: so many of the next files are opened one by one, because one of them ended a worker.
_ALONE = "alone"


class Care(NamedTuple):
    """`most`: so many files this slice may open. `gives_up`: the first is not opened, but told to have timed out."""

    most: int
    gives_up: bool


def care_of(this: Slice, most: int) -> Care:
    """How to go on at this cursor, where `most` files may be opened by a slice that nothing has happened to.

    A slice that ended its worker is done file by file. Who is the first of two slices that end their workers is not
    opened any more. One is not enough, not even where files are opened one by one: somebody may have stopped that
    worker, as it happens whenever machines are restarted, and no harmless file may be left out or end a run for it.
    """
    is_alone = bool(this.cursor.get(_ALONE))
    if this.deaths > 1:
        return Care(1, gives_up=True)
    return Care(1 if is_alone or this.deaths else most, gives_up=False)


def went_on(this: Slice, most: int, changed: dict[str, Any], files: int) -> Cursor:
    """The cursor after `files` files were done, with these changes."""
    alone = this.cursor.get(_ALONE, 0) or (most if this.deaths else 0)
    return this.cursor | changed | {_ALONE: max(0, alone - files)}


def alone(cursor: Cursor, most: int) -> Cursor:
    """The same cursor, from which the next `most` files are opened one by one."""
    return cursor | {_ALONE: most}
