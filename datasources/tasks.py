"""What the workers do. Tasks take ids and make one call each."""

import logging

from celery import current_app, shared_task
from kombu.exceptions import OperationalError

from datasources import checks

logger = logging.getLogger(__name__)


@shared_task
def run_check(check_id: str) -> None:
    checks.run(check_id)


@shared_task
def sweep() -> None:
    """Every few seconds: send what was never sent, and what a dead worker left behind."""
    for check_id in checks.find_lost():
        dispatch(check_id)


def dispatch(check_id: str) -> bool:
    """Give a queued check to the broker. False if the broker can't be reached: then sweep() sends it later.

    A connection of its own, which gives up after seconds: the shared one waits as long as a frozen broker likes,
    and a person is waiting in front of a form.
    """
    return dispatch_all([check_id])


def dispatch_all(check_ids: list[str]) -> bool:
    """As dispatch, over one connection. The first that can't be sent ends it; what is left waits for sweep() too."""
    sent = 0
    try:
        with current_app.connection_for_write(
            transport_options={"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0}
        ) as connection:
            for check_id in check_ids:
                run_check.apply_async((check_id,), connection=connection, retry=False)  # type: ignore[call-arg]
                checks.mark_dispatched(check_id)
                sent += 1
    except (OperationalError, OSError) as error:
        waiting = ", ".join(check_ids[sent:][:3])
        logger.warning(
            "The task queue can't be reached (%s); %s checks wait: %s",
            type(error).__name__,
            len(check_ids) - sent,
            waiting,
        )
        return False
    return True
