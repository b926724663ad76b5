"""When a datasource is checked by itself.

`Datasource.next_check_at` says it; None means that no time was chosen yet, or that the schedule is off. Every check
that is queued, whoever asked for it, sets it anew (see intervals.py).

A scheduled check is not shown before it has finished (see lifecycle.py): nobody waits for it, so the verdict before
stays.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from datasources.checks.intervals import first_time, next_time
from datasources.checks.lifecycle import new_check
from datasources.models import OPEN_STATES, Datasource, PermissionCheck, Trigger
from teams.models import Team

BATCH = 200
# So many scheduled checks may be open at once. After a day without workers the rest of the backlog waits in the
# database, where it costs nothing, and not in the queue.
MOST_OPEN = 400
# A team chooses its interval in hours, at most a week.
LONGEST_HOURS = 168


def start_over(team: Team) -> None:
    """After the team has changed its interval: spread_new() then gives each of its datasources a new time, or none."""
    Datasource.objects.filter(dataset__team=team).update(next_check_at=None)


def queue_due() -> list[str]:
    """Queue a check for every datasource whose time has come. Returns the checks' ids, for the broker.

    Two schedulers at once do no harm: one skips the rows that the other has locked, or waits and then sees their new
    times. A batch takes a few queries, whatever its size.
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
    checks = [new_check(datasource, Trigger.SCHEDULE, queued_at=now) for datasource in due]
    PermissionCheck.objects.bulk_create(checks)
    for datasource in due:
        datasource.next_check_at = next_time(datasource.dataset.team.recheck_hours, now)
    Datasource.objects.bulk_update(due, ["next_check_at"])
    return [check.pk for check in checks]


def spread_new() -> int:
    """Give a time to every datasource without one: all after an upgrade, or a team's after it changed its interval.

    Returns how many.
    """
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
