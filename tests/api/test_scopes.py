"""Each operation says which right a token needs for it, and is refused to every other token."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ninja.constants import NOT_SET
from schemathesis import GenerationMode

from lightly_platform.api import api
from teams.api.authentication import TokenAuth
from teams.models import ApiToken, Scope, User
from teams.services import create_token
from tests.api.operations import OPERATIONS, AnyCase, Operation, call, for_some

pytestmark = pytest.mark.django_db
GUARDED = [operation for operation in OPERATIONS if not operation.is_public]
# What changes something, and what it needs. A new operation has to be added here knowingly; all others only read.
NEEDS = {
    "POST /v1/datasets": Scope.DATASOURCES,
    "PUT /v1/datasets/{dataset_id}": Scope.DATASOURCES,
    "DELETE /v1/datasets/{dataset_id}": Scope.DATASOURCES,
    "PUT /v1/datasets/{dataset_id}/datasource": Scope.DATASOURCES,
    "GET /v1/datasets/{dataset_id}/datasource/verify": Scope.DATASOURCES,
    "GET /v1/datasets/{dataset_id}/datasource/predictions/writeUrl": Scope.RUNS,
    "PUT /v1/datasets/{dataset_id}/datasource/processedUntilTimestamp": Scope.RUNS,
    "POST /v1/datasets/{dataset_id}/contents/index": Scope.RUNS,
    "POST /v1/datasets/{dataset_id}/collaboration/access": Scope.ADMIN,
    "DELETE /v1/datasets/{dataset_id}/collaboration/access/{access_config_id}": Scope.ADMIN,
    "POST /v1/teams/{team_id}/members": Scope.ADMIN,
    "PUT /v1/teams/{team_id}/members/{user_id}": Scope.ADMIN,
    "DELETE /v1/teams/{team_id}/members/{user_id}": Scope.ADMIN,
    "POST /v1/teams/{team_id}/serviceaccounts/{service_account_id}/token": Scope.ADMIN,
}


def needed(operation: Operation) -> Scope:
    return NEEDS.get(str(operation), Scope.READ)


def ask(operation: Operation, known: dict[str, str], token: str) -> tuple[int, dict[str, Any]]:
    """Status and content of the answer to one right request."""
    found: list[tuple[int, dict[str, Any]]] = []

    def send(case: AnyCase) -> None:
        response = call(case, token)
        content = json.loads(response.content) if response.content else {}
        found.append((response.status_code, content if isinstance(content, dict) else {}))

    for_some(operation.cases(GenerationMode.POSITIVE, **operation.parts(known)), 1, send)
    return found[0]


def test_every_route_declares_one() -> None:
    """Without one it would be refused to everybody."""
    undeclared = []
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                if operation.auth_param in (None, []):  # public, which tests/api/test_doors.py lists
                    continue
                scopes = [auth.scope for auth in operation.auth_callbacks if isinstance(auth, TokenAuth)]
                if operation.auth_param is NOT_SET or not scopes or None in scopes:
                    undeclared.append(f"{operation.methods} {path}")
    assert undeclared == []
    assert {str(operation) for operation in OPERATIONS} >= set(NEEDS)


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_it_is_refused_without_its_right_and_told_why(operation: Operation, known: dict[str, str], alice: User) -> None:
    scope = needed(operation)
    token = create_token(user=alice, name="others")
    ApiToken.objects.update(scopes=" ".join(value for value in Scope.values if value != scope))
    status, content = ask(operation, known, token)
    assert (status, content["code"]) == (403, "FORBIDDEN")
    assert f"no right to '{scope}'" in content["error"]
    assert "Create another token" in content["error"]
    # With it, and reading, which every token may, it is enough.
    status, _ = ask(operation, known, create_token(user=alice, name="its own", scopes=[scope]))
    assert set(ApiToken.objects.get(name="its own").scopes.split()) == {Scope.READ, scope}
    assert status not in {401, 403, 500}


def test_a_route_that_declares_none_is_refused_to_everybody(alice: User, client: Any) -> None:
    from django.test import RequestFactory

    from core.api.errors import ApiError

    request = RequestFactory().get("/", {"token": create_token(user=alice, name="test")})
    with pytest.raises(ApiError) as caught:
        TokenAuth()(request)
    assert caught.value.status == 403
