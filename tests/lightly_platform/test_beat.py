"""What the scheduler sends exists, and one that nobody picked up doesn't pile up."""

from typing import Any

from celery import current_app
from django.conf import settings


def test_every_entry_names_a_task_of_ours() -> None:
    current_app.loader.import_default_modules()  # as a worker does
    schedule: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
    for name, entry in schedule.items():
        assert entry["task"] in current_app.tasks
        assert entry["task"].rpartition(".")[2] == name
        assert 0 < entry["options"]["expires"] <= entry["schedule"].total_seconds()
