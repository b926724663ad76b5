"""The Celery application. Tasks live in the apps; beat's schedule and all settings are in settings.py."""

from __future__ import annotations

import logging.config
import os
import socket
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, beat_init, setup_logging, worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")

app = Celery("lightly_platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**kwargs: Any) -> None:
    """Celery's own logging setup would open the SDK loggers that settings.LOGGING keeps shut."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def import_sdks_of_clouds(**kwargs: Any) -> None:
    """It takes seconds, which the first check does not have before its deadline."""
    from clouds import import_sdks

    import_sdks()


# Signs of life for the health page. Imported late: above, Django is not set up yet.


@worker_ready.connect
def worker_lives(**kwargs: Any) -> None:
    from core import pulse

    pulse.leave_sign(pulse.WORKER, socket.gethostname())


@beat_init.connect
@after_task_publish.connect(sender="datasources.tasks.sweep")
def scheduler_lives(**kwargs: Any) -> None:
    """It starts, or the broker took a sweep, which nobody but the scheduler sends."""
    from core import pulse

    pulse.leave_sign(pulse.SCHEDULER)
