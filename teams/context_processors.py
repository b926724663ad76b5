from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from teams.invitations.services import joining_is_open
from teams.models import Team, User
from teams.queries import memberships_of


class _Teams:
    """The person's teams, asked for once and only by pages that show them."""

    def __init__(self, user: User) -> None:
        memberships = memberships_of(user)
        self.all = [membership.team for membership in memberships]
        chosen = (team for team in self.all if team.pk == user.current_team_id)
        self.current: Team | None = next(chosen, self.all[0] if self.all else None)
        self.manages = user.is_staff or any(membership.manages for membership in memberships)


def teams(request: HttpRequest) -> dict[str, Any]:
    """`current_team` stands in the sidebar, `teams.all` in the menu there; `joining_is_open` on the sign-in page.

    `manages`: whether the person looks after any team, or all of them.
    """
    # A request refused early, for its Host for example, has no user.
    user = getattr(request, "user", None)
    known: dict[str, Any] = {"joining_is_open": SimpleLazyObject(joining_is_open)}
    if isinstance(user, User):
        mine = SimpleLazyObject(lambda: _Teams(user))
        known |= {
            "teams": mine,
            "current_team": SimpleLazyObject(lambda: mine.current),
            "manages": SimpleLazyObject(lambda: mine.manages),
        }
    return known
