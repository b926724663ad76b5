"""The stages of an index in which the storage is listed: first where to divide it, then its parts side by side."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

from clouds import Store
from contents.index import rows
from contents.index.comparing import compared
from contents.index.opening import LONGEST_CALL_SECONDS, opened
from contents.index.rules import FileRow, is_file, row_of
from contents.index.totals import Totals
from contents.listing.shards import guessed_cuts
from contents.listing.walker import (
    PAGE_SIZE,
    Range,
    UnreliableServerError,
    begins_where_asked,
    next_stretch,
    walk,
)
from contents.models import Index
from jobs.runners import Cursor, Slice, Step

PLAN, LIST = "plan", "list"
PARTS = 8
# A bucket with fewer names is not worth dividing: to find out where takes as long as to list it.
FEW_PAGES = 5
DIVIDING_SECONDS = 12.0
# Rows are held in memory until the slice is stored.
ROWS_OF_A_SLICE = 20_000


def plan(this: Slice, index: Index) -> Step:
    """Where the parts begin and end, in the cursor's `parts`."""
    with opened(index) as (config, store):
        cuts = _cuts(store, config.prefix)
    return Step({"stage": PLAN, "parts": [list(pair) for pair in itertools.pairwise(["", *cuts, ""])]}, is_last=True)


def _cuts(store: Store, prefix: str) -> list[str]:
    """None for small buckets, and where the server can't list from a name on."""
    stretches = walk(store, prefix, page_size=PAGE_SIZE)
    if any(not stretch.more for stretch in itertools.islice(stretches, FEW_PAGES)) or not store.in_plain_order():
        return []
    try:
        cuts = guessed_cuts(store, prefix, PARTS, seconds=DIVIDING_SECONDS)
        return cuts if not cuts or begins_where_asked(store, prefix, cuts[-1]) else []
    except UnreliableServerError:  # the listing itself will say so, or make up for it
        return []


def parts_of(planned: Cursor) -> list[Cursor]:
    """Where the shards of the stage after `plan` begin."""
    return [
        {"stage": LIST, "after": after, "until": until, "totals": Totals().stored(), "done": False}
        for after, until in planned["parts"]
    ]


def list_some(this: Slice, index: Index) -> Step:
    """The next names of a part: their rows and totals."""
    cursor = this.cursor
    found, after, more = _read(this, index, Range(cursor["after"], cursor["until"]))
    if index.base_id is not None:
        found = compared(found, rows.known(index.base_id, [row.key for row in found]))
    totals = Totals.of(cursor["totals"])
    totals.add(found, processed_until=index.processed_until)
    changed: dict[str, Any] = {"after": after, "totals": totals.stored(), "done": not more}
    return Step(
        cursor | changed,
        is_last=not more,
        done=len(found),
        store=partial(rows.insert_files, index.pk, found),
    )


def _read(this: Slice, index: Index, part: Range) -> tuple[list[FileRow], str, bool]:
    """(rows, how far we came, whether there may be more)"""
    found: dict[str, FileRow] = {}
    after, more = part.after, True
    with opened(index) as (config, store):
        stretches = walk(store, config.prefix, part, page_size=PAGE_SIZE)
        while more and len(found) < ROWS_OF_A_SLICE and (this.seconds_left > LONGEST_CALL_SECONDS or not found):
            stretch = next_stretch(stretches, is_first=after == part.after)
            if stretch is None:
                break
            for entry in stretch.entries:
                if is_file(entry):
                    row = row_of(entry)
                    found[row.key] = row
            after, more = stretch.reached, stretch.more
    return list(found.values()), after, more
