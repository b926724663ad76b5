"""What workers do for runs, beside the runs' jobs."""

from celery import shared_task

from runs.scheduling import picking


@shared_task(name="runs.tasks.pick_up")
def pick_up() -> None:
    """After a run was scheduled, after one ended, and every few seconds: give waiting runs to free workers."""
    picking.pick_up()
