"""Writing entries. Nothing changes them afterwards."""

from typing import Protocol

from teams.actions import AuditAction, Via
from teams.audit.origin import current
from teams.models import AuditEntry, Team, User

LONGEST_TARGET = 500


class Named(Protocol):
    """A dataset. Its class is in an app above."""

    pk: str
    name: str


def record(
    *,
    team: Team | None,
    action: AuditAction,
    actor: User | None = None,
    target: str = "",
    dataset: Named | None = None,
) -> None:
    """One entry. Call it in the transaction of what it tells of.

    `target` is shown to the team's owners and admins: names and addresses, never a secret. `actor`: None stands for who
    is signed in in this request, or for nobody. `team`: None for what only operators may see.
    """
    _write(team, actor, action, target, dataset)


def record_nobody(*, team: Team | None, action: AuditAction, target: str) -> None:
    """An entry about somebody who has not shown who they are, whoever else is signed in in the same browser."""
    _write(team, None, action, target, None, is_known=False)


def record_for_person(
    *, user: User, action: AuditAction, target: str = "", by: User | None = None, is_known: bool = True
) -> None:
    """What concerns somebody's account is news to each of their teams: it opens all of them. One entry in each log.

    For people in no team there is one that only operators see. `by`: who did it, if not the person. `is_known`: False
    if nobody knows who did it.
    """
    words = target if by is None or by == user else f"{target} of {user.get_full_name()}"
    teams: list[Team | None] = [*Team.objects.filter(memberships__user=user)]
    for team in teams or [None]:
        _write(team, (by or user) if is_known else None, action, words, None, is_known=is_known)


def _write(
    team: Team | None,
    actor: User | None,
    action: AuditAction,
    target: str,
    dataset: Named | None,
    *,
    is_known: bool = True,
) -> None:
    origin = current()
    if actor is None and origin and is_known:
        actor = origin.person
    AuditEntry.objects.create(
        team=team,
        team_name=team.name if team else "",
        actor=actor,
        actor_name=actor.get_full_name() if actor else "",
        actor_email=actor.email if actor else "",
        via=origin.via if origin else Via.SYSTEM,
        token_name=origin.token_name if origin else "",
        address=origin.address if origin else "",
        action=action,
        # No database takes a NUL, and PostgreSQL says so with an error.
        target=target.replace("\0", "")[:LONGEST_TARGET],
        dataset_id=dataset.pk if dataset else "",
        dataset_name=dataset.name if dataset else "",
    )
