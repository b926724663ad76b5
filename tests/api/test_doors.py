"""Every route of the REST API for everybody who may call it: who gets in, who is refused, and who learns nothing."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from schemathesis import GenerationMode

from datasets.models import Dataset
from teams.models import Scope, User
from tests.api.callers import EVERYBODY, FORBIDDEN, IN, NO_TOKEN, UNKNOWN, Callers, expected
from tests.api.operations import DOCUMENT, OPERATIONS, AnyCase, Operation, call, for_some
from tests.api.rules import RULES, Access

pytestmark = pytest.mark.django_db
# What paths lead to that name neither a dataset nor a team.
UNKNOWN_THINGS = {
    "{run_id}": "DOCKER_RUN_UNKNOWN",
    "{scheduled_id}": "DOCKER_RUN_UNKNOWN",
    "{config_id}": "DOCKER_WORKER_CONFIG_UNKNOWN",
    "{worker_id}": "DOCKER_WORKER_UNKNOWN",
    "{job_id}": "JOB_UNKNOWN",
}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def callers(ready: Dataset, alice: User, bob: User, charlie: User) -> Callers:
    return Callers(ready, owner=alice, member=bob, outsider=charlie)


def right_request(operation: Operation, known: dict[str, str]) -> AnyCase:
    """The same one for everybody."""
    cases: list[AnyCase] = []
    for_some(operation.cases(GenerationMode.POSITIVE, **operation.parts(known)), 1, cases.append)
    return cases[0]


def answered(operation: Operation, case: AnyCase, token: str) -> str:
    """How far one gets with this request; the answer itself if it is none of those that are expected."""
    response = call(case, token)
    content = json.loads(response.content) if response.content else {}
    code = content.get("code", "") if isinstance(content, dict) else ""
    refusals = {(401, "UNAUTHORIZED"): NO_TOKEN, (403, "FORBIDDEN"): FORBIDDEN, (404, unknown(operation)): UNKNOWN}
    if (response.status_code, code) in refusals:
        return refusals[response.status_code, code]
    # What a public route refuses is its own token, in the URL.
    own = {401} if operation.is_public else set()
    odd = response.status_code in {401, 403, 405, 429} - own or response.status_code >= 500
    return f"{response.status_code} {code}" if odd else IN


def unknown(operation: Operation) -> str:
    """What is said of things that one may not know of."""
    if operation.of_dataset or operation.of_team:
        return "DATASET_UNKNOWN" if operation.of_dataset else "TEAM_UNKNOWN"
    return next((code for part, code in UNKNOWN_THINGS.items() if part in operation.path), "DATASET_UNKNOWN")


def test_every_route_has_a_rule() -> None:
    """Say in tests/api/rules.py who may call a new route; all else follows from it."""
    assert {str(operation) for operation in OPERATIONS} == set(RULES)
    public = {str(operation) for operation in OPERATIONS if operation.is_public}
    assert public == {route for route, rule in RULES.items() if rule.access is Access.PUBLIC}


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_everybody_gets_as_far_as_the_rule_says(operation: Operation, known: dict[str, str], callers: Callers) -> None:
    rule, case = RULES[str(operation)], right_request(operation, known)
    found = {caller: answered(operation, case, callers.token(caller, rule.scope)) for caller in EVERYBODY}
    if rule.access is Access.PUBLIC:  # a token changes nothing
        assert set(found.values()) <= {IN, NO_TOKEN}
        return
    assert found == {caller: expected(caller, rule) for caller in EVERYBODY}


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.of_dataset or each.of_team], ids=str)
def test_what_is_not_there_is_answered_like_what_is_hidden(
    operation: Operation, known: dict[str, str], callers: Callers
) -> None:
    """So nobody finds out by trying ids."""
    if operation.is_public:
        return
    case = right_request(operation, dict.fromkeys(known, "f" * 24))
    scope = RULES[str(operation)].scope
    assert {answered(operation, case, callers.token(who, scope)) for who in ("outsider", "team's owner")} == {UNKNOWN}


def test_a_token_is_told_which_right_it_lacks(client: Client, callers: Callers, ready: Dataset) -> None:
    token = callers.token("token of all rights but this", Scope.DATASOURCES)
    answer = client.delete(f"/v1/datasets/{ready.pk}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert "no right to 'datasources'" in answer.json()["error"]
    assert "Create another token" in answer.json()["error"]


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_methods_outside_of_the_document_do_nothing(path: str, client: Client, known: dict[str, str]) -> None:
    others = ("access_config_id", "score_id", "configuration_id", "embedding2d_id")
    url = path.format_map(known | dict.fromkeys(others, "f" * 24) | {"dataset_name": "street", "task_name": "boxes"})
    documented = {method.upper() for method in DOCUMENT["paths"][path]}
    for method in METHODS - documented:
        assert client.generic(method, url).status_code == 405, method
