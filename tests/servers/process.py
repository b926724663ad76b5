"""Servers as processes of their own: started on a free port, awaited until they answer, stopped by process group."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HOST = "127.0.0.1"
# Runs a server and ends it when the tests' end of the pipe closes, as it does however the tests may die.
# The signals are for the server; the watchdog stays until the server has gone.
_WATCHDOG = """
import os, signal, subprocess, sys, threading
user = int(sys.argv[1]) if sys.argv[1] else None
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, user=user, cwd="/")
def watch():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
sys.exit(server.wait() & 255)
"""
# Between two polls, in seconds: short at first, then a tenth of what was waited. A poll takes processor time from those
# who are waited for.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 0.2
_ATTEMPTS = 3


class ServerStartError(RuntimeError):
    """The process died or stayed silent; the message carries the end of its log."""


def free_port() -> int:
    """A port nobody listens on now. Somebody else may take it first, which is why `ServerProcess` tries again."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether somebody accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether the condition came true in time."""
    began = time.monotonic()
    while not (true := condition()) and (waited := time.monotonic() - began) < seconds:
        time.sleep(min(max(waited / 10, _SHORTEST_PAUSE), _LONGEST_PAUSE))
    return true


class ServerProcess:
    """One server process.

    `command` gets the port and gives the command line, because a lost race for a port needs a second port.
    `environment` replaces the parent's when given, so that a server cannot see the tests' credentials.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[int], Sequence[str]],
        *,
        environment: Mapping[str, str] | None = None,
        user: int | None = None,
        ready: Callable[[int], bool] = answers,
        stop_signal: signal.Signals = signal.SIGTERM,
        timeout: float = 60,
    ) -> None:
        self.name = name
        self.port = 0
        self._command = command
        self._environment = environment
        self._user = user
        self._ready = ready
        self._stop_signal = stop_signal
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self.log = Path()

    @property
    def pid(self) -> int:
        """Of the process group that the server and its children are in."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._process.pid

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        handle, log = tempfile.mkstemp(prefix=f"{self.name}-", suffix=".log")
        os.close(handle)
        self.log = Path(log)
        for attempt in range(_ATTEMPTS):
            self.port = free_port()
            with self.log.open("wb") as output:
                user = "" if self._user is None else str(self._user)
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _WATCHDOG, user, *self._command(self.port)],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=None if self._environment is None else dict(self._environment),
                    start_new_session=True,
                )
            atexit.register(self.stop)
            try:
                self._await()
            except ServerStartError:
                self.stop()
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return

    def stop(self) -> None:
        """End the whole process group; harmless when it has ended already."""
        process, self._process = self._process, None
        atexit.unregister(self.stop)
        if process is None:
            return
        for number in (self._stop_signal, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
                break
        if process.stdin is not None:
            process.stdin.close()
        self.log.unlink(missing_ok=True)

    def _await(self) -> None:
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        process, ready = self._process, False

        def decided() -> bool:
            nonlocal ready
            ready = self._ready(self.port)
            return ready or process.poll() is not None

        eventually(decided, self._timeout)
        # In this order: somebody else may listen on the port for which our server came too late.
        if process.poll() is not None:
            raise ServerStartError(self._complaint(f"ended with code {process.returncode}"))
        if not ready:
            raise ServerStartError(self._complaint(f"did not answer within {self._timeout:.1f} s"))

    def _complaint(self, what: str) -> str:
        return f"{self.name} {what}. The end of its log:\n{self.log.read_text(errors='replace')[-3000:]}"
