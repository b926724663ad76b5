"""Runs code with one version of the published client: see forking.py, whose other end this is."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.client.environments import interpreter

LONGEST_SECONDS = 100.0
FORKING = Path(__file__).with_name("forking.py")


@dataclass
class Ran:
    code: int
    output: str
    errors: str

    @property
    def answer(self) -> Any:
        """What a script of ours prints last: JSON. It must have ended well."""
        assert self.code == 0, self.errors
        return json.loads(self.output.splitlines()[-1])


def run(
    version: str, *arguments: str, given: object, directory: Path | str, environ: Mapping[str, str] = os.environ
) -> Ran:
    """`python ARGUMENTS` of this version, which gets `given` as JSON. Raises subprocess.TimeoutExpired."""
    with tempfile.TemporaryDirectory() as name:
        files = {stream: Path(name, stream) for stream in ("input", "output", "errors")}
        files["input"].write_text(json.dumps(given))
        files["output"].touch()
        files["errors"].touch()
        task = {
            "arguments": arguments,
            "environ": dict(environ),
            "directory": str(directory),
            **{stream: str(path) for stream, path in files.items()},
        }
        code = _first_process(version).fork(task, LONGEST_SECONDS)
        return Ran(code, files["output"].read_text(), files["errors"].read_text())


class FirstProcess:
    def __init__(self, version: str) -> None:
        # One at a time.
        self._lock = threading.Lock()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("LIGHTLY_")}
        self._process = subprocess.Popen(
            [interpreter(version), str(FORKING)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )
        atexit.register(self._close)

    def fork(self, task: Mapping[str, object], seconds: float) -> int:
        with self._lock:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(task) + "\n")
            self._process.stdin.flush()
            pid, late = int(self._process.stdout.readline()), threading.Event()

            def end() -> None:
                late.set()
                os.kill(pid, signal.SIGKILL)

            timer = threading.Timer(seconds, end)
            timer.start()
            code = int(self._process.stdout.readline())
            timer.cancel()
        if late.is_set():
            raise subprocess.TimeoutExpired(str(task["arguments"]), seconds)
        return code

    def _close(self) -> None:
        self._process.communicate()


@functools.cache
def _first_process(version: str) -> FirstProcess:
    return FirstProcess(version)
