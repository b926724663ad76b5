"""The product as its users run it, in processes of its own: real web server, worker, scheduler and Redis."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from lightly_platform.env import BASE_DIR, variable_names
from lightly_platform.launcher import embedded_redis
from lightly_platform.launcher.serving import ACCESS_LOG
from tests import prepared
from tests.e2e.support.backstage import Backstage
from tests.servers.process import HOST, eventually, free_port

BANNER_ENDS_WITH = "Ctrl-C stops everything"
# As sentences, and in JSON.
READY = (BANNER_ENDS_WITH, '"message": "Lightly is ready: ')
T = TypeVar("T")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """However the tests may die, nothing of theirs stays behind."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Stack:
    """One installation with a data directory and a port of its own. Leaving it stops all it has started."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        self.data_dir = directory / "data"
        self.logs = directory / "logs"
        self.logs.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        ours = {spelling for name in variable_names() for spelling in (name, f"{name}_FILE")}
        # As the operator's shell has it, but nothing of the developer's own installation.
        self.environ = {
            **{name: value for name, value in os.environ.items() if name not in ours | {"DJANGO_SETTINGS_MODULE"}},
            "LIGHTLY_DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            **environment,
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        self._backstage: Backstage | None = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """All of it. Harmless when it has stopped already."""
        if self._backstage:
            self._backstage.close()
            self._backstage = None
        # Redis, which the others need while they end, is the first to start and the last to end.
        for process in self._processes[1:]:
            self.end(process, wait=False)
        for process in reversed(self._processes):
            self.end(process)
        self._processes.clear()
        self._open.close()

    def until_stopped(self, thing: AbstractContextManager[T]) -> T:
        """Enters it, and leaves it when all processes have ended."""
        return self._open.enter_context(thing)

    @property
    def backstage(self) -> Backstage:
        if self._backstage is None:
            self._backstage = Backstage(self.environ, self._log("backstage"))
        return self._backstage

    # ---- all together, as `make run` and `make demo` do ----

    def run(self, command: str = "run") -> Stack:
        if command == "run":
            prepared.put_into(self.data_dir, self.environ)
        process = self.start(command, ["-m", "lightly_platform.launch", command])
        self._until(lambda: any(words in self.log(command) for words in READY), command, process)
        return self

    # ---- or one by one, for tests in which one of them fails ----

    def start_redis(self) -> subprocess.Popen[bytes]:
        self.data_dir.mkdir(mode=0o700, exist_ok=True)
        process = self._start("redis", embedded_redis.prepare(self.data_dir))
        self._until(lambda: embedded_redis.answers(self.data_dir), "redis", process)
        return process

    def prepare(self) -> None:
        if prepared.put_into(self.data_dir, self.environ):
            return
        process = self.start("prepare", ["-m", "lightly_platform.launcher.prepare"])
        if process.wait(timeout=120):
            raise RuntimeError(self.log("prepare"))

    def start_web(self) -> subprocess.Popen[bytes]:
        server = ["-m", "gunicorn", "lightly_platform.wsgi:application", "--no-control-socket", "--log-level=debug"]
        options = [f"--bind={HOST}:{self.port}", "--threads=8"]
        options += [f"--{name}={value}" for name, value in ACCESS_LOG.items()]
        options += ["--worker-class=lightly_platform.launcher.web_worker.PunctualWorker"]
        process = self.start("web", [*server, *options])
        self._until(self._answers, "web", process)
        return process

    def start_worker(self, *options: str, queues: str = "checks,patient", wait: bool = True) -> subprocess.Popen[bytes]:
        """A worker of one queue is one process, which can be killed outright. With options, Celery's own command."""
        name = f"worker-{len(self._processes)}"
        worker = ["-m", "lightly_platform.launch", "worker"]
        if options:
            worker = ["-m", "celery", "--app", "lightly_platform", "worker", *options]
        process = self.start(name, worker, {"QUEUES": queues})
        if wait:
            self._until(lambda: " ready." in self.log(name), name, process)
        return process

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start("beat", ["-m", "celery", "--app", "lightly_platform", "beat", "--pidfile="])

    def start(
        self, name: str, arguments: Sequence[str], more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """With `more` variables in its environment."""
        return self._start(name, [sys.executable, *arguments], more)

    def end(
        self, process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, *, wait: bool = True
    ) -> None:
        """Of this one process, whose children then end too. Harmless when it has ended already."""
        if process.poll() is None:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)  # a frozen one would not notice
            if not wait:
                return
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # ---- what it leaves behind ----

    def log(self, name: str) -> str:
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def written(self) -> Iterator[Path]:
        """Every file in which it may have left something: database, queue, logs."""
        return (path for path in self.directory.rglob("*") if path.is_file() and "static" not in path.parts)

    def _start(
        self, name: str, command: Sequence[str], more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        log = self._log(name)
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env={**self.environ, **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,
        )
        self._processes.append(process)
        return process

    def _log(self, name: str) -> io.BufferedWriter:
        return self.until_stopped((self.logs / f"{name}.log").open("ab"))

    def _until(self, condition: object, name: str, process: subprocess.Popen[bytes]) -> None:
        assert callable(condition)
        if not eventually(lambda: bool(condition()) or process.poll() is not None, 60) or process.poll() is not None:
            raise RuntimeError(f"{name} did not start:\n{self.log(name)}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/accounts/login/")
            return connection.getresponse().status < 500
        return False
