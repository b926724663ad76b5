"""The installation in numbers, and what the queue says while it works, is gone, or hangs."""

import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.ids import first_id_at
from core.queues import OLD_QUEUE, Queue
from datasources import states
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck
from monitoring import overview
from teams.models import User
from tests.conftest import Login
from tests.rows import Rows
from tests.servers.redis import running_redis

QUIET = overview.Queue(waiting=0, worker=True)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes Celery use another broker for this test."""

    def use(url: str) -> None:
        monkeypatch.setattr(current_app.conf, "broker_url", url)
        monkeypatch.setattr(current_app.conf, "broker_write_url", url)

    return use


@pytest.mark.django_db
def test_it_counts(monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
    monkeypatch.setattr(overview, "queue", lambda: QUIET)
    Rows().make(Datasource, 6)
    now = timezone.now()
    fields: list[dict[str, Any]] = [
        {"outcome": Outcome.GREEN},
        {"outcome": Outcome.GREEN},
        {"outcome": Outcome.RED},
        {"outcome": Outcome.UNKNOWN},
        {"state": CheckState.EXPIRED},
        {"state": CheckState.RUNNING, "queued_at": now - timedelta(hours=2)},
    ]
    checks = list(PermissionCheck.objects.order_by("pk"))
    for check, changed in zip(checks, fields, strict=True):
        PermissionCheck.objects.filter(pk=check.pk).update(**{"state": CheckState.DONE, "outcome": "", **changed})
    states.repair()
    old = PermissionCheck(id=first_id_at(now - timedelta(hours=25)) + "0" * 16, revision=0, provider="S3", path="")
    old.datasource, old.state = checks[0].datasource, CheckState.DONE
    old.save()
    User.objects.filter(pk=alice.pk).update(is_active=False)

    with CaptureQueriesContext(connection) as captured:
        found = overview.overview()
    assert len(captured) <= 6
    assert found.states == {"green": 2, "red": 1, "unknown": 2, "no_files": 0, "checking": 1, "never": 0}
    assert (found.open_checks, found.checks_today) == (1, 6)
    assert found.oldest_open
    assert timedelta(hours=1, minutes=59) < now - found.oldest_open < timedelta(hours=2, minutes=1)
    assert (found.datasources, found.datasets, found.disabled) == (6, 6, 1)
    assert found.people == User.objects.count()


@pytest.mark.django_db
def test_the_first_page_shows_it(login: Login, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = login(User.objects.create_superuser("chief@example.com", "x"))
    sentences = {
        QUIET: "Working",
        overview.Queue(waiting=3, worker=False): "No worker answers",
        overview.Queue(waiting=None, worker=False): "The queue does not answer",
    }
    for queue, sentence in sentences.items():
        monkeypatch.setattr(overview, "queue", lambda queue=queue: queue)
        html = client.get("/admin/").content.decode()
        assert [each for each in sentences.values() if each in html] == [sentence]
        assert re.search(r"People.*none disabled", html, re.DOTALL)


def test_nobody_listens(broker: Any, tmp_path: Path) -> None:
    broker(f"redis+socket://{tmp_path}/nobody.sock")
    assert overview.queue() == overview.Queue(waiting=None, worker=False)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_it_hangs(broker: Any, silent: int) -> None:
    broker(f"redis://127.0.0.1:{silent}/0")
    started = time.monotonic()
    assert overview.queue() == overview.Queue(waiting=None, worker=False)
    assert time.monotonic() - started < 2  # without limits of our own it would be minutes


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


def test_messages_wait_while_no_worker_answers(broker: Any, redis: str) -> None:
    broker(redis)
    assert overview.queue() == overview.Queue(waiting=0, worker=False)
    with current_app.connection_for_write() as connected:
        for _ in range(3):
            current_app.send_task("nobody.knows", connection=connected)
    assert overview.queue() == overview.Queue(waiting=3, worker=False)
    # Each kind of work waits in a queue of its own, and what an older release left behind in two lists of one.
    with current_app.connection_for_write() as connected:
        for queue in Queue:
            current_app.send_task("nobody.knows", connection=connected, queue=queue.value)
        for priority in (0, 6):
            current_app.send_task("nobody.knows", connection=connected, queue=OLD_QUEUE, priority=priority)
    assert overview.queue() == overview.Queue(waiting=9, worker=False)
