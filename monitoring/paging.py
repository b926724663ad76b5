"""The table of the health page, a page at a time, which costs little more in a large installation than in a small one.

A query that sorts all rows carries all their columns along. So the ids of a page are found first, by narrow columns;
and where the states come first, from counts by state and cause, only among those rows that the page can have.
"""

from collections.abc import Sequence
from functools import cached_property

from django.db.models import Q, QuerySet

from datasources.models import Datasource
from monitoring import health
from monitoring.health import Filters, Group


class Listed:
    """For a Paginator: the rows that the filters leave, in their order."""

    ordered = True

    def __init__(self, rows: QuerySet[Datasource], filters: Filters, everything: Sequence[Group] | None = None) -> None:
        """`rows`: as health.found gives them. `everything`: the groups of what is not filtered, if they are at hand."""
        self._rows, self._filters, self._everything = rows, filters, everything

    def count(self) -> int:
        return sum(group.count for group in self._groups)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, window: slice) -> list[Datasource]:
        rows, start, stop = self._among(window.start, window.stop)
        ids = list(rows.values_list("pk", flat=True)[start:stop])
        found = health.with_all(Datasource.objects.filter(pk__in=ids)).in_bulk()
        return [found[pk] for pk in ids if pk in found]  # it may have been deleted just now

    def _among(self, start: int, stop: int) -> tuple[QuerySet[Datasource], int, int]:
        """Of which rows the window is a part, and of which part of them."""
        if self._filters.sorted_by != "state":
            return self._rows, start, stop
        seen, skipped, wanted = 0, 0, Q(pk__in=[])
        for group in self._groups:
            if seen + group.count <= start:
                skipped += group.count
            elif seen < stop:
                wanted |= Q(state=group.state, cause=group.cause)
            seen += group.count
        return self._rows.filter(wanted), start - skipped, stop - skipped

    @cached_property
    def _groups(self) -> list[Group]:
        """In the order of the list."""
        known = None if self._filters.narrows else self._everything
        return sorted(
            health.groups(self._rows) if known is None else known,
            key=lambda group: (health.urgency_of(group.state), group.cause),
            reverse=self._filters.is_descending,
        )
