"""Two people do something at the same moment, through the running product's REST API."""

from __future__ import annotations

import threading

import requests

from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack


def leave_together(stack: Stack, team: str, people: list[Person]) -> list[int]:
    """Status of each one's request to leave the team. All are under way before any is answered."""
    tokens = [stack.backstage.token(person) for person in people]
    ids = {each["email"]: each["id"] for each in members_of(stack, team, tokens[0])}
    start = threading.Barrier(len(people), timeout=20)
    statuses: list[int] = []

    def leave(token: str, user_id: str) -> None:
        start.wait()
        url = f"{stack.url}/v1/teams/{team}/members/{user_id}"
        statuses.append(requests.delete(url, headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code)

    threads = [
        threading.Thread(target=leave, args=(token, ids[person["email"]]))
        for token, person in zip(tokens, people, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def members_of(stack: Stack, team: str, token: str) -> list[dict[str, str]]:
    answer = requests.get(
        f"{stack.url}/v1/teams/{team}/members", headers={"Authorization": f"Bearer {token}"}, timeout=60
    )
    answer.raise_for_status()
    found: list[dict[str, str]] = answer.json()
    return found
