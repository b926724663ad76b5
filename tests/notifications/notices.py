"""Notices in inboxes, for tests of pages that show them."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from notifications.models import Notice
from teams.models import User


def notices(user: User, count: int, start: int = 0) -> list[Notice]:
    now = timezone.now()
    return Notice.objects.bulk_create(
        Notice(
            user=user,
            kind=Notice.Kind.values[number % 4],
            title=f"notice {number:03} of {user}",
            text="Why.\nWhat to do.",
            path="/",
            created_at=now - timedelta(minutes=number),
        )
        for number in range(start, start + count)
    )
