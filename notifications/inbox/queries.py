"""A person's notices."""

from django.db.models import QuerySet

from notifications.models import Notice
from teams.models import User


def notices_of(user: User) -> QuerySet[Notice]:
    """Newest first."""
    return Notice.objects.filter(user=user).order_by("-created_at", "-pk")


def unread_count(user: User) -> int:
    return Notice.objects.filter(user=user, read_at=None).count()
