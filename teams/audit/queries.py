"""Reading the log, newest entries first, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from teams.actions import ACTIONS_OF, AuditCategory
from teams.models import AuditEntry, Team
from teams.queries import MOST_WORDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,16})-([a-f0-9]{24})")
# Entries are read from the database in pieces of so many rows.
PIECE = 500


@dataclass(frozen=True)
class Cursor:
    """The last entry of a page: where the next one begins. New entries move nothing to another page."""

    created_at: datetime
    pk: str

    @classmethod
    def of(cls, entry: AuditEntry) -> Cursor:
        return cls(entry.created_at, entry.pk)

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """None if the text is no cursor."""
        found = _CURSOR.fullmatch(text)
        return cls(_EPOCH + timedelta(microseconds=int(found[1])), found[2]) if found else None

    def __str__(self) -> str:
        return f"{(self.created_at - _EPOCH) // timedelta(microseconds=1)}-{self.pk}"


@dataclass(frozen=True)
class Filters:
    """`person`: in the name or address of who did it. `since`, `until`: days in UTC, both included."""

    person: str = ""
    category: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""

    @property
    def narrows(self) -> bool:
        return self != Filters()


def activity_of(team: Team, filters: Filters) -> QuerySet[AuditEntry]:
    """What its owners and admins may see, newest first."""
    return filtered(AuditEntry.objects.filter(team=team), filters)


def filtered(entries: QuerySet[AuditEntry], filters: Filters) -> QuerySet[AuditEntry]:
    if filters.person:
        entries = entries.filter(Q(actor_name__icontains=filters.person) | Q(actor_email__icontains=filters.person))
    if filters.category:
        entries = entries.filter(action__in=ACTIONS_OF[AuditCategory(filters.category)])
    if filters.since:
        entries = entries.filter(created_at__gte=datetime.combine(filters.since, time.min, UTC))
    if filters.until:
        entries = entries.filter(created_at__lte=datetime.combine(filters.until, time.max, UTC))
    for word in filters.text.split()[:MOST_WORDS]:
        entries = entries.filter(
            Q(target__icontains=word)
            | Q(dataset_name__icontains=word)
            | Q(dataset_id=word)
            | Q(token_name__icontains=word)
            | Q(address=word)
        )
    return entries.order_by("-created_at", "-pk")


def page_of(
    entries: QuerySet[AuditEntry], size: int, before: Cursor | None = None
) -> tuple[list[AuditEntry], Cursor | None]:
    """At most `size` of `filtered` entries behind the cursor, and the cursor of the next page; None if it is the last.

    One query, however many entries there are.
    """
    if before:
        same = Q(created_at=before.created_at, pk__lt=before.pk)
        entries = entries.filter(created_at__lte=before.created_at).filter(Q(created_at__lt=before.created_at) | same)
    found = list(entries[: size + 1])
    return found[:size], Cursor.of(found[size - 1]) if len(found) > size else None


def all_of(entries: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    """Each of them, without holding all in memory."""
    return entries.iterator(chunk_size=PIECE)
