"""Everything that changes what a person hears of."""

from collections.abc import Mapping

from notifications.models import NotificationSettings
from teams.models import User


def save_settings(*, user: User, scope: str, mail_choices: Mapping[str, bool]) -> None:
    """`mail_choices`: by the key of each topics.MailChoice. Those that are missing stay as they were."""
    found = NotificationSettings.objects.filter(user=user).first()
    kept = found.mail_choices if found else {}
    NotificationSettings.objects.update_or_create(
        user=user, defaults={"scope": scope, "mail_choices": {**kept, **mail_choices}}
    )
