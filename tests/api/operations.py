"""Every operation of the REST API, as its OpenAPI document lists them: a new one is tested without being named here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode, Response

from lightly_platform.api import api

AnyCase = Case[Any]
DOCUMENT: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
_schema = schemathesis.openapi.from_dict(DOCUMENT)
_schema.app = get_wsgi_application()


class Operation(NamedTuple):
    method: str
    path: str
    details: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def of_dataset(self) -> bool:
        return "{dataset_id}" in self.path

    @property
    def of_team(self) -> bool:
        return "{team_id}" in self.path

    def parts(self, known: dict[str, str]) -> dict[str, str]:
        """The known ids that stand in its path."""
        return {name: value for name, value in known.items() if f"{{{name}}}" in self.path}

    @property
    def is_public(self) -> bool:
        return not self.details.get("security")

    def cases(self, mode: GenerationMode, **path: str) -> SearchStrategy[AnyCase]:
        """Requests made up from the document: right ones, or such with something wrong."""
        cases: SearchStrategy[AnyCase] = _schema[self.path][self.method].as_strategy(
            generation_mode=mode, path_parameters=path or None
        )
        return cases


OPERATIONS = [
    Operation(method.upper(), path, details)
    for path, methods in DOCUMENT["paths"].items()
    for method, details in methods.items()
]


def for_some(cases: SearchStrategy[AnyCase], count: int, test: Callable[[AnyCase], None]) -> None:
    """The same ones on every run."""
    chosen = settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    chosen(given(cases)(lambda case: test(case)))()


def call(case: AnyCase, token: str = "") -> Response:
    """The answer to it. What it changed is undone, so that the next one finds everything as it was."""
    # Long answers would come compressed, and nobody here unpacks them.
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
    # As django.test.Client does it: the end of a request must not close the connection a test's transaction is in.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
    return response
