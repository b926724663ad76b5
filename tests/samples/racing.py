"""Two callers at the same moment, in a process of their own: the tests' SQLite lives in memory, where nobody waits."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from django.db import connection, connections


def race(program: str, directory: Path) -> str:
    """Run the program on the tests' database, or on a copy of it, and answer what it printed."""
    environ = {**os.environ, "DATABASE_URL": _url(directory), "PYTHONPATH": str(Path(__file__).parents[2])}
    code = f"import django; django.setup(); {program}"
    environ["DJANGO_SETTINGS_MODULE"] = "lightly_platform.settings"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _url(directory: Path) -> str:
    if connection.vendor == "postgresql":
        server = connection.settings_dict
        host = {"host": server["HOST"], **server["OPTIONS"]}["host"]
        return f"postgresql://{server['USER']}:{server['PASSWORD']}@{host}:{server['PORT']}/{server['NAME']}"
    path = directory / "race.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
    return f"sqlite:///{path}"


def together(*callers: Callable[[], object]) -> list[object]:
    """What each answered, or the exception it ended with. All are ready before any begins."""
    start = threading.Barrier(len(callers), timeout=20)
    answers: list[object] = [None] * len(callers)

    def call(place: int) -> None:
        try:
            start.wait()
            answers[place] = callers[place]()
        except Exception as problem:  # noqa: BLE001 - told to the caller
            answers[place] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
