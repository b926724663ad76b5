"""Whatever operation of a dataset there is: strangers learn nothing, colleagues look, nobody enters without a token."""

from __future__ import annotations

import json

import pytest
from schemathesis import GenerationMode

from teams.models import User
from teams.services import create_token
from tests.api.operations import OPERATIONS, AnyCase, Operation, call, for_some

pytestmark = pytest.mark.django_db
# These anybody may call. A new one has to be added here knowingly.
PUBLIC = {
    "GET /v1/versions/pip/latest",
    "GET /v1/versions/pip/minimum",
    # With a token of its own in the URL.
    "GET /v1/datasets/{dataset_id}/datasource/readurlRedirect",
    "HEAD /v1/datasets/{dataset_id}/datasource/readurlRedirect",
}
# Changes nothing itself, but whoever gets its answer can.
GRANTS_WRITING = {"GET /v1/datasets/{dataset_id}/datasource/predictions/writeUrl"}
# Changes nothing, and yet is only for owners and admins.
FOR_MANAGERS = {"GET /v1/teams/{team_id}/activity"}
GUARDED = [operation for operation in OPERATIONS if not operation.is_public]
OF_DATASETS = [operation for operation in GUARDED if operation.of_dataset]
OF_TEAMS = [operation for operation in GUARDED if operation.of_team]
OWNED = [*OF_DATASETS, *OF_TEAMS]
CHANGING = [
    operation
    for operation in OWNED
    if operation.method not in {"GET", "HEAD"} or str(operation) in GRANTS_WRITING | FOR_MANAGERS
]
READING = [operation for operation in OWNED if operation not in CHANGING]
EXAMPLES = 3


def unknown(operation: Operation) -> str:
    """What a stranger is told."""
    return "TEAM_UNKNOWN" if operation.of_team else "DATASET_UNKNOWN"


def answers(operation: Operation, known: dict[str, str], token: str, *, count: int = EXAMPLES) -> set[tuple[int, str]]:
    """Status and code of the answers to a few right requests."""
    found: set[tuple[int, str]] = set()

    def ask(case: AnyCase) -> None:
        response = call(case, token)
        content = json.loads(response.content) if response.content else {}
        found.add((response.status_code, content.get("code", "") if isinstance(content, dict) else ""))

    for_some(operation.cases(GenerationMode.POSITIVE, **operation.parts(known)), count, ask)
    return found


def test_only_a_few_are_open_to_everybody() -> None:
    assert {str(operation) for operation in OPERATIONS if operation.is_public} == PUBLIC
    assert len(OF_DATASETS) >= 20
    assert len(OF_TEAMS) >= 7
    assert len(CHANGING) >= 11


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_without_a_token_it_is_401(operation: Operation, known: dict[str, str]) -> None:
    assert answers(operation, known, "") == {(401, "UNAUTHORIZED")}
    assert answers(operation, known, "lp_wrong") == {(401, "UNAUTHORIZED")}


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_for_charlie_there_is_no_such_thing(operation: Operation, known: dict[str, str], charlie: User) -> None:
    """Exactly as if there were none."""
    token = create_token(user=charlie, name="test")
    assert answers(operation, known, token) == {(404, unknown(operation))}
    assert answers(operation, dict.fromkeys(known, "f" * 24), token) == {(404, unknown(operation))}


@pytest.mark.parametrize("operation", READING, ids=str)
def test_bob_may_look(operation: Operation, known: dict[str, str], bob: User) -> None:
    found = answers(operation, known, create_token(user=bob, name="test"))
    assert not {status for status, _ in found} & {401, 403, 500}
    assert unknown(operation) not in {code for _, code in found}


@pytest.mark.parametrize("operation", OF_TEAMS, ids=str)
def test_a_service_account_is_as_bob(operation: Operation, known: dict[str, str]) -> None:
    account = User.objects.get(pk=known["service_account_id"])
    found = answers(operation, known, create_token(user=account, name="test"), count=1)
    assert ({status for status, _ in found} == {403}) is (operation in CHANGING)


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_bob_may_change_nothing(operation: Operation, known: dict[str, str], bob: User) -> None:
    assert answers(operation, known, create_token(user=bob, name="test")) == {(403, "FORBIDDEN")}


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_alice_may(operation: Operation, known: dict[str, str], alice: User) -> None:
    found = answers(operation, known, create_token(user=alice, name="test"))
    assert not {status for status, _ in found} & {401, 403, 500}
    assert unknown(operation) not in {code for _, code in found}
