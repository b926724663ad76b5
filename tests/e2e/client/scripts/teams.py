"""What the client's generated code for teams can do. ApiWorkflowClient has no methods of its own for it."""

from __future__ import annotations

import json
import sys

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client import models  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client.api.teams_api import TeamsApi  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client.models.profile_basic_data import (  # type: ignore[import-not-found]
    ProfileBasicData,
)

# 1.5.26 brings this model along, but looks for it where it is not.
models.ProfileBasicData = ProfileBasicData

given = json.load(sys.stdin)
teams = TeamsApi(ApiWorkflowClient().api_client)
team, friend = given["team"], given["friend"]


def members() -> dict[str, str]:
    return {person.email: person.teams[0].role for person in teams.get_team_members_by_id(team)}


said = {"name": teams.get_team_by_id(team).name, "before": members()}
friend_id = teams.add_team_member(team, models.CreateTeamMembershipRequest(email=friend, role="MEMBER"))
invitation_id = teams.add_team_member(team, models.CreateTeamMembershipRequest(email=given["nobody"], role="ADMIN"))
said["after"] = members()
teams.update_team_member_by_id(team, friend_id, models.UpdateTeamMembershipRequest(role="ADMIN"))
said["promoted"] = members()[friend]
teams.delete_team_member_by_id(team, friend_id)
said["removed"] = friend not in members()
(account,) = teams.get_service_accounts_by_team_id(team)
said["account"] = [account.name, account.token]
said["token"] = teams.service_account_reset_token(team, account.id)
said["ids"] = [len(friend_id), len(invitation_id)]
print(json.dumps(said))
