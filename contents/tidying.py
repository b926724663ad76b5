"""Deleting what has a million rows: bit by bit, so that nobody waits long for the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from django.db import connection, transaction

ROWS_AT_ONCE = 5_000


def delete_some(tables: Sequence[str], column: str, owner: int, most: int) -> int:
    """Delete up to so many rows of each table in which this column has the number of their owner. How many there were.

    The names become part of the statements, so they must be this code's own.
    """
    count = 0
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} = %s LIMIT %s)",  # noqa: S608
                [owner, most],
            )
            count += cursor.rowcount
    return count


def tidy(
    owners: Iterable[int], delete_rows: Callable[[int, int], int], delete_owner: Callable[[int], object], seconds: float
) -> bool:
    """Delete the rows of these owners, and then each owner, for so long at most. True: nothing is left."""
    ends_at = time.monotonic() + seconds
    for owner in owners:
        while time.monotonic() < ends_at:
            with transaction.atomic():
                if not delete_rows(owner, ROWS_AT_ONCE):
                    delete_owner(owner)
                    break
        else:
            return False
    return True
