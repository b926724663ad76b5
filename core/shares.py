"""Shares out the slots of a worker, its tasks at once, so that nobody's work takes all of them.

A check of a storage that stays silent takes a slot for its whole deadline. Without shares, forty of them keep everybody
else's waiting for forty seconds. So whoever has work is given a part of the slots: with one alone, half of them; with
two, a third each; always one part more than there are people. The last quarter is for whoever has no work under way, so
that there is a slot for the next one who comes.

Work that is beyond its share waits in this process, and is done in the slot that is freed for it. It may be lost with
the process: its row in the database is not, and a sweep sends it again.

Plain Python. The numbers are per worker process.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass

logger = logging.getLogger(__name__)

# So much waits in a process; what is beyond that is left to the sweep.
MOST_WAITING = 10_000

Claim = tuple[str, Hashable]
"""Who has the work done, such as ("team", "4f1c…"): those of one kind have equal shares."""


@dataclass(frozen=True)
class _Work:
    claims: frozenset[Claim]
    do: Callable[[], None]
    rank: int


class Shares:
    """`slots` are shared out; work of all claims together never takes more than `most` of them."""

    def __init__(self, slots: int, *, most: int | None = None) -> None:
        self._lock = threading.Lock()
        self._running: Counter[Claim] = Counter()
        self._total = 0
        self._waiting: dict[Hashable, _Work] = {}  # in order of arrival
        self.resize(slots, most=most)

    def resize(self, slots: int, *, most: int | None = None) -> None:
        self.slots = max(1, slots)
        self.most = max(1, self.slots if most is None else most)

    def run(self, name: Hashable, claims: frozenset[Claim], do: Callable[[], None], *, rank: int = 0) -> bool:
        """Do it now. False if it is beyond the share of one of its claims: then it is done later.

        Work that is waiting under the same name already is not done twice. Of what waits, the lowest rank comes first.
        """
        with self._lock:
            if not self._admits(claims):
                if name in self._waiting or len(self._waiting) < MOST_WAITING:
                    self._waiting.setdefault(name, _Work(claims, do, rank))
                return False
            self._begin(claims)
        try:
            do()
        finally:
            self._do_what_waits(claims)
        return True

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def _do_what_waits(self, claims: frozenset[Claim]) -> None:
        """Give the slot back, or use it for what it makes room for."""
        while True:
            with self._lock:
                self._end(claims)
                work = self._next()
            if work is None:
                return
            claims = work.claims
            try:
                work.do()
            except Exception:
                # It is nobody's who could be told. Its row is found by the sweep.
                logger.exception("Work that had waited for its share failed")

    def _admits(self, claims: frozenset[Claim]) -> bool:
        if self._total >= self.most:
            return False
        if self._total >= self.most - self.most // 4 and any(self._running[claim] for claim in claims):
            return False
        return all(self._running[claim] < self._share(claim) for claim in claims)

    def _share(self, claim: Claim) -> int:
        kind = claim[0]
        others = sum(1 for other in self._running if other[0] == kind and other != claim)
        return max(1, self.slots // (others + 2))

    def _begin(self, claims: frozenset[Claim]) -> None:
        self._total += 1
        self._running.update(claims)

    def _end(self, claims: frozenset[Claim]) -> None:
        self._total -= 1
        self._running.subtract(claims)
        for claim in claims:
            if not self._running[claim]:
                del self._running[claim]

    def _next(self) -> _Work | None:
        name = min(
            (name for name, work in self._waiting.items() if self._admits(work.claims)),
            key=lambda name: self._waiting[name].rank,  # of equal ones the first
            default=None,
        )
        if name is None:
            return None
        work = self._waiting.pop(name)
        self._begin(work.claims)
        return work


# Of the worker that this process is, if it is one: `lightly_platform.celery` resizes them to its slots.
ASKED_FOR = Shares(16)
UNASKED = Shares(8)
WEBHOOKS = Shares(5)


def share_out(slots: int) -> None:
    """This worker does so many tasks at once.

    Checks that nobody waits for take half of them at most, and webhooks a third: the rest is for what sends both.
    """
    ASKED_FOR.resize(slots)
    UNASKED.resize(slots // 2)
    WEBHOOKS.resize(slots // 3)
