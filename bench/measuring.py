"""What the parts of the bench share: how often and on how much they measure, and what they answer."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much a run measures. `times`: how often each action is repeated; `few` and `many`: numbers of rows."""

    times: int
    few: int
    many: int


FULL = Effort(times=7, few=100, many=10_000)
# Shows within a minute that everything still runs. Its figures mean little.
QUICK = Effort(times=1, few=100, many=300)


@dataclass(frozen=True)
class Measured:
    """Two ways side by side; both durations are medians in milliseconds."""

    what: str
    ours: float
    other_name: str
    other: float

    @property
    def ratio(self) -> float:
        return self.other / self.ours


def median_ms(action: Callable[[], object], times: int) -> float:
    """The median duration of `times` calls, in milliseconds."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        durations.append((time.perf_counter() - started) * 1000)
    return statistics.median(durations)
