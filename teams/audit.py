"""The team's logbook. Services write to it in the same transaction as what they change."""

from teams.models import AuditAction, AuditEntry, Team, User

LONGEST_TARGET = 500


def record(*, team: Team, actor: User | None, action: AuditAction, target: str = "") -> None:
    """`target` is shown to the team's owners and admins: names and addresses, never a secret."""
    AuditEntry.objects.create(
        team=team,
        actor=actor,
        actor_name=actor.get_full_name() if actor else "",
        action=action,
        target=target[:LONGEST_TARGET],
    )


def record_for_person(*, user: User, by: User, action: AuditAction, target: str) -> None:
    """What was done with somebody's keys is news to each of their teams: the keys open all of them."""
    words = target if by == user else f"{target} of {user.get_full_name()}"
    for team in Team.objects.filter(memberships__user=user):
        record(team=team, actor=by, action=action, target=words)
