"""Everything that changes teams and who is in them.

Each change of a team's people locks the team's row first, so that two owners who leave at the same moment are seen one
after the other: at least one owner always remains.
"""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, ProtectedError
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext

from core.names import validate_visible
from teams import audit, queries, roles
from teams.models import ApiToken, AuditAction, Membership, Role, Team, User

LONGEST_TEAM_NAME = 150

# Somebody else offered a person a place in a team, or gave them another role. Sent inside the transaction that does so,
# with `user` (the person, a User), `title` (what happened, in one line) and `path` (where on this site it leads).
membership_changed = Signal()


class LastOwnerError(Exception):
    """The change would leave the team without an owner."""

    def __init__(self) -> None:
        super().__init__(gettext("The team needs an owner. Make another member an owner first."))


class TeamInUseError(Exception):
    """The team can't be deleted. The text says what is still in it."""


@transaction.atomic
def create_team(*, name: str, by: User) -> Team:
    """A team with this person as its owner; it becomes their current one. Raises PermissionDenied, ValidationError."""
    if not may_create_team(by):
        raise PermissionDenied(gettext("You are in no team. Ask an admin of a team to invite you."))
    team = Team.objects.create(name=_valid_team_name(name))
    Membership.objects.create(team=team, user=by, role=Role.OWNER)
    audit.record(team=team, actor=by, action=AuditAction.TEAM_CREATED, target=team.name)
    by.current_team = team
    by.save(update_fields=["current_team"])
    return team


def may_create_team(user: User) -> bool:
    """Whoever is in a team, or runs the installation. A guest was let in for one dataset, not to bring their own."""
    return not user.is_service_account and (user.is_superuser or user.memberships.exists())


@transaction.atomic
def rename_team(*, team: Team, name: str, by: User) -> None:
    """Raises PermissionDenied, ValidationError."""
    team = lock(team)
    _demand(roles.may_manage(_role_of(team, by)))
    before, team.name = team.name, _valid_team_name(name)
    team.save(update_fields=["name"])
    audit.record(team=team, actor=by, action=AuditAction.TEAM_CHANGED, target=f"name: {before} → {team.name}")


@transaction.atomic
def delete_team(*, team: Team, by: User) -> None:
    """Only an owner's, and only an empty one. Raises PermissionDenied, TeamInUseError."""
    team = lock(team)
    _demand(roles.may_delete_team(_role_of(team, by)))
    if team.memberships.exclude(user=by).exists():
        raise TeamInUseError(
            gettext("Others are still in the team. Remove them and delete the service accounts first.")
        )
    if not by.memberships.exclude(team=team).exists():
        raise TeamInUseError(gettext("It is your only team. Create or join another one first."))
    # Only operators see it: who could see the team's log is in the team no more.
    audit.record(team=team, actor=by, action=AuditAction.TEAM_DELETED, target=team.name)
    try:
        team.delete()
    except ProtectedError:
        raise TeamInUseError(gettext("The team still has datasets. Delete them first.")) from None


@transaction.atomic
def switch_team(*, user: User, team: Team) -> None:
    """Raises Membership.DoesNotExist for a team the person is not in."""
    Membership.objects.get(team=team, user=user)
    user.current_team = team
    user.save(update_fields=["current_team"])


@transaction.atomic
def change_role(*, team: Team, user: User, role: str, by: User) -> None:
    """Raises PermissionDenied, LastOwnerError."""
    team = lock(team)
    membership = _membership_of(team, user)
    before = membership.role
    _demand(roles.may_change_role(_role_of(team, by), before, role), _why_not(before, role))
    if before == role:
        return
    membership.role = role
    membership.save(update_fields=["role"])
    if before == Role.OWNER:
        _demand_an_owner(team)
    if by != user:
        tell(user, f"You are {Role(role).label.lower()} of {team.name} now.")
    # Whom they invited as what they can no longer give must not come in through the back door.
    _revoke_invitations(team, user, by, keep=set(roles.roles_given_by(role)))
    words = f"{user.get_full_name()}: {Role(before).label} → {Role(role).label}"
    audit.record(team=team, actor=by, action=AuditAction.ROLE_CHANGED, target=words)


@transaction.atomic
def end_membership(*, team: Team, user: User, by: User) -> None:
    """Take somebody no longer in the team, or leave it. Call it through datasets.members, which sees to their datasets.

    From the next request on neither session nor token opens anything of this team. Tokens that the person made in it
    are revoked, those of other teams or from before are not. Who is in no other team is signed out everywhere.
    Raises PermissionDenied, LastOwnerError.
    """
    team = lock(team)
    membership = _membership_of(team, user)
    user = membership.user
    if by != user:
        _demand(roles.may_remove(_role_of(team, by), membership.role), _why_not(membership.role, membership.role))
    elif user.is_service_account:
        raise PermissionDenied(gettext("A service account can't leave its team. An admin may delete it."))
    membership.delete()
    if membership.role == Role.OWNER:
        _demand_an_owner(team)
    _revoke_invitations(team, user, by, keep=set())
    _end_access(team, user)
    action = AuditAction.LEFT if by == user else AuditAction.REMOVED
    audit.record(team=team, actor=by, action=action, target="" if by == user else user.email)


def _end_access(team: Team, user: User) -> None:
    ApiToken.objects.filter(user=user, team=team, revoked_at=None).update(revoked_at=timezone.now())
    if not user.memberships.exists():
        User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)


def lock(team: Team) -> Team:
    """The team's row, locked to the end of the transaction: changes of its people happen one after the other."""
    # no_key: rows that merely refer to the team, such as datasets, may be made meanwhile.
    return Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _membership_of(team: Team, user: User) -> Membership:
    found = Membership.objects.select_related("user").filter(team=team, user=user).first()
    if found is None:  # somebody else was quicker
        raise PermissionDenied(gettext("%(user)s is not in the team any more.") % {"user": user.get_full_name()})
    return found


def _role_of(team: Team, user: User) -> str:
    """As it is now, under the lock: what the page knew may be out of date."""
    return Membership.objects.filter(team=team, user=user).values_list("role", flat=True).first() or ""


def _demand(allowed: bool, why_not: str = "") -> None:
    if not allowed:
        raise PermissionDenied(why_not or gettext("Only the team's owners and admins may do that."))


def _why_not(*involved: str) -> str:
    if Role.SERVICEACCOUNT in involved:
        return gettext("The role of a service account can't be changed, and people can't become service accounts.")
    return (
        gettext("Only an owner may do that.")
        if Role.OWNER in involved
        else gettext("Only the team's owners and admins may do that.")
    )


def _demand_an_owner(team: Team) -> None:
    """After an owner went, which is undone with the transaction. Others may go even if the last owner is disabled."""
    if not queries.owners_of(team).exists():
        raise LastOwnerError


def _revoke_invitations(team: Team, invited_by: User, by: User, *, keep: set[Role]) -> None:
    open_ones = team.invitations.filter(invited_by=invited_by, accepted_at=None, revoked_at=None)
    for invitation in open_ones.exclude(role__in=keep):
        if keep and not invitation.role:
            continue  # guests may be invited by whoever manages
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        audit.record(team=team, actor=by, action=AuditAction.INVITATION_REVOKED, target=invitation.email)


def tell(user: User, title: str, *, path: str = "/") -> None:
    membership_changed.send(Membership, user=user, title=title, path=path)


def _valid_team_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_TEAM_NAME or "\0" in name:
        raise ValidationError(
            {
                "name": gettext("A name of 1 to %(longest_team_name)s characters. For example: Acme Vision")
                % {"longest_team_name": LONGEST_TEAM_NAME}
            }
        )
    try:
        validate_visible(name)
    except ValidationError as error:
        raise ValidationError({"name": error}) from None
    return name


@transaction.atomic
def demand_second_factor(*, team: Team, demanded: bool, by: User) -> None:
    """From their next page on, members without a second factor get no further than to its set-up.

    Raises PermissionDenied.
    """
    team = lock(team)
    _demand(roles.may_manage(_role_of(team, by)))
    team.mfa_required = demanded
    team.save(update_fields=["mfa_required"])
    words = "two-factor authentication: required" if demanded else "two-factor authentication: optional"
    audit.record(team=team, actor=by, action=AuditAction.TEAM_CHANGED, target=words)
