"""`python -m lightly_platform.launcher.crew '[…]'`: workers, and the scheduler, in processes that share their memory.

Most of what each of them needs is the code of Django, Celery and the clouds' libraries, the same in all. So it is
loaded once, and they are forked from the process that has it: with half the memory of processes that load it each.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import NamedTuple

from lightly_platform.launcher.supervisor import StopRequested, Supervisor
from lightly_platform.launcher.telling import last_words
from lightly_platform.launcher.workers import BEFORE, LECTURE, Worker

# What Celery and Django import late, when the process already is what it shall be.
_SHARED_MODULES = [
    "billiard.heap",
    "billiard.popen_fork",
    "billiard.sharedctypes",
    "billiard.synchronize",
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.app.routes",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.asynpool",
    "celery.concurrency.prefork",
    "celery.concurrency.thread",
    "celery.events",
    "celery.worker.autoscale",
    "celery.worker.consumer.delayed_delivery",
    "celery.worker.control",
    "celery.worker.strategy",
    "kombu.asynchronous.hub",
    "kombu.transport.redis",
    "django.core.cache.backends.db",
    "django.db.backends.sqlite3.base",
    "django.db.models.sql.compiler",
    "psycopg",
]
_PR_SET_NAME = 15
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Member(NamedTuple):
    """`title`: for the operator. `name`: for lists of processes. `arguments`: for Celery's command line."""

    title: str
    name: str
    arguments: list[str]


SCHEDULER = Member("The scheduler (beat)", "beat", ["beat", "--pidfile="])


def member(worker: Worker) -> Member:
    return Member(worker.title, "-".join(worker.queues), worker.arguments)


def command(members: Sequence[Member], *, grace_seconds: float) -> list[str]:
    """That starts them. When one of them ends, all do, and the last line says which it was."""
    return [sys.executable, "-m", "lightly_platform.launcher.crew", json.dumps([grace_seconds, members])]


def main() -> None:
    grace_seconds, members = json.loads(sys.argv[1])
    with Supervisor(grace_seconds=grace_seconds) as supervisor:
        _load()
        for title, name, arguments in members:
            supervisor.fork(title, partial(_be, name, arguments))
        supervisor.wait_until(lambda: False)


def _load() -> None:
    """All that they share. Nothing here opens a connection or starts a thread, which a fork would tear apart."""
    # Nearly all that is made here stays, so looking for what does not would only take a quarter of the time.
    gc.disable()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    import django

    django.setup()

    from clouds import import_sdks
    from lightly_platform import traces
    from lightly_platform.celery import app, use_django_logging

    import_sdks()
    traces.preload()
    for name in _SHARED_MODULES:
        import_module(name)
    os.environ["CELERY_SKIP_CHECKS"] = "true"  # as BEFORE says
    app.loader.init_worker()  # finds all tasks, which no child does again then
    use_django_logging()
    app.finalize()
    # Not looked at again by the collector of any child: it would write into each object, and so copy it.
    gc.freeze()
    gc.enable()


def _be(name: str, arguments: Sequence[str]) -> None:
    from celery.__main__ import main as celery_main

    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, f"lightly-{name}".encode()[:15])
    warnings.filterwarnings("ignore", message=LECTURE)
    sys.argv = ["celery", *BEFORE, *arguments]
    celery_main()


if __name__ == "__main__":
    with last_words():
        try:
            main()
        except StopRequested:
            sys.exit(0)
