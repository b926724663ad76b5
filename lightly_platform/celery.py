"""The Celery application. Tasks live in the apps; beat's schedule and all settings are in settings.py."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")

app = Celery("lightly_platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**kwargs: Any) -> None:
    """Celery's own logging setup would open the SDK loggers that settings.LOGGING keeps shut."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@after_task_publish.connect(sender="datasources.tasks.sweep")
def note_sign_of_life(**kwargs: Any) -> None:
    """The broker took a sweep, which nobody but the scheduler sends. Imported late: Django is not set up yet above."""
    from datasources.pulse import scheduler_sent

    scheduler_sent()
