"""Handing ids to the workers' queue, from wherever something was written for them."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Redis keeps a list for each; workers empty the first one first. So a person never waits behind what a clock asked for.
URGENT, PATIENT = 0, 6


def send(task: str, *ids: str, priority: int = URGENT) -> bool:
    """Give a task to the broker. False if the broker can't be reached: then a sweep sends it later.

    A connection of its own, which gives up after seconds: the shared one waits as long as a frozen broker likes,
    and a person is waiting in front of a form.
    """
    try:
        with current_app.connection_for_write(
            transport_options={"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0}
        ) as connection:
            current_app.send_task(task, ids, connection=connection, retry=False, priority=priority)
    except (OperationalError, OSError) as error:
        logger.warning("The task queue can't be reached (%s); %s %s waits", type(error).__name__, task, " ".join(ids))
        return False
    return True
