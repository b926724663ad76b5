from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from notifications.inbox.queries import unread_count
from teams.models import User


def unread_notices(request: HttpRequest) -> dict[str, Any]:
    """The number beside the bell. Asked for only by pages that show the sidebar."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {"unread_notices": SimpleLazyObject(lambda: unread_count(user))}
