"""How long an installation takes to start, beside what loading Django and this platform takes, and what it keeps in
memory while nobody uses it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measuring import Effort, Measured, at_most
from chaos import processes
from lightly_platform.env import BASE_DIR
from lightly_platform.launcher.workers import workers
from tests import prepared
from tests.e2e.support.stack import Stack
from tests.servers.process import eventually

GOAL_MB = 400
_LOADED = (
    "import os, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'lightly_platform.settings'); django.setup()"
)
_START_SECONDS = 60
# So many that each web process has answered one.
_PAGES = 20


@contextmanager
def stack() -> Iterator[Stack]:
    """With database and static files, and nothing started."""
    with tempfile.TemporaryDirectory() as directory, Stack(Path(directory) / "stack", {}) as made:
        prepared.put_into(made.data_dir, made.environ)
        yield made


def seconds(_: Effort) -> Iterator[Measured]:
    """Each once. The files of the libraries are in the memory of the machine already."""
    with stack() as made:
        floor = _took(
            lambda: subprocess.run([sys.executable, "-c", _LOADED], cwd=BASE_DIR, env=made.environ, check=True)
        )
        redis = made.start_redis()
        web = _took(lambda: _web(made))
        worker = _took(lambda: made.start_worker(queues="checks"))
        made.stop()
        assert redis.poll() is not None
        whole = _took(lambda: made.run("run"))
    with stack() as made:
        demo = _took(lambda: made.run("demo"))
    name = "loading the platform"
    yield Measured("start of the web server, first page", web, floor, name, unit="s")
    yield Measured("start of a worker", worker, floor, name, unit="s")
    yield Measured("make run, first page", whole, floor, name, unit="s", note="Redis, migrations, workers, scheduler")
    yield Measured("make demo, first page", demo, floor, name, unit="s", note="And a database, storage and samples")


def memory(_: Effort) -> Measured:
    """Of all that `make run` starts, pages that several share counted in parts (PSS)."""
    with stack() as made:
        made.run("run")
        (launcher,) = made._processes
        ready = len(workers({}, name="any"))
        assert eventually(lambda: made.log("run").count(" ready.") >= ready, _START_SECONDS), made.log("run")
        assert all(made._answers() for _ in range(_PAGES))
        found = [(processes.name(pid), processes.own_megabytes(pid)) for pid in processes.tree(launcher.pid)]
    note = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in sorted(found, key=lambda each: -each[1]))
    total = sum(megabytes for _, megabytes in found)
    return Measured("memory of an idle installation", total, GOAL_MB, "the goal", at_most(1), unit="MB", note=note)


def _web(made: Stack) -> None:
    process = made.start("web", ["-m", "lightly_platform.launch", "web"])
    made._until(made._answers, "web", process)


def _took(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began
