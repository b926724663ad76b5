"""Teams as the REST API shows them. The official client refuses any key it does not know, so none may be added."""

from datetime import date
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from core.addresses import LONGEST
from core.api.parameters import Parameters
from teams.actions import AuditCategory
from teams.audit.queries import Cursor, Filters
from teams.models import AuditEntry, Membership, Role, Team, User

HEX_ID = r"^[a-f0-9]{24}$"
NO_NUL = r"^[^\x00]*$"  # no database can be asked for one
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


class ActivityQuery(Parameters):
    """The filters of the page, and which part of what they find."""

    person: str = Field("", max_length=254, pattern=NO_NUL, description="part of the name or address of who did it")
    category: AuditCategory | None = None
    since: date | None = Field(None, description="first day, in UTC")
    until: date | None = Field(None, description="last day, in UTC")
    q: str = Field("", max_length=200, pattern=NO_NUL, description="words in the rest of an entry")
    before: str = Field("", pattern=r"^(\d{1,16}-[a-f0-9]{24})?$", description="`next` of the answer before")
    limit: int = Field(100, ge=1, le=1000)

    @property
    def filters(self) -> Filters:
        return Filters(self.person, self.category or "", self.since, self.until, self.q)


class ActivityEntryData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(pattern=HEX_ID)
    created_at: int = Field(alias="createdAt", description="milliseconds")
    action: str
    category: AuditCategory | None = Field(description="null for an action of a newer release")
    actor_name: str = Field(alias="actorName", description="empty if nobody did it, or nobody knows who")
    actor_email: str = Field(alias="actorEmail")
    via: str = Field(description="PAGE, API, ADMIN or SYSTEM; empty in entries of older releases")
    token_name: str = Field(alias="tokenName")
    address: str = Field(description="IP address of the client")
    target: str
    dataset_id: str = Field(alias="datasetId")
    dataset_name: str = Field(alias="datasetName")


class ActivityData(Schema):
    entries: list[ActivityEntryData] = Field(description="newest first")
    next: str = Field(description="send it as `before` to get older entries; empty if there are none")


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


def activity_data(entries: list[AuditEntry], following: Cursor | None) -> dict[str, Any]:
    return {
        "entries": [
            {
                "id": entry.pk,
                "createdAt": int(entry.created_at.timestamp() * 1000),
                "action": entry.action,
                "category": entry.category,
                "actorName": entry.actor_name,
                "actorEmail": entry.actor_email,
                "via": entry.via,
                "tokenName": entry.token_name,
                "address": entry.address,
                "target": entry.target,
                "datasetId": entry.dataset_id,
                "datasetName": entry.dataset_name,
            }
            for entry in entries
        ],
        "next": str(following or ""),
    }
