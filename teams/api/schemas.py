"""Teams as the REST API shows them. The official client refuses any key it does not know, so none may be added."""

from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from core.addresses import LONGEST
from teams.models import Membership, Role, Team, User

HEX_ID = r"^[a-f0-9]{24}$"
# There are no plans here that could run out, but the client wants to know until when: the end of 9999.
FOR_EVER = 253_402_300_799_000
# Tokens are stored as fingerprints, so none can be shown. The client wants at least five characters.
HIDDEN_TOKEN = "lp_*****"  # noqa: S105 - stands for one


class Error(Schema):
    """What went wrong: a code of the client's ApiErrorCode list and a sentence."""

    code: str
    error: str


class Created(Schema):
    id: str = Field(pattern=HEX_ID)


class TeamData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(pattern=HEX_ID)
    name: str
    created_at: int = Field(alias="createdAt", description="milliseconds")
    valid_until: int = Field(alias="validUntil", description="milliseconds; the end of 9999")


class TeamBasicData(Schema):
    id: str = Field(pattern=HEX_ID)
    name: str
    role: Role


class ProfileBasicData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    id: str
    name: str | None = None
    email: str | None = None
    created_at: int = Field(alias="createdAt", description="milliseconds")
    teams: list[TeamBasicData] = Field(description="only this team, with the person's role in it")


class ServiceAccountBasicData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    id: str
    name: str
    token: str = Field(description="never the real token: only its hash is stored")
    created_at: int = Field(alias="createdAt", description="milliseconds")


class MembershipCreate(Schema):
    email: str = Field(max_length=LONGEST)
    role: Literal["OWNER", "ADMIN", "MEMBER"]


class MembershipUpdate(Schema):
    role: Literal["OWNER", "ADMIN", "MEMBER"]


def milliseconds(moment: Any) -> int:
    return int(moment.timestamp() * 1000)


def team_data(team: Team) -> dict[str, Any]:
    created_at = milliseconds(team.created_at)
    return {"id": team.pk, "name": team.name, "createdAt": created_at, "validUntil": FOR_EVER}


def profile_data(membership: Membership) -> dict[str, Any]:
    """Needs `user` and `team` selected."""
    user, team = membership.user, membership.team
    data = {
        "id": user.pk,
        "email": user.email,
        "createdAt": milliseconds(user.date_joined),
        "teams": [{"id": team.pk, "name": team.name, "role": membership.role}],
    }
    return data | ({"name": user.name} if user.name else {})


def service_account_data(account: User) -> dict[str, Any]:
    created_at = milliseconds(account.date_joined)
    return {"id": account.pk, "name": account.name, "token": HIDDEN_TOKEN, "createdAt": created_at}
