"""What the schedule does for the log."""

from celery import shared_task

from teams.audit import pruning


@shared_task
def prune_activity() -> None:
    """Every hour."""
    pruning.note_expired_tokens()
    pruning.prune()
