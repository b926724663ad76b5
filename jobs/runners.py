"""What a kind of job has to offer, and the list of all kinds. The apps that have the work register theirs."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from core.queues import RULES, Queue
from jobs.models import Job

Cursor = dict[str, Any]


class JobError(Exception):
    """A slice failed; the text is a sentence for people. `is_final`: trying again is of no use."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.is_final = is_final


@dataclass(frozen=True)
class Slice:
    """What a runner is asked to do now: go on at the cursor, and come back before `ends_at` (time.monotonic()).

    `deaths`: so many workers did not survive this very slice.
    """

    job: Job
    shard: int
    cursor: Cursor
    ends_at: float
    deaths: int = 0

    @property
    def seconds_left(self) -> float:
        return self.ends_at - time.monotonic()


@dataclass(frozen=True)
class Step:
    """What a slice has come to.

    `done` counts this slice alone. `store` writes what the slice found: it is called in the transaction that moves the
    cursor, so its rows are there once or not at all. Whatever a runner writes anywhere else may be written twice.
    `total`, `message`: of the whole job, None for no change.
    `pause`: seconds before the shard may go on, for a slice that has to wait for something. No worker waits with
    it. The sweep finds it then, so it may begin some seconds later.
    """

    cursor: Cursor
    is_last: bool
    done: int = 0
    total: int | None = None
    message: str | None = None
    log: Sequence[str] = field(default=())
    store: Callable[[], None] | None = None
    pause: float = 0.0


class Runner(ABC):
    """One kind of job. It has no state: each slice may be done by another worker."""

    kind: ClassVar[str]
    """Pinned: it stands in the database."""
    label: ClassVar[Any]
    """For people; lazily translated."""
    queue: ClassVar[Queue]

    def split(self, job: Job) -> Sequence[Cursor]:
        """Where the shards begin, at least one. They are done side by side, on as many workers as there are."""
        return [{}]

    def follow(self, job: Job, cursors: Sequence[Cursor]) -> Sequence[Cursor]:
        """Where the shards of a next stage begin, once all there are have ended with these cursors. None: it is done.

        Asked inside the transaction that stored the last of them, so it may only look at the cursors.
        """
        return []

    @abstractmethod
    def run(self, this: Slice) -> Step:
        """Do one slice. Doing it twice must be harmless. Raises JobError."""

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        """What the job's message says at the end, from the last cursors of its shards; None: what it says already."""
        return None

    def ended(self, job: Job) -> None:  # noqa: B027 - most kinds have nothing to do then
        """The job has come to its end, whichever: see its state and error. Called in the transaction that ends it."""

    @property
    def slice_seconds(self) -> float:
        """So long may a slice take. At most what its queue's rules allow."""
        return RULES[self.queue].slice_seconds


_RUNNERS: dict[str, Runner] = {}
AnyRunner = TypeVar("AnyRunner", bound=type[Runner])


def register(runner_class: AnyRunner) -> AnyRunner:
    """A class decorator. Raises ValueError if another class has this kind already."""
    runner = runner_class()
    known = _RUNNERS.get(runner.kind)
    if known and type(known) is not runner_class:
        raise ValueError(f"Two runners are called {runner.kind}.")
    if runner.slice_seconds > RULES[runner.queue].slice_seconds:
        raise ValueError(f"Slices of {runner.kind} are longer than the queue {runner.queue} allows.")
    _RUNNERS[runner.kind] = runner
    return runner_class


def runner_of(kind: str) -> Runner | None:
    """None for a kind that this release does not know (any more)."""
    return _RUNNERS.get(kind)


def kinds() -> list[str]:
    return sorted(_RUNNERS)
