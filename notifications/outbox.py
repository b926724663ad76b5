"""The outbox's rules: who may send a row now, and when it is tried again."""

from datetime import timedelta
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from notifications.models import OutboxRow, Sending

# After each attempt that failed; then it is given up, nearly a day after the first.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
MOST_ATTEMPTS = len(PAUSES) + 1

Row = TypeVar("Row", bound=OutboxRow)


def due(rows: QuerySet[Row]) -> QuerySet[Row]:
    return rows.filter(state=Sending.PENDING, next_attempt_at__lte=timezone.now())


def pause_after(attempts: int) -> timedelta:
    """Before the next attempt, when so many have been made. A worker may die in the last one, so it has a pause too."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def mark_sent(rows: QuerySet[Row]) -> None:
    rows.update(state=Sending.SENT, finished_at=timezone.now(), problem="")


def mark_failed(rows: QuerySet[Row], problem: str) -> None:
    """Those with attempts left wait for the next one; the others are given up."""
    rows.update(problem=problem[:100])
    rows.filter(attempts__gte=MOST_ATTEMPTS).update(state=Sending.FAILED, finished_at=timezone.now())


def give_up(rows: QuerySet[Row], problem: str) -> None:
    """Whatever attempts are left."""
    rows.update(state=Sending.FAILED, finished_at=timezone.now(), problem=problem[:100])
