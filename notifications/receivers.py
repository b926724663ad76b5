"""What rooms below say by signals, because they know nothing of notices."""

from typing import Any

from django.dispatch import receiver

from core.ids import new_id
from notifications.services import Announcement, announce
from notifications.topics import MEMBERSHIP
from teams.membership import membership_changed
from teams.models import User


@receiver(membership_changed)
def tell_member(sender: Any, *, user: User, title: str, path: str, **_: Any) -> None:
    announce(Announcement(topic=MEMBERSHIP.key, key=new_id(), people=[user], title=title, path=path))
