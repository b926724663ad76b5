"""Requests that mean no good, and a database that does not answer: an error that says what it is, never a crash."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.urls import reverse
from gunicorn.config import Config

from core.logs import LineFormatter
from datasets.models import Dataset
from datasources import tasks
from lightly_platform.api import api
from lightly_platform.env import read_environment
from lightly_platform.launcher import serving
from lightly_platform.launcher.access_log import AccessLogger
from teams.models import User
from tests.conftest import Call, Login

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def bodies() -> list[tuple[str, str]]:
    """Of every operation that takes one."""
    document: Any = api.get_openapi_schema()
    return [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]


@pytest.mark.parametrize(("method", "path"), bodies())
@pytest.mark.parametrize(("opening", "closing", "depth"), [("[", "]", 100_000), ('{"a":', "}", 990)])
def test_a_deep_nest_is_a_wrong_body(
    call: Call, alice: User, dataset: Dataset, method: str, path: str, opening: str, closing: str, depth: int
) -> None:
    ours = {"dataset_id": dataset.pk, "team_id": dataset.team_id, "user_id": alice.pk, "service_account_id": alice.pk}
    # Of what else a path names there is none.
    ids = {name: ours.get(name, "0" * 24) for name in re.findall(r"{(\w+)}", path)}
    nest = f"{opening * depth}1{closing * depth}"
    for body in (nest, f'{{"type": "S3", "purpose": "INPUT", "name": {nest}, "fullPath": {nest}, "email": {nest}}}'):
        answer = call(alice).client.generic(
            method, f"{path.format(**ids)}?token={call(alice).token}", body, content_type="application/json"
        )
        assert answer.status_code in {400, 404, 422}, answer.content
        assert len(answer.content) < 2000
        assert set(json.loads(answer.content)) == {"code", "error"}


@pytest.mark.parametrize(
    ("address", "signed_in"),
    [("/accounts/2fa/webauthn/login/", False), ("/accounts/2fa/webauthn/add/", True), ("settings", True)],
)
def test_a_deep_nest_in_a_form_is_one_too(
    login: Login, alice: User, dataset: Dataset, address: str, signed_in: bool
) -> None:
    client = login(alice) if signed_in else Client()
    client.raise_request_exception = False
    if address == "settings":
        address = reverse("datasources:settings", args=[dataset.pk, "input"])
    nest = "[" * 4000 + "]" * 4000
    answer = client.post(address, {"provider": "GCS", "credential": nest, "credentials": nest, "name": "x"})
    assert answer.status_code < 500


class TestDatabaseThatDoesNotAnswer:
    """Whoever asks, wherever it fails: 503, when to come back, and nothing of the reason but a plain sentence."""

    ERRORS = (
        (OperationalError("database is locked"), "does not answer right now", "5"),
        (OperationalError("connection to server at db.internal failed"), "does not answer right now", "5"),
        (InterfaceError("connection already closed"), "does not answer right now", "5"),
        (OperationalError("database or disk is full"), "disk is full", "60"),
        (OperationalError('could not extend file "base/1": No space left on device'), "disk is full", "60"),
        (OSError(28, "No space left on device"), "disk is full", "60"),
    )

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error[0]))
    def test_pages_and_scripts_are_told(
        self, login: Login, call: Call, alice: User, dataset: Dataset, error: tuple[Exception, str, str]
    ) -> None:
        raised, words, seconds = error

        def refuse(execute: Callable[..., Any], *arguments: Any) -> Any:
            raise raised

        script, page = call(alice), Client()
        page.force_login(alice, "teams.backends.PasswordBackend")
        page.raise_request_exception = script.client.raise_request_exception = False
        with connection.execute_wrapper(refuse):
            answers = [
                page.get("/"),
                page.post(reverse("datasets:create"), {"name": "street", "type": "Images"}),
                page.get(reverse("datasources:settings", args=[dataset.pk, "input"]), headers={"HX-Request": "true"}),
                script.get("/v1/datasets"),
                script.post("/v1/datasets", {"name": "street"}),
                script.put(f"/v1/datasets/{dataset.pk}/datasource", {"type": "S3", "purpose": "INPUT"}),
            ]
        for answer in answers:
            assert answer.status_code == 503
            assert answer["Retry-After"] == seconds
            text = answer.content.decode()
            assert words in text.replace("&#x27;", "'")
            assert "internal" not in text
            assert "extend" not in text
        assert all(set(json.loads(answer.content)) == {"code", "error"} for answer in answers[3:])

    def test_what_is_our_own_fault_stays_a_500(
        self, call: Call, login: Login, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*_: object, **__: object) -> None:
            raise KeyError("ours")

        monkeypatch.setattr("teams.middleware.nobody_yet", crash)
        monkeypatch.setattr("teams.middleware.saw", crash)
        page = login(alice)
        page.raise_request_exception = False
        assert page.get("/").status_code == 500


def test_a_foreign_host_leaves_no_traceback(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for host in ("evil.example", "evil.example:8000", "a b", "x\r\ny", "[::1", "169.254.169.254", ""):
        for path in ("/", "/v1/datasets", "/accounts/login/", "/static/css/base.css"):
            answer = client.get(path, headers={"Host": host})
            assert answer.status_code == 400
            assert b"ALLOWED_HOSTS" in answer.content
            assert host.encode() not in answer.content or not host
    assert [record for record in caplog.records if record.exc_info or record.levelno > logging.WARNING] == []


def test_a_health_probe_may_ask_by_address(client: Client) -> None:
    for host in ("10.1.2.3:8000", "lightly-7f9c", ""):
        assert client.get("/healthz", headers={"Host": host}).content == b"ok\n"
    assert client.post("/healthz", headers={"Host": "10.1.2.3"}).status_code == 405
    assert client.get("/healthz/", headers={"Host": "10.1.2.3"}).status_code == 400


def test_a_log_line_stays_one_line() -> None:
    formatter = LineFormatter("{levelname} {message}", style="{")
    record = logging.LogRecord("x", logging.INFO, "f", 1, "at %s", ("/a\nERROR forged\x1b[2J\r\x9b\u2028é",), None)
    assert formatter.format(record) == "INFO at /a\\nERROR forged\\x1b[2J\\r\\x9b\\u2028é"
    try:
        raise ValueError("x")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    assert formatter.format(record).count("\n") >= 2


def test_so_does_a_line_of_the_access_log() -> None:
    logger = AccessLogger(Config())
    path = "/a\n[28/Nov] 1.2.3.4 forged\x1b[2J"
    environ = {"REQUEST_METHOD": "GET\x1b", "PATH_INFO": path, "RAW_URI": path, "SERVER_PROTOCOL": "HTTP/1.1"}
    answer = SimpleNamespace(status="404 Not Found", sent=7, headers=[])
    atoms = logger.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(0))
    line = serving.ACCESS_LOG["access-logformat"] % logger.atoms_wrapper_class(atoms)
    assert line.isprintable()
    assert "/a\\n[28/Nov] 1.2.3.4 forged\\x1b[2J" in line
    with socket.socket() as listener:
        command = serving.web_command(read_environment({}), listener)
    assert f"--logger-class={AccessLogger.__module__}.{AccessLogger.__name__}" in command


def test_no_answer_of_the_api_is_kept_by_anybody(call: Call, alice: User, dataset: Dataset) -> None:
    script = call(alice)
    answers = [
        script.get("/v1/datasets"),
        script.get(f"/v1/datasets/{dataset.pk}/datasource/list"),
        script.get(f"/v1/datasets/{dataset.pk}/datasource/predictions/writeUrl", {"fileName": "a.json"}),
        script.post(f"/v1/teams/{dataset.team_id}/members", {"email": "x@y.example", "role": "MEMBER"}),
        script.get("/v1/unknown"),
        Client().get("/v1/datasets"),
    ]
    for answer in answers:
        assert "no-store" in answer["Cache-Control"]
        assert "public" not in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/health/", "/team/", "/admin/teams/user/", "/admin/datasets/dataset/"])
def test_a_search_of_a_thousand_words_is_no_crash(login: Login, alice: User, path: str) -> None:
    alice.is_staff = True
    alice.save()
    client = login(alice)
    path = client.get(path, follow=True).request["PATH_INFO"]
    assert client.get(path, {"q": "a " * 1100}).status_code == 200
