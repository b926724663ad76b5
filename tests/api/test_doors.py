"""Whatever operation of a dataset there is: strangers learn nothing, colleagues look, nobody enters without a token."""

from __future__ import annotations

import json

import pytest
from schemathesis import GenerationMode

from datasets.models import Dataset
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
GUARDED = [operation for operation in OPERATIONS if not operation.is_public]
OF_DATASETS = [operation for operation in GUARDED if operation.of_dataset]
CHANGING = [
    operation
    for operation in OF_DATASETS
    if operation.method not in {"GET", "HEAD"} or str(operation) in GRANTS_WRITING
]
READING = [operation for operation in OF_DATASETS if operation not in CHANGING]
EXAMPLES = 3


def answers(operation: Operation, dataset_id: str, token: str, *, count: int = EXAMPLES) -> set[tuple[int, str]]:
    """Status and code of the answers to a few right requests."""
    found: set[tuple[int, str]] = set()

    def ask(case: AnyCase) -> None:
        response = call(case, token)
        content = json.loads(response.content) if response.content else {}
        found.add((response.status_code, content.get("code", "") if isinstance(content, dict) else ""))

    path = {"dataset_id": dataset_id} if operation.of_dataset else {}
    for_some(operation.cases(GenerationMode.POSITIVE, **path), count, ask)
    return found


def test_only_a_few_are_open_to_everybody() -> None:
    assert {str(operation) for operation in OPERATIONS if operation.is_public} == PUBLIC
    assert len(OF_DATASETS) >= 20
    assert len(CHANGING) >= 7


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_without_a_token_it_is_401(operation: Operation, ready: Dataset) -> None:
    assert answers(operation, ready.pk, "") == {(401, "UNAUTHORIZED")}
    assert answers(operation, ready.pk, "lp_wrong") == {(401, "UNAUTHORIZED")}


@pytest.mark.parametrize("operation", OF_DATASETS, ids=str)
def test_for_charlie_there_is_no_such_dataset(operation: Operation, ready: Dataset, charlie: User) -> None:
    """Exactly as if there were none."""
    token = create_token(user=charlie, name="test")
    assert answers(operation, ready.pk, token) == {(404, "DATASET_UNKNOWN")}
    assert answers(operation, "f" * 24, token) == {(404, "DATASET_UNKNOWN")}


@pytest.mark.parametrize("operation", READING, ids=str)
def test_bob_may_look(operation: Operation, ready: Dataset, bob: User) -> None:
    found = answers(operation, ready.pk, create_token(user=bob, name="test"))
    assert not {status for status, _ in found} & {401, 403, 500}
    assert "DATASET_UNKNOWN" not in {code for _, code in found}


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_bob_may_change_nothing(operation: Operation, ready: Dataset, bob: User) -> None:
    assert answers(operation, ready.pk, create_token(user=bob, name="test")) == {(403, "FORBIDDEN")}


@pytest.mark.parametrize("operation", OF_DATASETS, ids=str)
def test_alice_may(operation: Operation, ready: Dataset, alice: User) -> None:
    found = answers(operation, ready.pk, create_token(user=alice, name="test"))
    assert not {status for status, _ in found} & {401, 403, 500}
    assert "DATASET_UNKNOWN" not in {code for _, code in found}
