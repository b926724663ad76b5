"""Handing ids to the workers' queues, from wherever something was written for them.

The database is the truth: a message carries ids, says no more than "look at this row", and may be lost or come twice.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError
from kombu.utils.json import loads
from redis.exceptions import RedisError

from core.queues import RULES, Queue, lane_queue

logger = logging.getLogger(__name__)

# Of one lane. More take too long to read for a task that comes every few seconds.
MOST_READ = 5_000
# A frozen broker must not hold up the sweep.
_READ_SECONDS = 3


def send(task: str, *ids: str, queue: Queue = Queue.PATIENT) -> bool:
    """Give a task with these ids to the broker. False if the broker can't be reached: then a sweep sends it later."""
    return _send(task, [ids], queue) == 1


def send_each(task: str, ids: Sequence[str], *, queue: Queue = Queue.PATIENT, lane: str = "") -> int:
    """A task for each id, over one connection; returns how many were taken. The first that is not ends it."""
    return _send(task, [(each,) for each in ids], queue, lane)


def waiting(lanes: Iterable[tuple[Queue, str]]) -> dict[tuple[Queue, str], set[str]]:
    """The ids in the messages that wait in these lanes, of whatever task. What a worker has taken is not among them.

    A lane with more than MOST_READ messages is left out, and all of them if the broker can't be reached.
    """
    found: dict[tuple[Queue, str], set[str]] = {}
    patience = {"socket_connect_timeout": _READ_SECONDS, "socket_timeout": _READ_SECONDS, "max_retries": 0}
    try:
        with current_app.connection_for_read(transport_options=patience) as connection:
            channel: Any = connection.default_channel
            for queue, lane in lanes:
                # kombu keeps the messages of a queue in a Redis list of the same name. It has no call that only looks.
                messages = channel.client.lrange(lane_queue(queue, lane), 0, MOST_READ)
                if len(messages) <= MOST_READ:
                    found[queue, lane] = {each for message in messages for each in _ids_in(channel, message)}
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("The task queue can't be read (%s)", type(error).__name__)
        return {}
    return found


def _ids_in(channel: Any, message: bytes) -> list[str]:
    raw = loads(message)
    arguments, *_ = channel.Message(raw, channel=channel, accept=["application/json"]).decode()
    return [argument for argument in arguments if isinstance(argument, str)]


def _send(task: str, arguments: Sequence[tuple[str, ...]], queue: Queue, lane: str = "") -> int:
    """A connection of its own, which gives up after seconds: the shared one waits as long as a frozen broker likes,
    and a person is waiting in front of a form.
    """
    sent = 0
    if not arguments:
        return sent
    try:
        with current_app.connection_for_write(
            transport_options={"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0}
        ) as connection:
            for ids in arguments:
                current_app.send_task(
                    task, ids, connection=connection, retry=False, queue=lane_queue(queue, lane), **time_limits(queue)
                )
                sent += 1
    except (OperationalError, OSError) as error:
        waiting = ", ".join(" ".join(ids) for ids in arguments[sent:][:3])
        logger.warning("The task queue can't be reached (%s); %s waits for: %s", type(error).__name__, task, waiting)
    return sent


def time_limits(queue: Queue) -> dict[str, Any]:
    """Of a task of this queue, as Celery names them. None where the pool has threads, which can't be killed."""
    rules = RULES[queue]
    if not rules.may_be_killed:
        return {}
    return {"soft_time_limit": rules.slice_seconds, "time_limit": rules.longest_seconds}
