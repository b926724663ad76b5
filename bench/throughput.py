"""How many checks workers get done while the storage is slow, and what that takes of a processor and of memory.

A real installation: Redis, SQLite, workers of their own as the launcher starts them, and a storage that is 50 ms away.
Each check is of another datasource, of people in as many teams as a worker has slots and some more, since the slots of
a worker are shared out between people and teams.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import django

from bench import indexing, workers
from bench.errands import Errands
from bench.measuring import Effort, Measured, at_least, at_most
from bench.storage import PREFIX
from chaos import processes
from core.queues import RULES, Queue
from lightly_platform.launcher.workers import Worker
from tests.servers.process import eventually

if TYPE_CHECKING:
    from tests.jobs.installation import Installation

LATENCY_MILLISECONDS = 50
TEAMS, ALONE, SILENT = 24, 5, 40
# Of a worker of which two are measured side by side: few, so that they wait for the storage and not for a processor.
FEW_SLOTS = 4
PER_HOUR = 10_000
# Of all checks together.
PATIENCE = 600
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Place:
    """An installation without a scheduler, whose workers are started one by one."""

    installed: Installation
    errands: Errands
    storage: str
    """Its host and port."""

    def worker(self, slots: int) -> subprocess.Popen[bytes]:
        """Of checks that people ask for and of those that the schedule does, for which people have a worker each."""
        stack = self.installed.stack
        name = f"worker-{len(stack._processes)}"
        command = Worker(name, (Queue.CHECKS, Queue.PATIENT), slots).command
        process = stack.start(name, command[1:])
        stack._until(lambda: " ready." in stack.log(name), name, process)
        return process

    def datasets(self, name: str, count: int) -> list[str]:
        """Each with a key of its own, so that no check finds the connections of another."""
        plain = indexing.fields(PREFIX)
        configs = [plain | {"s3AccessKeyId": f"AKIA{name.upper()}{number:06}"} for number in range(count)]
        return self.errands.datasets(name, configs, TEAMS)

    def alone(self, datasets: list[str]) -> float:
        """Seconds of one whole check that has the worker to itself, in the middle."""
        return statistics.median(self._seconds_of(dataset) for dataset in datasets)

    def _seconds_of(self, dataset: str) -> float:
        before = self.ended()
        self.errands.check_each([dataset])
        self._await(before + 1)
        ended = datetime.now(UTC)
        ((began,),) = self.installed.query("SELECT MAX(started_at) FROM datasources_permissioncheck")
        return (ended - datetime.fromisoformat(began).replace(tzinfo=UTC)).total_seconds()

    def asked(self, dataset: str, *others: str) -> float:
        """Seconds from asking for this check until it is whole. The others are asked for just before."""
        before = self.ended()
        if others:
            self.errands.check_each(list(others))
        began = time.monotonic()
        self.errands.check_each([dataset])
        self._await(before + 1)
        return time.monotonic() - began

    def rate(self, datasets: list[str], *crew: subprocess.Popen[bytes]) -> float:
        """Checks in a second, from the first to the last. The workers stand still until all have been sent."""
        before = self.ended()
        for each in crew:
            each.send_signal(signal.SIGSTOP)
        self.errands.check_each(datasets)
        began = time.monotonic()
        for each in crew:
            each.send_signal(signal.SIGCONT)
        self._await(before + len(datasets))
        return len(datasets) / (time.monotonic() - began)

    def scheduled(self, datasets: list[str]) -> None:
        """A check of each by the schedule, which queues some hundred at once."""
        left = datasets
        while left:
            before = self.ended()
            count = self.errands.schedule_each(left)
            self._await(before + count)
            left = left[count:]

    def ended(self) -> int:
        """Whole checks: what is learnt beside the verdicts is written down too."""
        ((count,),) = self.installed.query(
            "SELECT COUNT(*) FROM datasources_permissioncheck WHERE state = 'DONE' AND cors <> '{}'"
        )
        return int(count)

    def _await(self, count: int) -> None:
        assert eventually(lambda: self.ended() >= count, PATIENCE), self.installed.logs()
        wrong = self.installed.query("SELECT outcome, verdicts FROM datasources_permissioncheck WHERE outcome = 'RED'")
        assert not wrong, wrong[0]


@contextmanager
def silent_hosts() -> Iterator[list[str]]:
    """Addresses of different hosts that take connections and never answer."""
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server((f"127.0.1.{n + 1}", 0))) for n in range(SILENT)]
        yield ["{}:{}".format(*server.getsockname()) for server in servers]


@contextmanager
def place(hosts: list[str]) -> Iterator[Place]:
    django.setup()
    from tests.jobs.installation import Installation

    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        port = stack.enter_context(workers.storage(10, LATENCY_MILLISECONDS))
        made = Installation(Path(directory) / "stack")
        allowed = {"127.0.0.1", *(host.partition(":")[0] for host in hosts)}
        made.stack.environ |= indexing.environment(port) | {"LIGHTLY_ALLOWED_PRIVATE_HOSTS": ",".join(sorted(allowed))}
        stack.callback(made.stack.stop)
        made.start(beat=False)
        errands = Errands(made.stack.environ, made.stack._log("errands"))
        stack.callback(errands.close)
        yield Place(made, errands, f"127.0.0.1:{port}")


def checks(effort: Effort) -> Iterator[Measured]:
    """One worker with all of its slots, its memory and processor; then two with few slots."""
    count, slots = effort.checks, RULES[Queue.CHECKS].concurrency
    with silent_hosts() as hosts, place(hosts) as here:
        worker = here.worker(slots)
        yield from _one_worker(here, worker, count, slots)
        yield _beside_silent(here, worker, hosts, effort)
        yield _two_workers(here, count)


def _one_worker(here: Place, worker: subprocess.Popen[bytes], count: int, slots: int) -> Iterator[Measured]:
    warm, lonely, many = (here.datasets(*each) for each in (("warm", count // 10), ("lone", ALONE), ("many", count)))
    here.rate(warm, worker)
    alone = here.alone(lonely)
    memory, before = processes.megabytes(worker.pid), processor_seconds(worker.pid)
    rate = here.rate(many, worker)
    took = (processor_seconds(worker.pid) - before) / count
    grown = processes.megabytes(worker.pid)
    note = f"One alone takes {alone * 1000:.0f} ms, and {took * 1000:.0f} ms of a processor when there are many"
    floor, allows = slots / alone, f"what {slots} slots allow"
    yield Measured(f"{count:,} checks, one worker", rate, floor, allows, at_least(0.7), unit="/s", note=note)
    yield Measured(f"memory after {count:,} checks", grown, memory, "before them", at_most(1.1), unit="MB")
    here.scheduled(warm)
    each = _processor_seconds_of(worker, lambda: here.scheduled(many)) / count
    what, floor = f"processor of {PER_HOUR:,} scheduled checks in 1 h", 3600.0
    note = f"{each * 1000:.0f} ms for each check"
    yield Measured(what, each * PER_HOUR, floor, "one core for an hour", at_most(0.25), unit="s", note=note)


def _beside_silent(here: Place, worker: subprocess.Popen[bytes], hosts: list[str], effort: Effort) -> Measured:
    """How much later than by itself a check of a storage that has answered before is whole."""
    plain = indexing.fields(PREFIX) | {"type": "S3Compatible"}
    places = [here.storage, *hosts]
    good, *hang = here.errands.datasets(
        "hang", [plain | {"s3Endpoint": f"http://{each}"} for each in places], TEAMS * 2
    )
    here.asked(good)
    alone = statistics.median(here.asked(good) for _ in range(effort.times))
    beside = here.asked(good, *hang)
    here.installed.stack.end(worker, signal.SIGKILL)  # the silent ones would keep it for their deadline
    what, note = f"a check behind {len(hang)} that hang, its delay", f"Alone it takes {alone * 1000:.0f} ms"
    return Measured(what, max(0.0, beside - alone) * 1000, 1000, "1 s", at_most(1), note=note)


def _two_workers(here: Place, count: int) -> Measured:
    crew = [here.worker(FEW_SLOTS)]
    datasets = here.datasets("twin", count)
    here.rate(datasets[: count // 10], *crew)
    one = here.rate(datasets, *crew)
    crew.append(here.worker(FEW_SLOTS))
    here.rate(datasets[: count // 5], *crew)
    two = here.rate(datasets, *crew)
    what = f"{count:,} checks, two workers of {FEW_SLOTS} slots"
    return Measured(what, two, one, "one of them", at_least(1.8), unit="/s")


def _processor_seconds_of(worker: subprocess.Popen[bytes], action: Callable[[], object]) -> float:
    before = processor_seconds(worker.pid)
    action()
    return processor_seconds(worker.pid) - before


def processor_seconds(pid: int) -> float:
    """That this process has had so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
