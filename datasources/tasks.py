"""What the workers do. Tasks take ids and make one call each."""

import logging
import socket

from celery import current_app, shared_task
from kombu.exceptions import OperationalError

from datasources import checks, pulse

logger = logging.getLogger(__name__)


@shared_task
def run_check(check_id: str) -> None:
    checks.run(check_id)


@shared_task
def sweep() -> None:
    """Every few seconds: send what was never sent, and what a dead worker left behind."""
    pulse.leave_sign(pulse.WORKER, socket.gethostname())
    for check_id in checks.find_lost():
        dispatch(check_id)


def dispatch(check_id: str) -> bool:
    """Give a queued check to the broker. False if the broker can't be reached: then sweep() sends it later.

    A connection of its own, which gives up after seconds: the shared one waits as long as a frozen broker likes,
    and a person is waiting in front of a form.
    """
    try:
        with current_app.connection_for_write(
            transport_options={"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0}
        ) as connection:
            run_check.apply_async((check_id,), connection=connection, retry=False)  # type: ignore[call-arg]
    except (OperationalError, OSError) as error:
        logger.warning("The task queue can't be reached (%s); check %s waits", type(error).__name__, check_id)
        return False
    checks.mark_dispatched(check_id)
    return True
