"""What a request knows of the person and their teams."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from core.web.requests import HtmxRequest
from teams.access import manages_any
from teams.models import Team, User
from teams.queries import chosen_team, memberships_of

_KEPT = "_teams_of_the_person"


class PageRequest(HtmxRequest):
    """A request as pages get it: behind the login wall and the htmx middleware. For type checkers only."""

    user: User


class OwnTeams:
    """The person's teams. Asked for once per request."""

    def __init__(self, user: User) -> None:
        self.memberships = memberships = list(memberships_of(user))
        self.all = [membership.team for membership in memberships]
        self.current: Team | None = chosen_team(user, self.all)
        self.manages = manages_any(user, memberships)

    @property
    def switch_url(self) -> str:
        return reverse("teams:switch")


def teams_of(request: HttpRequest) -> OwnTeams | None:
    """None if nobody is signed in, or the request was refused before anybody looked who it is, for its Host perhaps."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return None
    kept = vars(request)
    if _KEPT not in kept:
        kept[_KEPT] = OwnTeams(user)
    found: OwnTeams = kept[_KEPT]
    return found


def own_teams(request: PageRequest) -> OwnTeams:
    """The same, where the login wall has made sure that somebody is signed in."""
    found = teams_of(request)
    if found is None:
        raise PermissionDenied
    return found
