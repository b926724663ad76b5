"""Teams, as the official client's generated code sees them. That of 1.3.3 has none, that of 1.4.5 is incomplete."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.e2e.client.conftest import OfficialClient
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack
from tests.races import leave_together, members_of


@pytest.mark.parametrize("version", ["1.5.26"], indirect=True)
def test_everything_about_teams(official: OfficialClient, stack: Stack, person: Person, name: str) -> None:
    friend = stack.backstage.person(f"{name}-friend")
    colleague = stack.backstage.person(f"{name}-colleague", team=person["team"], role="MEMBER")
    stack.backstage.service_account("nightly", person)
    said = official.script(
        "teams.py",
        team=person["team"],
        colleague=colleague["email"],
        friend=friend["email"],
        nobody=f"{name}-nobody@example.com",
    )
    token = said.pop("token")
    assert said == {
        "name": f"Team of {name}",
        "before": {person["email"]: "OWNER", colleague["email"]: "MEMBER"},
        "after": {person["email"]: "OWNER", colleague["email"]: "MEMBER"},
        "promoted": "ADMIN",
        "removed": True,
        "account": ["nightly", "lp_*****"],
        "ids": [24, 24],
    }
    answer = requests.get(f"{stack.url}/v1/teams/{person['team']}", params={"token": token}, timeout=30)
    assert answer.status_code == 200


def test_a_service_accounts_token_works_and_ends(stack: Stack, person: Person, name: str, tmp_path: Path) -> None:
    account = stack.backstage.service_account("nightly", person)
    headers = {"Authorization": f"Bearer {stack.backstage.token(person)}"}
    reset = f"{stack.url}/v1/teams/{person['team']}/serviceaccounts/{account}/token"
    first = requests.post(reset, headers=headers, timeout=30).json()
    official = OfficialClient("1.5.26", stack, first, tmp_path)
    code = (
        "from lightly.api import ApiWorkflowClient\n"
        "client = ApiWorkflowClient()\n"
        "client.create_dataset('by-a-script')\n"
        "print([dataset.name for dataset in client.get_datasets()])"
    )
    assert official.run(code).output == "['by-a-script']\n"
    requests.post(reset, headers=headers, timeout=30).raise_for_status()
    ran = official.run("from lightly.api import ApiWorkflowClient\nApiWorkflowClient().get_datasets()")
    assert ran.code == 1
    assert "401" in ran.errors


def test_of_owners_who_leave_at_the_same_moment_one_stays(stack: Stack, person: Person, name: str) -> None:
    owners = [person]
    owners += [stack.backstage.person(f"{name}-{number}", team=person["team"]) for number in range(3)]
    assert leave_together(stack, person["team"], owners) == [204, 204, 204, 409]
    stayed = [owner for owner in owners if _enters(stack, owner)]
    assert len(stayed) == 1
    assert [each["email"] for each in members_of(stack, person["team"], stack.backstage.token(stayed[0]))] == [
        stayed[0]["email"]
    ]


def _enters(stack: Stack, person: Person) -> bool:
    """Whether the session of before still opens the dashboard."""
    cookies = {"lightly_session": person["session"]}
    return requests.get(stack.url, cookies=cookies, allow_redirects=False, timeout=30).status_code == 200
