"""/v1/teams: people, roles, service accounts. What ends or changes a membership is in datasets.members_api."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router

from core.addresses import validate_address
from core.api.errors import ApiError, malformed
from teams import queries, roles
from teams.access import colleague_for, managing_membership_for, membership_for, service_account_for
from teams.api.authentication import caller, needs
from teams.api.schemas import (
    ActivityData,
    ActivityQuery,
    Error,
    MembershipCreate,
    ProfileBasicData,
    ServiceAccountBasicData,
    TeamData,
    activity_data,
    profile_data,
    service_account_data,
    team_data,
)
from teams.audit import queries as activity
from teams.invitations import services as invitations
from teams.models import Membership, Scope, User
from teams.service_accounts import services as service_accounts

router = Router(tags=["teams"])
Answer = dict[str, Any]


def caller_in(request: HttpRequest, team_id: str, *, managing: bool = False) -> Membership:
    """The caller's membership. Raises ApiError 404, or PermissionDenied for who may only look."""
    door = managing_membership_for if managing else membership_for
    try:
        return door(caller(request), team_id)
    except Http404 as error:
        raise ApiError(404, "TEAM_UNKNOWN", str(error)) from None


def member_of(mine: Membership, user_id: str) -> Membership:
    """A person of the caller's team. Raises ApiError 404."""
    try:
        return colleague_for(mine, user_id)
    except Http404 as error:
        raise ApiError(404, "USER_NOT_KNOWN", str(error)) from None


@router.get(
    "/teams/{team_id}",
    auth=needs(Scope.READ),
    response={200: TeamData, 401: Error, 403: Error, 404: Error},
    by_alias=True,
)
def get_team(request: HttpRequest, team_id: str) -> Answer:
    return team_data(caller_in(request, team_id).team)


@router.get(
    "/teams/{team_id}/members",
    auth=needs(Scope.READ),
    response={200: list[ProfileBasicData], 401: Error, 403: Error, 404: Error},
    by_alias=True,
    exclude_none=True,
)
def list_members(request: HttpRequest, team_id: str) -> list[Answer]:
    """The team's people, owners first, without its service accounts."""
    team = caller_in(request, team_id).team
    return [profile_data(each) for each in queries.people_of(team).select_related("team")]


@router.post(
    "/teams/{team_id}/members",
    auth=needs(Scope.ADMIN),
    response={200: str, 400: Error, 401: Error, 403: Error, 404: Error, 409: Error},
)
def add_member(request: HttpRequest, team_id: str, payload: MembershipCreate) -> str:
    """Invites the person, by mail if there is a mail server: the answer is the invitation's id.

    They are in the team once they accept. Who has an account finds the invitation in the inbox of the dashboard too;
    the *Team* page has its link.
    """
    mine = caller_in(request, team_id, managing=True)
    email = User.objects.normalize_email(payload.email)
    try:
        validate_address(email)  # before it is looked for: no database can be asked for a NUL or half a character
    except ValidationError as error:
        raise malformed(f"email: {' '.join(error.messages)}") from None
    if payload.role not in roles.roles_given_by(mine.role):
        raise PermissionDenied(gettext("Only an owner may do that."))
    if mine.team.members.filter(email=email).exists():
        raise ApiError(409, "CONFLICT", f"{email} is in the team already.")
    if queries.pending_invitations_of(mine.team).filter(email=email, expires_at__gt=timezone.now()).exists():
        raise ApiError(409, "CONFLICT", f"{email} is invited already.")
    try:
        invited = invitations.Invited(email, payload.role)
        (invitation,) = invitations.invite(team=mine.team, people=[invited], by=caller(request))
    except ValidationError as error:
        raise malformed(f"email: {' '.join(error.messages)}") from None
    return invitation.pk


@router.get(
    "/teams/{team_id}/activity",
    auth=needs(Scope.ADMIN),
    response={200: ActivityData, 400: Error, 401: Error, 403: Error, 404: Error},
    by_alias=True,
)
def list_activity(request: HttpRequest, team_id: str, wanted: Query[ActivityQuery]) -> Answer:
    """Who did what, when and from where, newest first. For the team's owners and admins."""
    team = caller_in(request, team_id, managing=True).team
    found = activity.activity_of(team, wanted.filters)
    return activity_data(*activity.page_of(found, wanted.limit, activity.Cursor.read(wanted.before)))


@router.get(
    "/teams/{team_id}/serviceaccounts",
    auth=needs(Scope.READ),
    response={200: list[ServiceAccountBasicData], 401: Error, 403: Error, 404: Error},
    by_alias=True,
)
def list_service_accounts(request: HttpRequest, team_id: str) -> list[Answer]:
    """Their tokens can't be shown again: something stands in for them."""
    team = caller_in(request, team_id).team
    return [service_account_data(account) for account in queries.service_accounts_of(team)]


@router.post(
    "/teams/{team_id}/serviceaccounts/{service_account_id}/token",
    auth=needs(Scope.ADMIN),
    response={200: str, 401: Error, 403: Error, 404: Error},
)
def reset_service_account_token(request: HttpRequest, team_id: str, service_account_id: str) -> str:
    """All tokens of the service account end; the answer is its new one."""
    mine = caller_in(request, team_id, managing=True)
    try:
        account = service_account_for(mine, service_account_id).user
    except Http404 as error:
        raise ApiError(404, "USER_NOT_KNOWN", str(error)) from None
    return service_accounts.reset_token(team=mine.team, account=account, by=caller(request))
