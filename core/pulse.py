"""Signs of life: when a worker last did something, when the scheduler last asked it to, how many messages wait.

Asking the workers themselves (`celery inspect ping`) takes a second, and no answer may mean no broker. So they leave
notes in a cache of their own, which lies in the database: each worker every few seconds for each of its queues, the
worker that sweeps whenever it does, and the scheduler whenever the broker took a sweep from it
(lightly_platform/celery.py).
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.core.cache import caches
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from core.queues import OLD_QUEUE, Queue, lane_queue

logger = logging.getLogger(__name__)

WORKER, SCHEDULER, SWEEP = "worker", "scheduler", "sweep"
# They speak every 10 seconds; so long they may be silent before that means something.
SILENT_AFTER = timedelta(seconds=45)
# Who was silent for a week needs no number of seconds.
_REMEMBERED_SECONDS = 7 * 24 * 3600
# A page waits for this, so it is far shorter than what the workers themselves allow.
_BROKER_SECONDS = 0.5


@dataclass(frozen=True)
class Sign:
    """Somebody did something at `at`; `who` is their name, as far as known."""

    at: datetime
    who: str = ""

    @property
    def seconds(self) -> float:
        """How long ago."""
        return max(0.0, (timezone.now() - self.at).total_seconds())

    @property
    def is_recent(self) -> bool:
        return self.seconds <= SILENT_AFTER.total_seconds()


def leave_sign(of: str, who: str = "") -> None:
    """Never raises for a database that is away: who leaves a sign has work to do."""
    # The scheduler knows no requests and no tasks, after which Django looks whether its connection still works.
    if not connection.in_atomic_block:
        close_old_connections()
    try:
        caches["pulse"].set(of, (timezone.now(), who), _REMEMBERED_SECONDS)
    except DatabaseError as error:
        logger.warning("No sign of life could be left (%s)", type(error).__name__)


def last_sign(of: str) -> Sign | None:
    found = caches["pulse"].get(of)
    return Sign(*found) if found else None


def leave_worker_signs(queues: Iterable[str], who: str = "") -> None:
    """Of a worker that waits for work from these queues."""
    for queue in set(Queue) & set(queues):
        leave_sign(_worker_of(queue), who)


def last_signs() -> dict[str, Sign]:
    """All there are, in one question to the database: of WORKER, of SCHEDULER, and of each queue's workers by the
    queue's name."""
    names = {WORKER: WORKER, SCHEDULER: SCHEDULER, **{queue.value: _worker_of(queue) for queue in Queue}}
    found = caches["pulse"].get_many(names.values())
    return {name: Sign(*found[key]) for name, key in names.items() if key in found}


def _worker_of(queue: str) -> str:
    return f"{WORKER}-of-{queue}"


Lanes = Mapping[Queue, Collection[str]]


def queue_lengths(lanes: Lanes | None = None) -> dict[Queue, int] | None:
    """How many messages wait for a worker; None if the broker can't be reached within a second or so.

    What an older release left behind counts among the checks. `lanes`: of the queues, which are counted with them.
    """
    patience = {
        "socket_connect_timeout": _BROKER_SECONDS,
        "socket_timeout": _BROKER_SECONDS,
        "max_retries": 0,
        "retry_on_timeout": False,
    }
    try:
        with current_app.connection_for_read(transport_options=patience) as connection:
            found = messages_behind(connection, lanes)
    except (OperationalError, OSError):
        return None
    return {queue: sum(length for (of, _), length in found.items() if of is queue) for queue in Queue}


def messages_behind(connection: Any, lanes: Lanes | None = None) -> dict[tuple[Queue, str], int]:
    """How many messages wait at this broker, by queue and lane. Raises what kombu raises for a broker out of reach."""
    declare = connection.default_channel.queue_declare
    lengths = {
        (queue, lane): int(declare(lane_queue(queue, lane)).message_count)
        for queue in Queue
        for lane in ("", *(lanes or {}).get(queue, ()))
    }
    lengths[Queue.CHECKS, ""] += int(declare(OLD_QUEUE).message_count)
    return lengths
