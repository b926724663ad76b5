"""Everything that changes a person's notices."""

from django.utils import timezone

from notifications.models import Notice
from teams.models import User


def mark_read(*, user: User, notice_id: str | None = None) -> int:
    """One notice of the person's own, or all of them. Returns how many were unread."""
    unread = Notice.objects.filter(user=user, read_at=None)
    return (unread.filter(pk=notice_id) if notice_id else unread).update(read_at=timezone.now())
