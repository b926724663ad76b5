"""`python -m lightly_platform.launcher.crew '{…}'`: web server, workers and scheduler in processes that share memory.

Most of what each of them needs is the code of Django, Celery and this platform, the same in all, and workers need the
clouds' libraries. So it is loaded once, and they are forked from the process that has it: with half the memory of
processes that load it each, and the seconds that this takes only once.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import NamedTuple

from lightly_platform.launcher import loading
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


class Web(NamedTuple):
    """The web server. `arguments`: for gunicorn's command line. `socket`: its number, which the crew inherits."""

    arguments: list[str]
    socket: int


SCHEDULER = Member("The scheduler (beat)", "beat", ["beat", "--pidfile="])


def member(worker: Worker) -> Member:
    return Member(worker.title, "-".join(worker.queues), worker.arguments)


def command(members: Sequence[Member], *, grace_seconds: float, web: Web | None = None) -> list[str]:
    """That starts them. When one of them ends, all do, and the last line says which it was."""
    told = {"members": members, "grace_seconds": grace_seconds, "web": web}
    return [sys.executable, "-m", "lightly_platform.launcher.crew", json.dumps(told)]


def main() -> None:
    told = json.loads(sys.argv[1])
    with Supervisor(grace_seconds=told["grace_seconds"]) as supervisor:
        _load_platform()
        if told["web"]:
            web = Web(*told["web"])
            # First, so that pages are there while the libraries of clouds, which it does without, are still being read.
            supervisor.fork("The web server", partial(_serve, web.arguments))
            os.close(web.socket)  # if the web server ends, nobody may hang on a socket that only others hold
        _load_for_workers()
        for title, name, arguments in told["members"]:
            supervisor.fork(title, partial(_be, name, arguments))
        supervisor.wait_until(lambda: False)


# In what is loaded, nothing opens a connection or starts a thread, which a fork would tear apart.


@loading.for_good()
def _load_platform() -> None:
    """What all of them share."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    import django

    django.setup()


@loading.for_good()
def _load_for_workers() -> None:
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


def _serve(arguments: Sequence[str]) -> None:
    from gunicorn.app.wsgiapp import run

    _call_ourselves("web")
    sys.argv = ["gunicorn", *arguments]
    run()


def _be(name: str, arguments: Sequence[str]) -> None:
    from celery.__main__ import main as celery_main

    _call_ourselves(name)
    warnings.filterwarnings("ignore", message=LECTURE)
    sys.argv = ["celery", *BEFORE, *arguments]
    celery_main()


def _call_ourselves(name: str) -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, f"lightly-{name}".encode()[:15])


if __name__ == "__main__":
    with last_words():
        try:
            main()
        except StopRequested:
            sys.exit(0)
