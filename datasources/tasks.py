"""What the workers do. Tasks take ids and make one call each."""

import socket
from contextvars import copy_context
from functools import partial

from celery import shared_task

from core import broker, log_context, pulse, shares
from core.queues import Queue
from datasources import states
from datasources.alerts import services as alerts
from datasources.checks import lifecycle as checks
from datasources.checks import pacing, pruning, schedule, turns


@shared_task
def run_check(check_id: str) -> None:
    with log_context.about(check_id=check_id):
        _run_or_wait(check_id)


def _run_or_wait(check_id: str) -> None:
    whose = turns.whose(check_id)
    if whose is None:  # a message that came twice, or too late
        _run_check(check_id, is_scheduled=bool(checks.scheduled_among([check_id])))
        return
    slots = shares.UNASKED if whose.is_scheduled else shares.ASKED_FOR
    # With our context: if it waits, whoever does it then has the one of another check.
    work = partial(copy_context().run, partial(_run_check, check_id, is_scheduled=whose.is_scheduled))
    if not slots.run(check_id, whose.claims, work):
        turns.mark_waiting(check_id)


def _run_check(check_id: str, *, is_scheduled: bool) -> None:
    checks.run(check_id)
    if is_scheduled:
        send_scheduled()  # one has ended, so there is room for the next


@shared_task
def sweep() -> None:
    """Every few seconds: send what was never sent, and what a dead worker left behind."""
    pulse.leave_sign(pulse.WORKER, socket.gethostname())
    states.repair_open()
    lost = checks.find_lost()
    scheduled = checks.scheduled_among(lost)
    for check_id in lost:
        if check_id not in scheduled:
            dispatch(check_id)
    send_scheduled()
    pulse.leave_sign(pulse.SWEEP)  # it came to its end


def dispatch(check_id: str) -> bool:
    """Give a queued check that somebody waits for to the broker. False if that can't be reached: then sweep() does."""
    return dispatch_all([check_id])


def dispatch_all(check_ids: list[str]) -> bool:
    """As dispatch, over one connection. The first that can't be sent ends it; what is left waits for sweep() too."""
    sent = broker.send_each(f"{__name__}.run_check", check_ids, queue=Queue.CHECKS)
    for check_id in check_ids[:sent]:
        checks.mark_dispatched(check_id)
    return sent == len(check_ids)


def send_scheduled() -> None:
    """Give the scheduled checks to the broker whose turn it is. What it does not take now waits for sweep()."""
    check_ids = pacing.take_next()
    with log_context.about(request_id=""):  # of whatever check has ended: no request asked for these
        sent = broker.send_each(f"{__name__}.run_check", check_ids, queue=Queue.PATIENT)
    pacing.put_back(check_ids[sent:])


@shared_task
def queue_due_checks() -> None:
    """Every minute: check again what was not checked for an interval."""
    schedule.spread_new()
    schedule.queue_due()
    send_scheduled()


@shared_task
def warn_of_expiry() -> None:
    alerts.warn_of_expiry()


@shared_task
def prune() -> None:
    pruning.prune()
