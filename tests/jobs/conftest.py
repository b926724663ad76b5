from typing import Any

import pytest
from django.db import connection

from core import broker
from core.queues import Queue
from tests.jobs.rehearsal import TABLE


@pytest.fixture
def effects_table(db: None) -> None:
    """Goes with the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Queue]]:
    """Ids of shards that were handed to the broker, and the queue."""
    messages: list[tuple[str, Queue]] = []

    def send(task: str, arguments: Any, queue: Queue, lane: str = "") -> int:
        messages.extend((ids[0], queue) for ids in arguments)
        return len(arguments)

    monkeypatch.setattr(broker, "_send", send)
    return messages
