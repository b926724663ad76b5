from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from teams.models import Team, User


def current_team(request: HttpRequest) -> dict[str, Any]:
    """The team whose name stands in the sidebar. Asked for only by pages that show it."""
    # A request refused early, for its Host for example, has no user.
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {"current_team": SimpleLazyObject(lambda: Team.objects.filter(memberships__user=user).first())}
