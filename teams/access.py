"""The only door from a person and an id to a team. Who is not in it learns nothing of it: 404."""

import re
from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.http import Http404
from django.utils.translation import gettext

from teams import roles
from teams.models import Invitation, Membership, User

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
_ID = re.compile("[a-f0-9]{24}")  # anything else may hold a NUL, on which PostgreSQL fails


def membership_for(user: User, team_id: str) -> Membership:
    """The person's membership, with its team. Raises Http404."""
    found = None
    if _ID.fullmatch(team_id):
        found = Membership.objects.select_related("team", "user").filter(team=team_id, user=user).first()
    if found is None:
        raise Http404(gettext("There is no such team, or you are not in it."))
    return found


def managing_membership_for(user: User, team_id: str) -> Membership:
    """As before, for who may change the team. Raises Http404, or PermissionDenied for who may only look."""
    membership = membership_for(user, team_id)
    if not membership.manages:
        raise PermissionDenied(gettext("Only the team's owners and admins may do that."))
    return membership


def manages_any(user: User, memberships: Iterable[Membership]) -> bool:
    """Whether the person with these memberships answers for anything of others: a team's owner or admin, or staff."""
    return user.is_staff or any(membership.manages for membership in memberships)


def colleague_for(mine: Membership, user_id: str) -> Membership:
    """A person of the same team. Raises Http404, also for a service account."""
    return _other(mine, user_id, is_service_account=False)


def service_account_for(mine: Membership, user_id: str) -> Membership:
    """A service account of the same team. Raises Http404."""
    return _other(mine, user_id, is_service_account=True)


def _other(mine: Membership, user_id: str, *, is_service_account: bool) -> Membership:
    found = None
    if _ID.fullmatch(user_id):
        others = Membership.objects.select_related("user", "team").filter(team=mine.team)
        others = others.filter(user__is_service_account=is_service_account)
        found = others.filter(user=user_id).first()
    if found is None:
        raise Http404(gettext("There is no such person in your team."))
    return found


def invitation_for(mine: Membership, invitation_id: str) -> Invitation:
    """An invitation that this person may renew or revoke. Raises Http404 or PermissionDenied."""
    found = Invitation.objects.select_related("team").filter(team=mine.team, pk=invitation_id).first()
    if found is None:
        raise Http404(gettext("There is no such invitation."))
    if found.role and found.role not in roles.roles_given_by(mine.role):
        raise PermissionDenied(gettext("Only an owner may change the invitation of an owner."))
    return found


def needs_second_factor(user: User | AnonymousUser) -> bool:
    """Whether a team of theirs lets in only people with a second factor."""
    return user.is_authenticated and Membership.objects.filter(user=user, team__mfa_required=True).exists()


def lacking_second_factor(user: OuterRef) -> "ExpressionWrapper[Q]":
    """For rows with a person: whether one of their teams demands a second factor, and they have none.

    Nobody sits in front of a service account, so nothing is demanded of it.
    """
    demanded = Membership.objects.filter(user=user, team__mfa_required=True, user__is_service_account=False)
    factors = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS)
    return ExpressionWrapper(Exists(demanded) & ~Exists(factors), output_field=BooleanField())


def secured_people(user_ids: Iterable[str]) -> set[str]:
    """Which of them have a second factor."""
    found = Authenticator.objects.filter(user__in=list(user_ids), type__in=SECOND_FACTORS)
    return set(found.values_list("user_id", flat=True))
