"""A person's notices."""

from django.db.models import QuerySet
from django.utils import timezone

from teams.models import Notice, User


def notices_of(user: User) -> QuerySet[Notice]:
    """Newest first."""
    return Notice.objects.filter(user=user).order_by("-created_at", "-pk")


def unread_count(user: User) -> int:
    return Notice.objects.filter(user=user, read_at=None).count()


def mark_read(*, user: User, notice_id: str | None = None) -> int:
    """One notice of the person's own, or all of them. How many were unread."""
    unread = Notice.objects.filter(user=user, read_at=None)
    return (unread.filter(pk=notice_id) if notice_id else unread).update(read_at=timezone.now())
