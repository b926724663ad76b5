from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from teams.models import Team


def current_team(request: HttpRequest) -> dict[str, Any]:
    """The team whose name stands in the sidebar. Asked for only by pages that show it."""
    if not request.user.is_authenticated:
        return {}
    user = request.user
    return {"current_team": SimpleLazyObject(lambda: Team.objects.filter(memberships__user=user).first())}
