from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from teams.invitations.services import joining_is_open
from teams.requests import teams_of
from teams.sign_in.wanted_page import recall


def teams(request: HttpRequest) -> dict[str, Any]:
    """`teams` stands in the menu of the account, `current_team` above it; `joining_is_open` on the sign-in page, and
    `wanted_page` where a second factor is set up.

    All are asked for only by pages that show them.
    """

    def current_team() -> Any:
        found = teams_of(request)
        return found.current if found else None

    return {
        "joining_is_open": SimpleLazyObject(joining_is_open),
        "teams": SimpleLazyObject(lambda: teams_of(request)),
        "current_team": SimpleLazyObject(current_team),
        "wanted_page": SimpleLazyObject(lambda: recall(request)),
    }
