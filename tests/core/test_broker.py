"""What lies in the queues of a real Redis, by id."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app

from core import broker
from core.queues import Queue, lane_queue
from tests.servers.redis import running_redis

TASK = "nobody.knows"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(autouse=True)
def used(redis: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """By Celery, and emptied afterwards."""
    monkeypatch.setattr(current_app.conf, "broker_url", redis)
    monkeypatch.setattr(current_app.conf, "broker_write_url", redis)
    yield
    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        for queue in Queue:
            for lane in ("", "gpu,big"):
                channel.queue_purge(lane_queue(queue, lane))


def test_ids_that_wait() -> None:
    assert broker.send(TASK, "a", "b", queue=Queue.CHECKS)
    assert broker.send_each(TASK, ["c", "d"], queue=Queue.CHECKS) == 2
    assert broker.send_each(TASK, ["e"], queue=Queue.RUNS, lane="gpu,big") == 1
    lanes = [(Queue.CHECKS, ""), (Queue.RUNS, "gpu,big"), (Queue.RUNS, "")]
    assert broker.waiting(lanes) == {lanes[0]: {"a", "b", "c", "d"}, lanes[1]: {"e"}, lanes[2]: set()}
    # Looking takes nothing away.
    assert broker.waiting(lanes[:1]) == {lanes[0]: {"a", "b", "c", "d"}}


def test_messages_of_the_scheduler_carry_none() -> None:
    with current_app.connection_for_write() as connection:
        current_app.send_task(TASK, connection=connection, queue=Queue.PATIENT.value, expires=10)
        current_app.send_task(TASK, (7, None, ["a"]), connection=connection, queue=Queue.PATIENT.value)
    assert broker.waiting([(Queue.PATIENT, "")]) == {(Queue.PATIENT, ""): set()}


def test_a_lane_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "MOST_READ", 2)
    for queue, ids in ((Queue.PATIENT, "ab"), (Queue.RUNS, "abc")):
        assert broker.send_each(TASK, ids, queue=queue) == len(ids)
    assert broker.waiting([(Queue.PATIENT, ""), (Queue.RUNS, "")]) == {(Queue.PATIENT, ""): {"a", "b"}}


def test_out_of_reach(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(current_app.conf, "broker_url", "redis+socket:///nowhere/nobody.sock")
    assert broker.waiting([(Queue.PATIENT, "")]) == {}
    assert "can't be read" in caplog.text
