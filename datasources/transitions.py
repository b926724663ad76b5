"""When a check's outcome is news. Pure: no Django, no clock, no database.

A datasource remembers what people believe of it (`known_outcome`):

* empty: it was never green. Red is no news then: somebody is still setting it up and looks at the bulbs.
* GREEN: it works. Red is news at once. Unknown is not: an outage or throttling is the cloud's trouble, and passes;
  only after PATIENCE scheduled checks in a row which could not tell is that news of its own.
* RED or UNKNOWN: people were told. The next green is the recovery; red after unknown is news again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# So many scheduled checks in a row must find out nothing before people are told that it can't be checked.
PATIENCE = 3
# So many days before a credential ends people are warned.
WARN_DAYS = (7, 1)

NEVER_GREEN, GREEN, RED, UNKNOWN = "", "GREEN", "RED", "UNKNOWN"


class AlertKind(StrEnum):
    BROKEN = "BROKEN"
    RECOVERED = "RECOVERED"
    UNCHECKABLE = "UNCHECKABLE"
    EXPIRING = "EXPIRING"

    @property
    def label(self) -> str:
        return {
            AlertKind.BROKEN: "Turned red",
            AlertKind.RECOVERED: "Green again",
            AlertKind.UNCHECKABLE: "Can't be checked",
            AlertKind.EXPIRING: "Ends soon",
        }[self]


@dataclass(frozen=True)
class Step:
    """What people believe from now on, and what they are told; `alert` None: nothing."""

    known: str
    alert: AlertKind | None = None


def step(known: str, outcome: str, unknown_in_a_row: int = 0) -> Step:
    """`unknown_in_a_row` counts the scheduled checks since the last green or red one, this one included."""
    if outcome == GREEN:
        return Step(GREEN, AlertKind.RECOVERED if known in {RED, UNKNOWN} else None)
    if outcome == RED:
        return Step(RED, AlertKind.BROKEN) if known in {GREEN, UNKNOWN} else Step(known)
    if outcome == UNKNOWN and known == GREEN and unknown_in_a_row >= PATIENCE:
        return Step(UNKNOWN, AlertKind.UNCHECKABLE)
    return Step(known)


def expiry_warning(now: datetime, expires_at: datetime, *, saved_at: datetime, warned_days: int) -> int:
    """How many days ahead to warn of now; 0: not now.

    `warned_days`: how many days ahead of this very end people were warned last; 0: not yet. Who saves a credential that
    ends within those days sees so in the form, so that is no warning either.
    """
    due = [
        days
        for days in WARN_DAYS
        if now >= expires_at - timedelta(days=days) > saved_at and (not warned_days or days < warned_days)
    ]
    return min(due, default=0) if now < expires_at else 0
