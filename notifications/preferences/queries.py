"""Who is told what, and how: what people decided about it."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from notifications.models import NotificationSettings
from notifications.topics import MailChoice
from teams.models import User

Scope = NotificationSettings.Scope


def settings_of(user: User) -> NotificationSettings:
    """As stored, or the defaults, not stored yet."""
    return NotificationSettings.objects.filter(user=user).first() or NotificationSettings(user=user)


def listeners(people: QuerySet[User], *, concerned: Q) -> list[User]:
    """Those of the people who want to hear of something.

    Whom it concerns does, unless they chose to hear of nothing; the others only if they chose to hear of everything.
    """
    wants = Q(notification_settings=None) | ~Q(notification_settings__scope=Scope.NONE)
    return list(people.filter((concerned & wants) | Q(notification_settings__scope=Scope.TEAM)).order_by("pk"))


def who_want_mail(people: Sequence[User], choice: MailChoice) -> list[User]:
    """Those of the people who want this by mail, besides the inbox."""
    chosen = dict(NotificationSettings.objects.filter(user__in=people).values_list("user", "mail_choices"))
    return [user for user in people if chosen.get(user.pk, {}).get(choice.key, choice.default)]
