"""The Celery application. Tasks live in the apps; beat's schedule and all settings are in settings.py."""

from __future__ import annotations

import logging
import math
import os
import socket
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import (
    after_task_publish,
    beat_init,
    before_task_publish,
    celeryd_after_setup,
    heartbeat_sent,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
)

from core import log_context, logs
from lightly_platform import traces

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")

logger = logging.getLogger(__name__)

# Of a message: the request that it comes from.
REQUEST_ID_HEADER = "lightly_request_id"
# Of the tasks that this process does now, by their ids and threads: a message may come twice.
_contexts: dict[tuple[str, int], Any] = {}

app = Celery("lightly_platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**kwargs: Any) -> None:
    """Celery's own logging setup would open the SDK loggers that settings.LOGGING keeps shut."""
    from celery.apps import worker
    from django.conf import settings

    logs.configure(settings.LOGGING)
    if settings.ENVIRONMENT.log_format == logs.JSON:
        worker.safe_say = _say_in_json  # type: ignore[attr-defined]  # the stubs leave it out


def _say_in_json(message: str, file: Any = None) -> None:
    """How Celery tells of signals, which it writes past all logging. It calls this inside of signal handlers."""
    os.write(2, f"{logs.json_line(logging.INFO, 'celery.apps.worker', message)}\n".encode())


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **kwargs: Any) -> None:
    """What a request asks for is done under its id."""
    if request_id := log_context.current().get(log_context.REQUEST_ID):
        headers[REQUEST_ID_HEADER] = request_id


@task_prerun.connect
def begin_log_context(task_id: str, task: Any, **kwargs: Any) -> None:
    request_id = log_context.sane_request_id(getattr(task.request, REQUEST_ID_HEADER, None))
    _contexts[task_id, threading.get_ident()] = log_context.begin(
        request_id=request_id, task=task.name, task_id=task_id
    )


@task_postrun.connect
def end_log_context(task_id: str, **kwargs: Any) -> None:
    if token := _contexts.pop((task_id, threading.get_ident()), None):
        log_context.end(token)


@worker_init.connect
def share_out_hands(sender: Any, **kwargs: Any) -> None:
    from core import shares

    shares.share_out(int(sender.concurrency))


@worker_init.connect
def import_sdks_of_clouds(**kwargs: Any) -> None:
    """It takes seconds, which the first check does not have before its deadline."""
    from clouds import import_sdks

    import_sdks()


@worker_process_init.connect
def confine_process(**kwargs: Any) -> None:
    """Of a prefork pool: there, files are opened that anybody may have made."""
    from django.conf import settings

    from lightly_platform.confinement import confine, end_with_parent

    confine(settings.LIGHTLY_PROCESS_LIMITS)
    end_with_parent()
    traces.start("worker")


@worker_init.connect
def start_traces(sender: Any, **kwargs: Any) -> None:
    """Of a pool of threads. One of processes forks them later, and each starts its own."""
    if "prefork" in str(sender.pool_cls):
        traces.preload()
    else:
        traces.start("worker")


@worker_shutdown.connect
@worker_process_shutdown.connect
def stop_traces(**kwargs: Any) -> None:
    traces.stop()


@celeryd_after_setup.connect
def take_lanes(sender: str, instance: Any, **kwargs: Any) -> None:
    """A worker of the queue `runs` also takes what needs its labels."""
    from lightly_platform import compute_worker

    compute_worker.set_up(sender, app.amqp.queues)


# Signs of life for the health page. Imported late: above, Django is not set up yet.


@worker_ready.connect
def worker_lives(sender: Any, **kwargs: Any) -> None:
    from core import pulse

    pulse.leave_sign(pulse.WORKER, socket.gethostname())
    from lightly_platform import compute_worker

    compute_worker.register()
    _leave_worker_signs()


@worker_shutdown.connect
def worker_ends(**kwargs: Any) -> None:
    from lightly_platform import compute_worker

    compute_worker.stop()


@heartbeat_sent.connect
def worker_still_lives(**kwargs: Any) -> None:
    """Every two seconds, by the very loop that fetches work: who hangs, or has lost the broker, falls silent."""
    if time.monotonic() - _signs["left_at"] >= SIGN_SECONDS:
        _leave_worker_signs()


SIGN_SECONDS = 10
_signs = {"left_at": -math.inf}


def _leave_worker_signs() -> None:
    from django.db import connections

    from core import pulse
    from lightly_platform import compute_worker

    _signs["left_at"] = time.monotonic()
    pulse.leave_worker_signs(app.amqp.queues.consume_from, socket.gethostname())
    _touch_alive_file()
    compute_worker.beat()
    # Not kept open: processes that are forked from this one must not share it.
    connections.close_all()


@beat_init.connect
@after_task_publish.connect(sender="datasources.tasks.sweep")
def scheduler_lives(**kwargs: Any) -> None:
    """It starts, or the broker took a sweep, which nobody but the scheduler sends."""
    from core import pulse

    pulse.leave_sign(pulse.SCHEDULER)
    _touch_alive_file()


def _touch_alive_file() -> None:
    """For the health check of a container, which has one worker, or the scheduler (launcher/health.py)."""
    from django.conf import settings

    if settings.LIGHTLY_ALIVE_FILE is None:
        return
    try:
        settings.LIGHTLY_ALIVE_FILE.touch()
    except OSError as error:
        logger.warning("The file LIGHTLY_ALIVE_FILE can't be written (%s)", error.strerror)
