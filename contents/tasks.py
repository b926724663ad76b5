"""What workers do for contents beside jobs."""

from celery import shared_task

from contents.index import services

# Less than the time between two of them.
TIDY_SECONDS = 20.0


@shared_task(name="contents.tasks.tidy_contents")
def tidy_contents() -> None:
    """Once a minute: rows of indexes that nobody reads any more."""
    services.tidy(TIDY_SECONDS)
