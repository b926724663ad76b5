"""One installation for all of the chaos, whose parts are killed, frozen and started again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos import processes
from chaos.hands import Hands
from core.queues import Queue
from tests.e2e.support.backstage import Person
from tests.jobs.installation import Installation
from tests.servers.process import eventually

DEADLINE = 5
# What a check may take beyond its deadline: it counts as lost after 10 s more, which is looked for every 10 s, and is
# then done anew. Each death of its worker costs this once.
GRACE = 10 + 10
# Of a loaded machine.
SLACK = 20
# A message that got lost on its way is sent again after so long.
SENT_AGAIN = 60
ENDED = ("DONE", "FAILED", "CANCELLED")
SLOTS = {Queue.CHECKS: 8, Queue.PATIENT: 8, Queue.RUNS: 1}
"""Of each worker, by its queue."""


class House(Installation):
    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        super().__init__(directory)
        self.stack.environ |= environment
        self.crew: dict[Queue, list[subprocess.Popen[bytes]]] = {queue: [] for queue in SLOTS}
        self.redis_process: subprocess.Popen[bytes]
        self.web: subprocess.Popen[bytes]
        self.hands: Hands

    def open(self) -> None:
        self.start()
        (self.redis_process, *_) = self.stack._processes
        self.hands = Hands(self.stack.environ, self.stack._log("hands"))
        self.stack._backstage = self.hands
        self.web = self.start_web()
        self.heal()

    def heal(self) -> None:
        """What every test may rely on, whatever the one before has left."""
        self.redis_process.send_signal(signal.SIGCONT)
        if self.redis_process.poll() is not None:
            self.restart_redis(signal.SIGKILL)
        if self.web.poll() is not None:
            self.web = self.start_web()
        for queue in (Queue.CHECKS, Queue.PATIENT):
            self.crew[queue] = [worker for worker in self.crew[queue] if worker.poll() is None]
            if not self.crew[queue]:
                self.hire(queue)

    def start_web(self) -> subprocess.Popen[bytes]:
        """As `launch web` starts it, with as many processes and threads as people have."""
        process = self.stack.start("web", ["-m", "lightly_platform.launch", "web"])
        self.stack._until(self.stack._answers, "web", process)
        return process

    def hire(self, queue: Queue, *, wait: bool = True) -> None:
        """One more worker, which takes work from now on; or soon, without `wait`."""
        self.crew[queue].append(self.start_worker(queue, concurrency=SLOTS[queue], wait=wait))

    def dismiss(self, queue: Queue) -> None:
        """All workers of this queue end in order."""
        while self.crew[queue]:
            self.stack.end(self.crew[queue].pop())

    def kill_worker(self, queue: Queue, number: int = 0) -> None:
        """Outright, with all it has started; another one takes its place soon."""
        victim = self.crew[queue].pop(number)
        processes.kill_tree(victim.pid)
        victim.wait()
        self.hire(queue, wait=False)

    def restart_redis(self, number: signal.Signals) -> None:
        """Ended by this signal, and started again from what it had written."""
        self.redis_process.send_signal(number)
        self.redis_process.wait(30)
        self.redis_process = self.stack.start_redis()
        # The first to start is the last that the stack ends.
        self.stack._processes.remove(self.redis_process)
        self.stack._processes.insert(0, self.redis_process)

    def hurry_leases(self) -> None:
        """As if the leases of the dead had ended, and messages that died with them had been missed for a minute."""
        self.execute("UPDATE jobs_jobshard SET leased_until = '2020-01-01 00:00:00' WHERE state = 'RUNNING'")
        self.execute("UPDATE jobs_jobshard SET sent_at = NULL WHERE state = 'QUEUED'")

    def hurry_messages(self) -> None:
        """As if a minute had passed, after which a message that no queue holds is taken for lost.

        With the time of day, as Django writes it: who sends again compares what it has read with what stands there.
        """
        for table, column in (("datasources_permissioncheck", "dispatched_at"), ("jobs_jobshard", "sent_at")):
            self.execute(f"UPDATE {table} SET {column} = '2020-01-01 00:00:00' WHERE state = 'QUEUED'")  # noqa: S608

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Meanwhile nobody can write to the database, as while somebody looks into it with a tool."""
        with contextlib.closing(self._connect()) as database:
            database.isolation_level = None
            database.execute("BEGIN EXCLUSIVE")
            try:
                yield
            finally:
                database.execute("ROLLBACK")

    def has_ended(self, job: str) -> bool:
        return self.job(job)["state"] in ENDED

    def await_jobs(self, jobs: list[str], seconds: float) -> None:
        assert eventually(lambda: all(self.has_ended(job) for job in jobs), seconds), (
            f"{[self.job(job) for job in jobs]}\n{self._left(jobs)}\n{self.logs()}"
        )

    def _left(self, jobs: list[str]) -> str:
        """What is known of the shards that are not done, and what was said of them."""
        shards = self.query(
            "SELECT job_id, number, state, attempts, deaths, sent_at, not_before, leased_until FROM jobs_jobshard"
            " WHERE state <> 'DONE'"
        )
        lines = self.query("SELECT job_id, at, text FROM jobs_joblogline ORDER BY id")
        wanted = [row for row in [*shards, *lines] if row[0] in jobs]
        with self.redis() as client:
            waiting = {queue.value: client.llen(queue.value) for queue in Queue}
        return "\n".join(map(str, [datetime.now(UTC), waiting, *wanted]))

    def owner(self, name: str) -> Person:
        return self.hands.person(name)

    def open_checks(self) -> int:
        ((count,),) = self.query(
            "SELECT COUNT(*) FROM datasources_permissioncheck WHERE state IN ('QUEUED', 'RUNNING')"
        )
        return int(count)

    def await_checks(self, seconds: float) -> None:
        assert eventually(lambda: self.open_checks() == 0, seconds), f"{self._open()}\n{self.logs()}"

    def _open(self) -> str:
        """What is known of the checks that have not ended."""
        rows = self.query(
            "SELECT state, attempts, queued_at, dispatched_at, started_at FROM datasources_permissioncheck"
            " WHERE state IN ('QUEUED', 'RUNNING')"
        )
        return "\n".join(map(str, [f"{len(rows)} open checks", *rows[:20]]))

    def shown(self, datasets: list[str]) -> dict[str, tuple[Any, ...]]:
        """By dataset: revision of the Input, and of the check that is shown its revision, state and outcome."""
        rows = self.query(
            "SELECT d.dataset_id, d.revision, c.revision, c.state, c.outcome FROM datasources_datasource d"
            " LEFT JOIN datasources_permissioncheck c ON c.id = d.latest_check_id WHERE d.purpose = 'INPUT'"
        )
        wanted = set(datasets)
        return {row[0]: tuple(row[1:]) for row in rows if row[0] in wanted}

    def lost_checks(self, outcomes: dict[str, str]) -> list[str]:
        """Datasets whose bulbs don't show this outcome of the newest revision."""
        shown = self.shown(list(outcomes))
        return [
            dataset
            for dataset, outcome in outcomes.items()
            if shown[dataset][0] != shown[dataset][1] or shown[dataset][2:] != ("DONE", outcome)
        ]

    def alerts(self, datasets: list[str]) -> list[tuple[str, str]]:
        """(dataset, kind) of each alert, sorted."""
        rows = self.query(
            "SELECT d.dataset_id, a.kind FROM datasources_alert a"
            " JOIN datasources_datasource d ON d.id = a.datasource_id"
        )
        wanted = set(datasets)
        return sorted((dataset, kind) for dataset, kind in rows if dataset in wanted)
