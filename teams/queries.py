"""What the pages read about teams. The number of queries never depends on the number of people."""

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from teams.models import MANAGING_ROLES, Invitation, Membership, Role, Team, User

_RANK = Case(
    *(When(role=role, then=Value(rank)) for rank, role in enumerate([Role.OWNER, Role.ADMIN, Role.MEMBER])),
    default=Value(9),
    output_field=IntegerField(),
)
# Of a search. Each is a part of the question to the database, which refuses one of a thousand parts.
MOST_WORDS = 20


def memberships_of(user: User) -> QuerySet[Membership]:
    """The person's teams, the one joined first at the top."""
    return Membership.objects.filter(user=user).select_related("team").order_by("created_at", "pk")


def managed_teams(user: User) -> QuerySet[Team]:
    """Those whose owner or admin the person is, the one joined first at the top."""
    # One filter, so that both hold of the same membership.
    found = Team.objects.filter(memberships__user=user, memberships__role__in=MANAGING_ROLES)
    return found.order_by("memberships__created_at", "pk")


def current_team_of(user: User) -> Team | None:
    """The team the person chose last, as long as they are in it; else the one they joined first; else none."""
    return chosen_team(user, [membership.team for membership in memberships_of(user)])


def chosen_team(user: User, teams: list[Team]) -> Team | None:
    """The same, of the person's teams at hand, the one joined first at the top."""
    return next((team for team in teams if team.pk == user.current_team_id), teams[0] if teams else None)


def people_of(team: Team, *, search: str = "") -> QuerySet[Membership]:
    """Owners, admins, then members, each by name. Every word of the search in name or address."""
    found = team.memberships.filter(user__is_service_account=False).select_related("user")
    for word in search.split()[:MOST_WORDS]:
        found = found.filter(Q(user__email__icontains=word) | Q(user__name__icontains=word))
    return found.alias(rank=_RANK).order_by("rank", "user__email")


def possible_owners(team: Team) -> QuerySet[User]:
    """Who may own datasets of the team: its members who may sign in."""
    return team.members.filter(is_service_account=False, is_active=True)


def others_of(team: Team, person: User) -> QuerySet[User]:
    """Who could take over this person's datasets."""
    return possible_owners(team).exclude(pk=person.pk).order_by("email")


def service_accounts_of(team: Team) -> QuerySet[User]:
    accounts = team.members.filter(is_service_account=True)
    return accounts.prefetch_related("api_tokens").order_by("name", "pk")


def pending_invitations_of(team: Team) -> QuerySet[Invitation]:
    """Those that wait, and those that have expired meanwhile and may be renewed."""
    waiting = team.invitations.filter(accepted_at=None, revoked_at=None)
    return waiting.select_related("invited_by").order_by("-created_at", "-pk")


def owners_of(team: Team) -> QuerySet[Membership]:
    """Those who can still act: a disabled account owns nothing."""
    return team.memberships.filter(role=Role.OWNER, user__is_active=True)
