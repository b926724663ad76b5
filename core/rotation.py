"""Everything that is stored encrypted, sealed anew with the newest key, so that an older key can be retired.

Each app registers its tables. What stands in a session is left out: it is worth a few minutes, and readers do without.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from core.crypto import CannotDecryptError, is_newest, seal, unseal

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class SealedTable:
    """`columns`: of a row, what to store, sealed anew; empty if all of it is sealed with the newest key already.

    It raises CannotDecryptError for what none of the configured keys made.
    """

    name: str
    rows: Callable[[], "models.QuerySet[Any]"]
    columns: Callable[[Any], dict[str, Any]]


@dataclass
class Count:
    """Of one table. `unreadable`: the ids of rows that none of the configured keys made."""

    table: SealedTable
    renewed: int = 0
    already: int = 0
    unreadable: list[str] = field(default_factory=list)


_tables: list[SealedTable] = []


def register(table: SealedTable) -> None:
    if table.name not in {each.name for each in _tables}:
        _tables.append(table)


def tables() -> tuple[SealedTable, ...]:
    return tuple(_tables)


def renewed(sealed: str) -> str:
    """The same text under the newest key. Raises CannotDecryptError."""
    return sealed if is_newest(sealed) else seal(unseal(sealed))


def renewed_columns(row: models.Model, *names: str) -> dict[str, Any]:
    """`SealedTable.columns` for rows with plain columns of sealed text."""
    found = {name: renewed(getattr(row, name)) for name in names if getattr(row, name)}
    return {name: text for name, text in found.items() if text != getattr(row, name)}


def rotate(table: SealedTable) -> Iterator[Count]:
    """Seals the rows of a table anew, some at a time, and yields the count so far after each transaction.

    It may end anywhere: what was renewed is stored, and the next time passes over it. Rows are locked while they are
    renewed, so that nobody's change is lost, and only the sealed columns are written.
    """
    count = Count(table)
    last: Any = None
    while True:
        with transaction.atomic():
            found = table.rows().select_for_update(of=("self",)).order_by("pk")
            rows = list((found.filter(pk__gt=last) if last else found)[:MOST_AT_ONCE])
            for row in rows:
                _renew(row, count)
        if rows:
            last = rows[-1].pk
        yield count
        if len(rows) < MOST_AT_ONCE:
            return


def _renew(row: models.Model, count: Count) -> None:
    try:
        columns = count.table.columns(row)
    except CannotDecryptError:
        count.unreadable.append(str(row.pk))
        return
    if columns:
        count.table.rows().filter(pk=row.pk).update(**columns)
        count.renewed += 1
    else:
        count.already += 1
