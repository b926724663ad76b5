"""/v1/teams/{team}/members/{user}: change a role, remove.

It stands here, not in teams, because datasets change hands when somebody goes, and one path has one router.
"""

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Status

from core.api.errors import ApiError
from datasets.handover import services as members
from teams import queries
from teams.api.authentication import caller, needs
from teams.api.routes import caller_in, member_of
from teams.api.schemas import Error, MembershipUpdate
from teams.membership import LastOwnerError, change_role
from teams.models import Membership, Scope, User

router = Router(tags=["teams"])


@router.put(
    "/teams/{team_id}/members/{user_id}",
    auth=needs(Scope.ADMIN),
    response={204: None, 400: Error, 401: Error, 403: Error, 404: Error, 409: Error},
)
def change_member(request: HttpRequest, team_id: str, user_id: str, payload: MembershipUpdate) -> Status[None]:
    mine = caller_in(request, team_id, managing=True)
    other = member_of(mine, user_id)
    try:
        change_role(team=mine.team, user=other.user, role=payload.role, by=caller(request))
    except LastOwnerError as error:
        raise ApiError(409, "CONFLICT", str(error)) from None
    return Status(204, None)


@router.delete(
    "/teams/{team_id}/members/{user_id}",
    auth=needs(Scope.ADMIN),
    response={204: None, 401: Error, 403: Error, 404: Error, 409: Error},
)
def remove_member(request: HttpRequest, team_id: str, user_id: str) -> Status[None]:
    """Remove somebody from the team, or leave it. Their datasets go to you; if you leave, to an owner of the team."""
    mine = caller_in(request, team_id, managing=user_id != caller(request).pk)
    other = member_of(mine, user_id)
    try:
        members.remove_member(team=mine.team, user=other.user, heir=_heir(mine, other.user), by=caller(request))
    except LastOwnerError as error:
        raise ApiError(409, "CONFLICT", str(error)) from None
    except ValidationError as error:  # all owners are disabled, so nobody is there to take over
        raise ApiError(409, "CONFLICT", " ".join(error.messages)) from None
    return Status(204, None)


def _heir(mine: Membership, leaver: User) -> User:
    if leaver != mine.user:
        return mine.user
    owners = queries.owners_of(mine.team).exclude(user=leaver).select_related("user").order_by("created_at")
    other = owners.first()
    return other.user if other else leaver  # then nobody is left to take over, which is refused
