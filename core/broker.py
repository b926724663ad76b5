"""Handing ids to the workers' queue, from wherever something was written for them."""

import logging
from collections.abc import Sequence

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Redis keeps a list for each; workers empty the first one first. So a person never waits behind what a clock asked for.
URGENT, PATIENT = 0, 6


def send(task: str, *ids: str, priority: int = URGENT) -> bool:
    """Give a task with these ids to the broker. False if the broker can't be reached: then a sweep sends it later."""
    return _send(task, [ids], priority) == 1


def send_each(task: str, ids: list[str], *, priority: int = URGENT) -> int:
    """A task for each id, over one connection; returns how many were taken. The first that is not ends it."""
    return _send(task, [(each,) for each in ids], priority)


def _send(task: str, arguments: Sequence[tuple[str, ...]], priority: int) -> int:
    """A connection of its own, which gives up after seconds: the shared one waits as long as a frozen broker likes,
    and a person is waiting in front of a form.
    """
    sent = 0
    try:
        with current_app.connection_for_write(
            transport_options={"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0}
        ) as connection:
            for ids in arguments:
                current_app.send_task(task, ids, connection=connection, retry=False, priority=priority)
                sent += 1
    except (OperationalError, OSError) as error:
        waiting = ", ".join(" ".join(ids) for ids in arguments[sent:][:3])
        logger.warning("The task queue can't be reached (%s); %s waits for: %s", type(error).__name__, task, waiting)
    return sent
