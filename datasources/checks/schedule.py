"""When a datasource is checked by itself.

`Datasource.next_check_at` says it; None means that it is yet to be decided, or never. Every check that is queued, by
whomever, moves it ahead by the team's interval, give or take a tenth, so that the checks of thousands stay spread.

A scheduled check is not shown before it has finished (see checks.py): nobody waits for it, so the last verdict stays.
"""

import random
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from datasources.models import OPEN_STATES, Datasource, PermissionCheck, Trigger
from teams.models import Team

JITTER = 0.1
BATCH = 200
# So many scheduled checks may be open at once. After a day without workers the rest of the backlog waits here, where
# it costs nothing, and not in the queue.
MOST_OPEN = 400
# The interval is a setting in hours; a week is the longest that still deserves the name.
LONGEST_HOURS = 168


def next_time(hours: int, now: datetime) -> datetime | None:
    """The check after one that is queued now; None if the team has switched the schedule off."""
    # No cryptography: only so that not all come at the same moment.
    return now + timedelta(hours=hours * random.uniform(1 - JITTER, 1 + JITTER)) if hours else None  # noqa: S311


def first_time(hours: int, now: datetime) -> datetime | None:
    """For one that has no time yet: anywhere in the interval, as there may be thousands of them."""
    return now + timedelta(hours=hours * random.random()) if hours else None  # noqa: S311


def interval_of(datasource: Datasource) -> int:
    """In hours; 0: off."""
    return Team.objects.values_list("recheck_hours", flat=True).get(datasets=datasource.dataset_id)


def start_over(team: Team) -> None:
    """After a change of the interval: every datasource of the team gets a new time within the next minute, or none."""
    Datasource.objects.filter(dataset__team=team).update(next_check_at=None)


def queue_due() -> list[str]:
    """Queue a check for every datasource whose time has come. Their ids; hand them to the broker after the commit.

    Two schedulers at once do no harm: rows one of them works on are skipped or waited for by the other, which then sees
    their new times. A few queries for each batch, whatever its size.
    """
    room = MOST_OPEN - PermissionCheck.objects.filter(state__in=OPEN_STATES, trigger=Trigger.SCHEDULE).count()
    queued: list[str] = []
    while room > 0:
        batch = _queue_batch(min(room, BATCH))
        queued += batch
        room -= len(batch)
        if len(batch) < BATCH:
            break
    return queued


@transaction.atomic
def _queue_batch(size: int) -> list[str]:
    now = timezone.now()
    is_open = Exists(PermissionCheck.objects.filter(datasource=OuterRef("pk"), state__in=OPEN_STATES))
    due = list(
        _scheduled()
        .filter(~is_open, next_check_at__lte=now)
        .select_related("dataset__team")
        .order_by("next_check_at")[:size]
    )
    checks = [
        PermissionCheck(
            datasource=datasource,
            revision=datasource.revision,
            provider=datasource.provider,
            path=datasource.path,
            trigger=Trigger.SCHEDULE,
            queued_at=now,
        )
        for datasource in due
    ]
    PermissionCheck.objects.bulk_create(checks)
    for datasource in due:
        datasource.next_check_at = next_time(datasource.dataset.team.recheck_hours, now)
    Datasource.objects.bulk_update(due, ["next_check_at"])
    return [check.pk for check in checks]


def spread_new() -> int:
    """Give a time to those that have none: all after an upgrade, or a team's when it has changed its interval."""
    total = 0
    while found := _spread_batch():
        total += found
    return total


@transaction.atomic
def _spread_batch() -> int:
    now = timezone.now()
    found = list(_scheduled().filter(next_check_at=None).select_related("dataset__team")[:BATCH])
    for datasource in found:
        datasource.next_check_at = first_time(datasource.dataset.team.recheck_hours, now)
    Datasource.objects.bulk_update(found, ["next_check_at"])
    return len(found)


def _scheduled() -> QuerySet[Datasource]:
    return Datasource.objects.filter(dataset__team__recheck_hours__gt=0).select_for_update(
        of=("self",), skip_locked=True
    )
