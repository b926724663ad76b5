"""Why a person can't leave a team, or delete it, and what to do first: told before they try."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from teams import queries
from teams.models import Membership, Role, Team


@dataclass(frozen=True)
class Obstacle:
    """`url` is where it is removed, and `label` the words of the link."""

    words: str
    url: str
    label: str


# What rooms above keep in a team. Each says how much there is, or None.
_kept: list[Callable[[Team], Obstacle | None]] = []


def add_kept(ask: Callable[[Team], Obstacle | None]) -> None:
    if ask not in _kept:
        _kept.append(ask)


def to_leaving(mine: Membership) -> Obstacle | None:
    """A team keeps an owner who can sign in. Anybody else may leave at any time."""
    if mine.role != Role.OWNER or queries.owners_of(mine.team).exclude(user=mine.user).exists():
        return None
    people = reverse("teams:people", args=[mine.team_id])
    if queries.possible_owners(mine.team).exclude(pk=mine.user_id).exists():
        words = gettext(
            "You are the only owner of this team, and a team needs one. Make another member an owner first."
        )
        return Obstacle(words, people, gettext("Choose a new owner"))
    words = gettext(
        "You are the only member of this team, and a team needs an owner. First invite somebody and make them an"
        " owner. If nobody needs the team any more, delete it instead."
    )
    return Obstacle(words, people, gettext("Invite people"))


def to_deleting(mine: Membership) -> list[Obstacle]:
    """In the order in which to remove them."""
    team = mine.team
    found = [ask(team) for ask in _kept]
    found += [_people(mine), _service_accounts(team), _only_team(mine)]
    return [each for each in found if each]


def _people(mine: Membership) -> Obstacle | None:
    count = queries.people_of(mine.team).exclude(user=mine.user).count()
    words = ngettext(
        "%(count)s other member is in the team. Remove them first.",
        "%(count)s other members are in the team. Remove them first.",
        count,
    )
    url = reverse("teams:people", args=[mine.team_id])
    return Obstacle(words % {"count": count}, url, gettext("Go to People")) if count else None


def _service_accounts(team: Team) -> Obstacle | None:
    count = queries.service_accounts_of(team).count()
    words = ngettext(
        "The team has %(count)s service account. Delete it first.",
        "The team has %(count)s service accounts. Delete them first.",
        count,
    )
    url = reverse("teams:service_accounts", args=[team.pk])
    return Obstacle(words % {"count": count}, url, gettext("Go to Service accounts")) if count else None


def _only_team(mine: Membership) -> Obstacle | None:
    if mine.user.memberships.exclude(team=mine.team).exists():
        return None
    words = gettext("This is your only team. Create or join another one first.")
    return Obstacle(words, reverse("teams:create"), gettext("Create a team"))
