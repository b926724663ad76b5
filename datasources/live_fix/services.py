"""Checks that nobody asks for by hand, because somebody is waiting for a change to arrive."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from datasources import tasks
from datasources.checks import lifecycle as checks
from datasources.live_fix.waiting import SHORTEST
from datasources.models import OPEN_STATES, Datasource, Trigger
from teams.models import User

# How soon the page asks again while a check is under way.
SOON = timedelta(milliseconds=700)


@transaction.atomic
def look_again(*, datasource_id: str, pace: timedelta, by: User) -> timedelta:
    """Queue a check of what is stored, unless one is under way or the last is younger than `pace`.

    However many windows wait for the same datasource, together they cause one check in SHORTEST at most. Returns how
    long to wait before asking again.
    """
    datasource = Datasource.objects.select_for_update(of=("self",)).filter(pk=datasource_id).first()
    if datasource is None or datasource.checks.filter(state__in=OPEN_STATES).exists():
        return SOON
    last = datasource.checks.order_by("-queued_at").first()
    since = timezone.now() - last.queued_at if last else pace
    if since < max(pace, SHORTEST):
        return max(pace, SHORTEST) - since
    check = checks.queue(datasource, by, Trigger.WAIT)
    checks.forget_old_waits(datasource)
    transaction.on_commit(partial(tasks.dispatch, check.pk))
    return SOON
