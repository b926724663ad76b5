"""Each request has an id: in the answer, in log lines, in messages to workers, and on the page of an error."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from celery import current_app
from celery.signals import before_task_publish
from django.test import Client
from pytest_django import Settings

from core import log_context
from core.logs import LineFormatter
from core.web.request_ids import HEADER
from datasets.models import Dataset
from lightly_platform.celery import REQUEST_ID_HEADER, begin_log_context, end_log_context
from teams.models import User
from tests.conftest import Call, Login

pytestmark = pytest.mark.django_db
OF_PROXY = "f0e1d2c3b4a5968778695a4b3c2d1e0f"


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v1/datasets", "/static/no-such.js", "/accounts/login/"])
def test_every_answer_tells_its_own(client: Client, alice: User, path: str) -> None:
    ids = {client.get(path)[HEADER] for _ in range(3)}
    assert len(ids) == 3
    assert all(log_context.sane_request_id(each) for each in ids)


def test_a_foreign_host_is_told_too(client: Client, alice: User) -> None:
    answer = client.get("/", headers={"Host": "elsewhere.example.com"})
    assert (answer.status_code, len(answer[HEADER])) == (400, 16)


def test_that_of_a_proxy_is_kept_if_there_are_trusted_proxies(client: Client, alice: User, settings: Settings) -> None:
    assert client.get("/", headers={HEADER: OF_PROXY})[HEADER] != OF_PROXY
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client.get("/", headers={HEADER: OF_PROXY})[HEADER] == OF_PROXY
    for odd in ("", "short", "x" * 65, "<script>alert(1)</script>", "a b c d e f g h"):
        assert client.get("/", headers={HEADER: odd})[HEADER] != odd


def test_a_crash_tells_it_and_the_log_has_it(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.raise_request_exception = False

    def crash(*arguments: object, **options: object) -> None:
        raise RuntimeError("for a test")

    monkeypatch.setattr("django.contrib.auth.get_user", crash)
    monkeypatch.setattr("django.contrib.auth.middleware.get_user", crash)
    caplog.handler.setFormatter(LineFormatter("{levelname} {message}", style="{"))
    answer = client.get("/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert f"<code>{answer[HEADER]}</code>" in page
    (line,) = (line for line in caplog.text.splitlines() if line.startswith("ERROR Internal Server Error: /"))
    assert line.endswith(f"[request_id={answer[HEADER]}]")


def test_a_crash_of_the_rest_api_tells_it(call: Call, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*arguments: object, **options: object) -> None:
        raise RuntimeError("for a test")

    monkeypatch.setattr("datasets.api.routes.own_datasets", crash)
    answer = call(alice).get("/v1/datasets")
    assert answer.status_code == 500
    assert answer.json()["error"].endswith(f"the request is {answer[HEADER]}.")


def test_a_message_carries_it_and_a_task_has_it(login: Login, alice: User, dataset: Dataset) -> None:
    """The whole way, with a real broker and a real worker, is in tests/e2e/installation/test_logs.py."""
    headers: dict[str, Any] = {}
    with log_context.about(request_id=OF_PROXY, check_id="c"):
        before_task_publish.send(sender="x", headers=headers, body=(), exchange="", routing_key="")
    assert headers == {REQUEST_ID_HEADER: OF_PROXY}
    task = current_app.tasks["datasources.tasks.run_check"]
    task.push_request(**headers)
    try:
        begin_log_context(task_id="t", task=task)
        assert log_context.current() == {"request_id": OF_PROXY, "task": task.name, "task_id": "t"}
        end_log_context(task_id="t")
    finally:
        task.pop_request()
    assert log_context.current() == {}
    end_log_context(task_id="of nobody")


def test_a_message_of_no_request_carries_none_and_nonsense_is_left_out() -> None:
    headers: dict[str, Any] = {}
    before_task_publish.send(sender="x", headers=headers, body=(), exchange="", routing_key="")
    assert headers == {}
    task = current_app.tasks["datasources.tasks.run_check"]
    task.push_request(**{REQUEST_ID_HEADER: "a\nforged line"})
    try:
        begin_log_context(task_id="t", task=task)
        assert "request_id" not in log_context.current()
    finally:
        end_log_context(task_id="t")
        task.pop_request()


def test_nothing_of_a_request_is_left(client: Client, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        client.get("/")
    assert log_context.current() == {}
