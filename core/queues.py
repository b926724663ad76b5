"""The queues between whoever asks for work and the workers that do it: one for each kind of work.

Plain facts, which the launcher reads without loading Django.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Queue(StrEnum):
    """The name of a queue, as the broker, `make worker QUEUES=…` and the metrics spell it."""

    # Checks that a person or a script waits for.
    CHECKS = "checks"
    # What nobody waits for: scheduled checks, mails, webhooks, sweeps, jobs that talk to clouds.
    PATIENT = "patient"
    # What opens files that anybody may have made.
    CONTENTS = "contents"
    # Shards of runs.
    RUNS = "runs"


# A queue has lanes for work that only some of its workers can do. A lane is the labels that a worker needs, sorted and
# joined by commas; "" is the queue itself. Names of queues have + instead: Celery's command line separates by commas.
LABEL = re.compile(r"[A-Za-z0-9_-]{1,40}")
MOST_LABELS = 6
LONGEST_LANE = 250


def lane_of(labels: Iterable[str]) -> str:
    """The lane of work that needs workers with all of these labels."""
    return ",".join(sorted(set(labels)))


def lanes_for(labels: Iterable[str]) -> list[str]:
    """The lanes that a worker with these labels takes work from, the queue itself first: one for each subset."""
    each = sorted(set(labels))
    return [lane_of(some) for size in range(len(each) + 1) for some in itertools.combinations(each, size)]


def lane_queue(queue: Queue, lane: str = "") -> str:
    """As the broker names it: `runs`, or `runs.a+b`."""
    return f"{queue.value}.{lane.replace(',', '+')}" if lane else queue.value


# Releases up to 0.2 knew one queue, with priorities. What they left in it is still done after an upgrade.
OLD_QUEUE = "celery"
OLD_QUEUE_IS_EMPTIED_BY = (Queue.CHECKS, Queue.PATIENT)

# A slice that runs in a process of its own is told to stop when its time is over, and killed so much later.
KILLED_AFTER_SECONDS = 10


@dataclass(frozen=True)
class Rules:
    """How a queue's work is done.

    `pool`: threads wait for networks in one process; prefork gives each task a process, which may be killed.
    `concurrency`: how many tasks a worker does at once; 0: as many as the machine has processors.
    `slice_seconds`: how long one slice of a job may take. Only prefork enforces it.
    """

    pool: str
    concurrency: int
    slice_seconds: int

    @property
    def may_be_killed(self) -> bool:
        return self.pool == "prefork"

    @property
    def longest_seconds(self) -> int:
        """By then a slice has ended, in one way or the other."""
        return self.slice_seconds + KILLED_AFTER_SECONDS


RULES = {
    # Checks wait for clouds nearly all the time, so 16 threads in one process do what 16 processes would, in a
    # sixteenth of the memory, and all share one boto3 session.
    Queue.CHECKS: Rules(pool="threads", concurrency=16, slice_seconds=250),
    Queue.PATIENT: Rules(pool="threads", concurrency=16, slice_seconds=250),
    Queue.CONTENTS: Rules(pool="prefork", concurrency=0, slice_seconds=30),
    Queue.RUNS: Rules(pool="prefork", concurrency=0, slice_seconds=60),
}
