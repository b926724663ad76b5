"""An installation whose workers a test kills: real Redis, real scheduler, real workers, with the tests' kinds of job.

The test looks into its database as an outsider, and makes jobs in a process of the product.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import redis

from core.queues import Queue
from lightly_platform.env import BASE_DIR
from lightly_platform.launcher import embedded_redis
from lightly_platform.launcher.workers import workers
from tests import prepared
from tests.e2e.support.stack import Stack
from tests.jobs.rehearsal import TABLE
from tests.servers.process import eventually

# So long may anything take that is not what a test measures.
PATIENCE = 240
_START = """
import json, sys
from tests.jobs.worker_app import app
from jobs.services import start
kind, arguments, total, lane = json.loads(sys.argv[1])
print(start(kind, title="Rehearsal", arguments=arguments, total=total, lane=lane)[0].pk)
"""
_CANCEL = """
import sys
from tests.jobs.worker_app import app
from jobs import lifecycle
print(lifecycle.cancel(sys.argv[1]))
"""


class Installation:
    def __init__(self, directory: Path) -> None:
        self.stack = Stack(directory, {})
        self._reader: sqlite3.Connection | None = None

    def start(self, *, beat: bool = True) -> None:
        self.stack.start_redis()
        assert prepared.put_into(self.stack.data_dir, self.stack.environ)
        self.execute(TABLE)
        if beat:
            self.stack.start_beat()

    def start_worker(
        self, *queues: Queue, concurrency: int = 2, wait: bool = True, **more: str
    ) -> subprocess.Popen[bytes]:
        """As the launcher starts it, but with the tests' kinds of job. Its process, which takes work from now on.

        `more`: variables of its environment. Without `wait` it takes work soon.
        """
        processes = self.stack._processes
        name = f"worker-{len(processes)}"
        environ = {"QUEUES": ",".join(queues), "CONCURRENCY": str(concurrency), **more}
        (worker,) = workers(environ, name=name)
        command = [*worker.command]
        command[command.index("lightly_platform")] = "tests.jobs.worker_app"
        process = self.stack.start(name, command[1:], more)
        if not wait:
            return process
        assert eventually(lambda: " ready." in self.stack.log(name) or process.poll() is not None, PATIENCE)
        assert process.poll() is None, self.stack.log(name)
        return process

    def start_job(self, kind: str, total: int, *, lane: str = "", **arguments: Any) -> str:
        return self._run(_START, json.dumps([kind, arguments, total, lane]))

    def cancel(self, job: str) -> bool:
        return self._run(_CANCEL, job) == "True"

    def redis(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(embedded_redis.socket_path(self.stack.data_dir)))

    def job(self, job: str) -> dict[str, Any]:
        columns = "state, done, message, error"
        (row,) = self.query(f"SELECT {columns} FROM jobs_job WHERE id = ?", job)  # noqa: S608 - no outside text
        return dict(zip(columns.split(", "), row, strict=True))

    def query(self, sql: str, *values: Any) -> list[Any]:
        """Tests ask many times a second, so the connection stays open until the installation stops."""
        if self._reader is None:
            self._reader = self.stack.until_stopped(closing(self._connect()))
        return self._reader.execute(sql, values).fetchall()

    def execute(self, sql: str, *values: Any) -> None:
        with closing(self._connect()) as database, database:
            database.execute(sql, values)

    def logs(self) -> str:
        return "\n".join(
            f"--- {log.stem}\n{log.read_text(errors='replace')[-2500:]}" for log in self.stack.logs.iterdir()
        )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.stack.data_dir / "lightly.sqlite3", timeout=20)

    def _run(self, code: str, *arguments: str) -> str:
        result = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=BASE_DIR,
            env=self.stack.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()
