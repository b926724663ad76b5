"""How many scheduled checks are under way at once: a few per cloud, so that none of them throttles us or waits for us.

The rest waits in the database, not in the queue. So the patient queue stays short, and whatever else is in it has its
turn soon. A check that ends makes room for the next one.
"""

from collections import Counter
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from clouds import PROVIDERS
from datasources.models import CheckState, PermissionCheck, Trigger

# Two workers that look at the same moment may together send one or two more.
MOST_PER_CLOUD = 4
# A message that has waited this long is taken for lost.
SENT_AGAIN_AFTER = timedelta(seconds=60)


def take_next() -> list[str]:
    """Ids of the scheduled checks that may start now, oldest first. They count as sent from here on: send them, or
    put them back."""
    fresh = timezone.now() - SENT_AGAIN_AFTER
    sent = Q(state=CheckState.RUNNING) | Q(state=CheckState.QUEUED, dispatched_at__gte=fresh)
    busy = Counter(_cloud_of(provider) for provider in _scheduled().filter(sent).values_list("provider", flat=True))
    waiting = _scheduled().filter(
        Q(dispatched_at=None) | Q(dispatched_at__lt=fresh), state=CheckState.QUEUED, provider__in=PROVIDERS
    )
    taken = []
    for cloud in sorted({_cloud_of(provider) for provider in PROVIDERS}):
        room = MOST_PER_CLOUD - busy[cloud]
        if room > 0:
            providers = [provider for provider in PROVIDERS if _cloud_of(provider) == cloud]
            oldest = waiting.filter(provider__in=providers).order_by("queued_at").values_list("pk", flat=True)[:room]
            # Who marks the row sends it: two workers never send the same one.
            taken += [pk for pk in list(oldest) if waiting.filter(pk=pk).update(dispatched_at=timezone.now())]
    return taken


def put_back(check_ids: list[str]) -> None:
    """Those that the broker did not take."""
    _scheduled().filter(pk__in=check_ids, state=CheckState.QUEUED).update(dispatched_at=None)


def _scheduled() -> QuerySet[PermissionCheck]:
    return PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE)


def _cloud_of(provider: str) -> str:
    """Finer than that a row does not tell: endpoints are encrypted."""
    return PROVIDERS[provider].servers if provider in PROVIDERS else provider
