"""What workers do for runs, beside the runs' jobs."""

from celery import shared_task

from core import log_context
from runs.scheduling import picking


@shared_task(name="runs.tasks.pick_up")
def pick_up() -> None:
    """After a run was scheduled, after one ended, and every few seconds: give waiting runs to free workers."""
    with log_context.about(request_id=""):  # a run may begin now that another request has asked for
        picking.pick_up()
