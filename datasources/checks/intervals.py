"""How long it is until a datasource is checked by itself. Intervals are in hours; 0 means that the schedule is off."""

import random
from datetime import datetime, timedelta

from datasources.models import Datasource
from teams.models import Team

JITTER = 0.1


def next_time(hours: int, now: datetime) -> datetime | None:
    """When to check again after a check that is queued now; None if the schedule is off."""
    # No cryptography: the jitter only keeps thousands of checks from coming at the same moment.
    return now + timedelta(hours=hours * random.uniform(1 - JITTER, 1 + JITTER)) if hours else None  # noqa: S311


def first_time(hours: int, now: datetime) -> datetime | None:
    """When to check a datasource that has no time yet: anywhere in the interval, as there may be thousands of them."""
    return now + timedelta(hours=hours * random.random()) if hours else None  # noqa: S311


def interval_of(datasource: Datasource) -> int:
    """The interval of the datasource's team."""
    return Team.objects.values_list("recheck_hours", flat=True).get(datasets=datasource.dataset_id)
