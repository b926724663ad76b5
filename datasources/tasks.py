"""What the workers do. Tasks take ids and make one call each."""

import socket

from celery import shared_task

from core import broker, pulse
from datasources.alerts import services as alerts
from datasources.checks import lifecycle as checks
from datasources.checks import pruning, schedule


@shared_task
def run_check(check_id: str) -> None:
    checks.run(check_id)


@shared_task
def sweep() -> None:
    """Every few seconds: send what was never sent, and what a dead worker left behind."""
    pulse.leave_sign(pulse.WORKER, socket.gethostname())
    lost = checks.find_lost()
    patient = checks.scheduled_among(lost)
    for check_id in lost:
        dispatch(check_id, priority=broker.PATIENT if check_id in patient else broker.URGENT)


def dispatch(check_id: str, *, priority: int = broker.URGENT) -> bool:
    """Give a queued check to the broker. False if the broker can't be reached: then sweep() sends it later."""
    return dispatch_all([check_id], priority=priority)


def dispatch_all(check_ids: list[str], *, priority: int = broker.URGENT) -> bool:
    """As dispatch, over one connection. The first that can't be sent ends it; what is left waits for sweep() too."""
    sent = broker.send_each(f"{__name__}.run_check", check_ids, priority=priority)
    for check_id in check_ids[:sent]:
        checks.mark_dispatched(check_id)
    return sent == len(check_ids)


@shared_task
def queue_due_checks() -> None:
    """Every minute: check again what was not checked for an interval."""
    schedule.spread_new()
    for check_id in schedule.queue_due():
        # What the broker does not take now, sweep() sends: no need to wait for each of hundreds.
        if not dispatch(check_id, priority=broker.PATIENT):
            break


@shared_task
def warn_of_expiry() -> None:
    alerts.warn_of_expiry()


@shared_task
def prune() -> None:
    pruning.prune()
