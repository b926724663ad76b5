"""What the parts of the bench share: how much they measure, how two ways are measured side by side, and the answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Action = Callable[[], object]
Middle = Callable[[Sequence[float]], float]


@dataclass(frozen=True)
class Effort:
    """How much a run measures. `times`: how often each action is repeated; `few` and `many`: numbers of rows.

    `names`: of the largest bucket; `images`: of a run by workers; `checks`: that a worker has to do.
    """

    times: int
    few: int
    many: int
    names: int
    images: int
    checks: int

    @property
    def is_quick(self) -> bool:
        return self.times == 1


# Within ten minutes on two cores.
USUAL = Effort(times=7, few=100, many=10_000, names=100_000, images=1_000, checks=200)
# FULL=1: the sizes that the goals name, where they differ. Some twenty minutes more.
FULL = Effort(times=7, few=100, many=10_000, names=1_000_000, images=5_000, checks=1_000)
# QUICK=1: shows within two minutes that everything still runs. Its figures mean little.
QUICK = Effort(times=1, few=100, many=300, names=5_000, images=40, checks=20)


@dataclass(frozen=True)
class Goal:
    """What the ratio has to be."""

    ratio: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.ratio:g}"

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.ratio if self.at_least else ratio <= self.ratio


def at_most(ratio: float) -> Goal:
    return Goal(ratio)


def at_least(ratio: float) -> Goal:
    return Goal(ratio, at_least=True)


@dataclass(frozen=True)
class Measured:
    """What something takes beside its floor: the least it could take, or the same with less to do. Both in `unit`.

    `naive`: what a straightforward script takes. `goal`: None where nothing is promised. `note`: one more sentence.
    """

    what: str
    ours: float
    floor: float
    floor_name: str
    goal: Goal | None = None
    unit: str = "ms"
    naive: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.floor

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return "-"
        return "yes" if self.goal.is_met(self.ratio) else "no"


def milliseconds(action: Action) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def in_turns(*actions: Action, times: int, middle: Middle = statistics.median) -> list[float]:
    """The duration of each in milliseconds, the median of so many turns.

    In turns, so that all of them find the same machine. `middle`: `min` for what only computes, where whatever else
    the machine does can but add.
    """
    took: list[list[float]] = [[] for _ in actions]
    for _ in range(times):
        for durations, action in zip(took, actions, strict=True):
            durations.append(milliseconds(action))
    return [middle(durations) for durations in took]


def median_ms(action: Action, times: int) -> float:
    """The median duration of `times` calls, in milliseconds."""
    return in_turns(action, times=times)[0]
