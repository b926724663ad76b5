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
team, colleague = given["team"], given["colleague"]


def members() -> dict[str, str]:
    return {person.email: person.teams[0].role for person in teams.get_team_members_by_id(team)}


said = {"name": teams.get_team_by_id(team).name, "before": members()}
# Whether they have an account or not: they are asked first.
invited = [
    teams.add_team_member(team, models.CreateTeamMembershipRequest(email=email, role="ADMIN"))
    for email in (given["friend"], given["nobody"])
]
said["after"] = members()
(colleague_id,) = (each.id for each in teams.get_team_members_by_id(team) if each.email == colleague)
teams.update_team_member_by_id(team, colleague_id, models.UpdateTeamMembershipRequest(role="ADMIN"))
said["promoted"] = members()[colleague]
teams.delete_team_member_by_id(team, colleague_id)
said["removed"] = colleague not in members()
(account,) = teams.get_service_accounts_by_team_id(team)
said["account"] = [account.name, account.token]
said["token"] = teams.service_account_reset_token(team, account.id)
said["ids"] = [len(each) for each in invited]
print(json.dumps(said))
