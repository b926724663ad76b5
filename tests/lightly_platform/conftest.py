"""Real processes, each in a data directory of its own. Nothing here needs Django or a database in this process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lightly_platform.env import BASE_DIR, variable_names
from lightly_platform.launcher import embedded_redis
from tests import prepared

# Installations make keys of their own.
PREPARING_KEY = "only-to-prepare-" + "x" * 50
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environ_with(variables: dict[str, str]) -> dict[str, str]:
    """This process's environment, without any of our variables but those given."""
    ours = {spelling for name in variable_names() for spelling in (name, f"{name}_FILE")}
    return {**{name: value for name, value in os.environ.items() if name not in ours}, **variables}


@pytest.fixture
def python(tmp_path: Path) -> Run:
    """Runs `python ARGUMENTS` to its end, with a fresh data directory unless one is given."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=BASE_DIR,
            env=environ_with({"LIGHTLY_DATA_DIR": str(tmp_path / "data"), **variables}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """A started `launch run` or `launch demo` whose banner has been seen."""

    process: subprocess.Popen[str]
    data_dir: Path
    port: int
    output: str

    def get(self, path: str) -> int:
        """The status of the page after redirects."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
            return int(response.status)

    def processes(self) -> dict[int, str]:
        """Process id and command (name) of everything that runs with this data directory, whoever its parent is."""
        found = {}
        variable = f"LIGHTLY_DATA_DIR={self.data_dir}".encode()
        redis_socket = str(embedded_redis.socket_path(self.data_dir))
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                environ = (directory / "environ").read_bytes().split(b"\0")
                # Those that are forked have the command of the one they were forked from, and names of their own.
                command = (directory / "cmdline").read_text().replace("\0", " ")
                command += f" ({(directory / 'comm').read_text().strip()})" if command else ""
            except OSError:
                continue  # it ended meanwhile, or belongs to somebody else
            # Redis writes its title over its environment, but its socket is in the title.
            if command and (variable in environ or redis_socket in command):
                found[int(directory.name)] = command
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        rest, _ = self.process.communicate(timeout=100)
        self.output += rest
        return self.process.returncode


Start = Callable[..., Installation]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts installations; what a failing test leaves running is stopped.

    `from_nothing`: as a first start does, which makes database and static files itself.
    """
    started: list[Installation] = []

    def run(
        *, command: str = "run", data_dir: Path = tmp_path / "data", from_nothing: bool = False, **variables: str
    ) -> Installation:
        port = free_port()
        if command == "run" and not from_nothing:
            prepared.put_into(data_dir, environ_with({"SECRET_KEY": PREPARING_KEY, **variables}))
        process = subprocess.Popen(
            [sys.executable, "-m", "lightly_platform.launch", command],
            cwd=BASE_DIR,
            env=environ_with({"LIGHTLY_DATA_DIR": str(data_dir), "PORT": str(port), **variables}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        installation = Installation(process, data_dir / "demo" if command == "demo" else data_dir, port, output="")
        started.append(installation)
        assert process.stdout is not None
        for line in process.stdout:
            installation.output += line
            if "Ctrl-C stops everything" in line:
                return installation
        process.wait(timeout=60)
        pytest.fail(f"launch {command} ended with {process.returncode}:\n{installation.output}")

    yield run
    for installation in started:
        if installation.process.poll() is None:
            installation.stop()
        assert installation.process.stdout is not None
        installation.process.stdout.close()
