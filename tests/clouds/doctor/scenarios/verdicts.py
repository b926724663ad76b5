"""What a check may say, in short words for the table."""

from __future__ import annotations

from dataclasses import dataclass

from clouds import Cause
from clouds.permissions import State

Expected = tuple[State, Cause | None]
Verdicts = tuple[Expected, ...]

YES: Expected = (State.GRANTED, None)
NO: Expected = (State.DENIED, Cause.DENIED)
HIDDEN: Expected = (State.UNKNOWN, Cause.HIDDEN)


def no(cause: Cause) -> Expected:
    return State.DENIED, cause


def skipped(cause: Cause) -> Expected:
    """Overwrite, where write was refused for this cause."""
    return State.SKIPPED, cause


def unknown(cause: Cause) -> Expected:
    return State.UNKNOWN, cause


SKIPPED = skipped(Cause.DENIED)
NO_ANSWER = unknown(Cause.TIMEOUT)


@dataclass(frozen=True)
class Expectation:
    input: Verdicts
    lightly: Verdicts


def refused_by_cloud(cause: Cause) -> Expectation:
    """Every request is answered, with the same refusal."""
    return Expectation((no(cause), no(cause)), (no(cause), no(cause), no(cause), skipped(cause)))


def refused_at_once(cause: Cause) -> Expectation:
    """The credential is found unusable before anything is tried, so that nothing needs to be skipped."""
    return Expectation((no(cause),) * 2, (no(cause),) * 4)


def nothing_known(cause: Cause) -> Expectation:
    return Expectation((unknown(cause),) * 2, (unknown(cause),) * 4)
