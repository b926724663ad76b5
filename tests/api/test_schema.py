"""The server does what its OpenAPI document says: generated requests for every operation, right ones and wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from teams.models import User
from teams.services import create_token
from tests.api.operations import OPERATIONS, AnyCase, Operation, call, for_some

pytestmark = pytest.mark.django_db
WANTED: list[Any] = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
EXAMPLES = 20


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_answer_is_a_documented_one(operation: Operation, known: dict[str, str], alice: User) -> None:
    token = create_token(user=alice, name="schemathesis")
    own = operation.parts(known)
    kinds = [
        operation.cases(GenerationMode.POSITIVE, **own),
        operation.cases(GenerationMode.POSITIVE, **own),
        operation.cases(GenerationMode.NEGATIVE, **own),
        operation.cases(GenerationMode.POSITIVE),
    ]

    def check(case: AnyCase) -> None:
        response = call(case, token)
        case.validate_response(response, checks=WANTED)

    for_some(st.one_of(kinds), EXAMPLES, check)
