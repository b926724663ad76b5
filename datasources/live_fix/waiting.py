"""How long the settings wait for a change, and how often they look meanwhile. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(minutes=5)
# From this age of the wait on, the time between two checks. Changed rights arrive within seconds, or take minutes.
PACES = [
    (timedelta(seconds=150), timedelta(seconds=30)),
    (timedelta(seconds=60), timedelta(seconds=20)),
    (timedelta(seconds=20), timedelta(seconds=10)),
    (timedelta(), timedelta(seconds=5)),
]
SHORTEST = PACES[-1][1]


@dataclass(frozen=True)
class Wait:
    """A wait that began at `since`, as it is `now`."""

    since: datetime
    now: datetime

    @classmethod
    def continued(cls, since: str, now: datetime) -> "Wait":
        """From what the page sent. What is no moment of the past begins a wait."""
        try:
            moment = datetime.fromisoformat(since)
            return cls(min(moment, now), now)
        except (ValueError, TypeError):  # not a moment, or one without a time zone
            return cls(now, now)

    @property
    def is_over(self) -> bool:
        return self.now - self.since >= LONGEST

    @property
    def pace(self) -> timedelta:
        """The time between two checks."""
        return next(pace for age, pace in PACES if self.now - self.since >= age)
