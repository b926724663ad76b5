"""The commands of the workers: a process for each queue that people or clouds wait for, one for what needs processes.

Separate, so that scheduled checks and mails, however many, never take the slots of those checks that people wait for.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from core.queues import OLD_QUEUE, OLD_QUEUE_IS_EMPTIED_BY, RULES, Queue
from lightly_platform.compute_worker import labels_of
from lightly_platform.env import WrongEnvironment

MOST_HANDS = 200
# What Celery is told before its command. Django's checks of our code are for `manage.py check`: in each worker they
# would take a second, and 5 to 10 MB.
BEFORE = ["--app", "lightly_platform", "--quiet", "--skip-checks"]
# In a container one is root; docs/deploy.md recommends a user of its own, the log need not on every start.
LECTURE = "You're running the worker with superuser privileges"
_GOOD_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_ID = re.compile(r"[a-f0-9]{24}")


@dataclass(frozen=True)
class Worker:
    """One process, with the queues it takes work from. All of them have the same kind of pool."""

    name: str
    queues: tuple[Queue, ...]
    concurrency: int

    @property
    def title(self) -> str:
        """For the operator."""
        return f"The worker ({', '.join(self.queues)})"

    @property
    def command(self) -> list[str]:
        """It alone, in a process of its own."""
        return celery(*self.arguments)

    @property
    def arguments(self) -> list[str]:
        """For Celery's command line."""
        pool = RULES[self.queues[0]].pool
        queues = [queue.value for queue in self.queues]
        if set(self.queues) & set(OLD_QUEUE_IS_EMPTIED_BY):
            queues.append(OLD_QUEUE)
        # A pool of processes begins with one and grows while there is work: idle ones cost memory.
        slots = (
            ["--autoscale", f"{self.concurrency},1"] if pool == "prefork" else ["--concurrency", f"{self.concurrency}"]
        )
        options = ["--without-gossip", "--without-mingle", "--pool", pool, *slots, "--queues", ",".join(queues)]
        return ["worker", *options, "--hostname", f"{self.name}@%h"]


def workers(environ: Mapping[str, str], *, name: str) -> list[Worker]:
    """As QUEUES, CONCURRENCY, NAME, LABELS and WORKER_ID want them; by default all queues. Raises WrongEnvironment.

    `name` is a prefix of what the workers are called, unless NAME is set. The labels, or the worker that WORKER_ID
    names, are looked at again by the process that takes runs: see runs/scheduling/registry.py.
    """
    queues, slots = _queues(environ.get("QUEUES", "")), _concurrency(environ.get("CONCURRENCY", ""))
    prefix = environ.get("NAME") or name
    if not _GOOD_NAME.fullmatch(prefix):
        raise WrongEnvironment("NAME may hold letters, digits, - and _, at most 40; for example NAME=gpu-1.")
    _check_compute_worker(environ, queues)
    threads = [(queue,) for queue in queues if not RULES[queue].may_be_killed]
    processes = tuple(queue for queue in queues if RULES[queue].may_be_killed)
    return [
        Worker(f"{prefix}-{'-'.join(group)}", group, slots or RULES[group[0]].concurrency or os.cpu_count() or 1)
        for group in [*threads, processes]
        if group
    ]


def celery(*arguments: str) -> list[str]:
    return [sys.executable, "-W", f"ignore:{LECTURE}", "-m", "celery", *BEFORE, *arguments]


def _queues(text: str) -> list[Queue]:
    wanted = {name.strip().lower() for name in text.split(",") if name.strip()} or set(Queue)
    if unknown := sorted(wanted - set(Queue)):
        raise WrongEnvironment(
            f"There is no queue {unknown[0]}; QUEUES takes {', '.join(Queue)}, for example QUEUES=checks,patient."
        )
    return [queue for queue in Queue if queue in wanted]


def _check_compute_worker(environ: Mapping[str, str], queues: list[Queue]) -> None:
    labels, worker_id = labels_of(environ), environ.get("WORKER_ID", "").strip()
    if worker_id and not _ID.fullmatch(worker_id):
        raise WrongEnvironment(
            "WORKER_ID takes what register_compute_worker() returned: 24 digits and letters from a to f, for example"
            " WORKER_ID=0123456789abcdef01234567."
        )
    if worker_id and labels:
        raise WrongEnvironment(
            "A worker that was registered before has its labels from there: set WORKER_ID or LABELS, for example"
            " LABELS=gpu."
        )
    if (worker_id or labels) and Queue.RUNS not in queues:
        name = "WORKER_ID" if worker_id else "LABELS"
        raise WrongEnvironment(f"{name} is for workers of the queue {Queue.RUNS.value}, for example QUEUES=runs.")


def _concurrency(text: str) -> int:
    """0: as the queues' rules say."""
    if not text.strip():
        return 0
    if not text.strip().isdecimal() or not 1 <= int(text) <= MOST_HANDS:
        raise WrongEnvironment(f"CONCURRENCY must be a number from 1 to {MOST_HANDS}, for example CONCURRENCY=8.")
    return int(text)
