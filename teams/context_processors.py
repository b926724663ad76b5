from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from teams.models import Membership, User


def current_team(request: HttpRequest) -> dict[str, Any]:
    """The team whose name stands in the sidebar, and whether the person looks after any team (`manages`).

    One query for both, asked only by pages that show them.
    """
    # A request refused early, for its Host for example, has no user.
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    found: list[Membership] = []

    def memberships() -> list[Membership]:
        if not found:
            found.extend(user.memberships.select_related("team").order_by("team"))
        return found

    return {
        "current_team": SimpleLazyObject(lambda: next((membership.team for membership in memberships()), None)),
        "manages": SimpleLazyObject(lambda: user.is_staff or any(membership.manages for membership in memberships())),
    }
