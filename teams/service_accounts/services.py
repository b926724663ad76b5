"""Accounts of scripts: they belong to a team, have tokens, and can never sign in."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.ids import new_id
from core.words import moment_words
from teams import audit, roles, services
from teams.membership import lock
from teams.models import AuditAction, Membership, Role, Team, User

# .invalid is reserved (RFC 2606): no mail can ever reach such an address, and nobody can own one.
_DOMAIN = "service-account.invalid"
LONGEST_NAME = 150


@transaction.atomic
def create(*, team: Team, name: str, by: User) -> User:
    """Raises PermissionDenied, or ValidationError by field for a bad or taken name."""
    team = lock(team)
    _demand_manager(team, by)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\0" in name:
        raise ValidationError(
            {
                "name": gettext("A name of 1 to %(longest_name)s characters. For example: nightly-training")
                % {"longest_name": LONGEST_NAME}
            }
        )
    if team.members.filter(is_service_account=True, name=name).exists():
        raise ValidationError(
            {"name": gettext("The team has a service account named %(name)s already.") % {"name": name}}
        )
    account_id = new_id()
    account = User.objects.create_user(
        f"{account_id}@{_DOMAIN}",
        None,
        pk=account_id,
        name=name,
        is_service_account=True,
        current_team=team,
        email_is_proven=True,  # we made it ourselves
    )
    Membership.objects.create(team=team, user=account, role=Role.SERVICEACCOUNT)
    audit.record(team=team, actor=by, action=AuditAction.SERVICE_ACCOUNT_CREATED, target=name)
    return account


@transaction.atomic
def create_token(
    *,
    team: Team,
    account: User,
    name: str,
    by: User,
    scopes: Iterable[str] = services.DEFAULT_SCOPES,
    expires_at: datetime | None = None,
) -> str:
    """A further token as plain text: the only moment it can be read. Raises PermissionDenied, ValidationError."""
    _demand_manager(team, by)
    _demand_of_team(team, account)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\0" in name:
        raise ValidationError(
            {
                "name": gettext("A name of 1 to %(longest_name)s characters. For example: training-server")
                % {"longest_name": LONGEST_NAME}
            }
        )
    # Also what keeps a reload, which sends the form again, from making another token.
    if any(token.state == "ACTIVE" for token in account.api_tokens.filter(name=name)):
        raise ValidationError(
            {
                "name": gettext("%(account)s has a token named %(name)s already.")
                % {"account": account.name, "name": name}
            }
        )
    return services.create_token(user=account, name=name, scopes=scopes, expires_at=expires_at, by=by)


@transaction.atomic
def reset_token(*, team: Team, account: User, by: User) -> str:
    """End all its tokens and make one new one, with the rights that they had, for a year. Raises PermissionDenied."""
    _demand_manager(team, by)
    _demand_of_team(team, account)
    now, scopes = timezone.now(), set()
    for token in account.api_tokens.filter(revoked_at=None):
        scopes |= set(token.scopes.split())
        services.revoke_token(user=account, token_id=token.pk, by=by)
    return services.create_token(
        user=account,
        name=f"reset on {moment_words(now)}",
        scopes=scopes or services.DEFAULT_SCOPES,
        expires_at=now + services.DEFAULT_LIFETIME,
        by=by,
    )


@transaction.atomic
def revoke_token(*, team: Team, account: User, token_id: str, by: User) -> None:
    """Raises PermissionDenied, ApiToken.DoesNotExist."""
    _demand_manager(team, by)
    _demand_of_team(team, account)
    services.revoke_token(user=account, token_id=token_id, by=by)


@transaction.atomic
def delete(*, team: Team, account: User, by: User) -> None:
    """Its tokens end at once; checks it asked for keep their history. Call it through datasets.members.

    Raises PermissionDenied.
    """
    team = lock(team)
    _demand_manager(team, by)
    _demand_of_team(team, account)
    account.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    account.memberships.filter(team=team).delete()
    User.objects.filter(pk=account.pk).update(is_active=False)
    audit.record(team=team, actor=by, action=AuditAction.SERVICE_ACCOUNT_DELETED, target=account.name)


def _demand_manager(team: Team, by: User) -> None:
    role = Membership.objects.filter(team=team, user=by).values_list("role", flat=True).first() or ""
    if not roles.may_manage(role):
        raise PermissionDenied(gettext("Only the team's owners and admins may change its service accounts."))


def _demand_of_team(team: Team, account: User) -> None:
    if not account.is_service_account or not team.memberships.filter(user=account).exists():
        raise PermissionDenied(gettext("This is not a service account of this team."))
