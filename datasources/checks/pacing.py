"""How many scheduled checks are under way at once: a few per cloud, so that none of them throttles us or waits for us.

The rest waits in the database, not in the queue. So the patient queue stays short, and whatever else is in it has its
turn soon. A check that ends makes room for the next one.
"""

from collections import Counter
from datetime import timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from clouds import PROVIDERS
from datasources.models import CheckState, PermissionCheck, Trigger

# Two workers that look at the same moment may together send one or two more.
MOST_PER_CLOUD = 4
_TEAM = "datasource__dataset__team"
# A message that has waited this long is taken for lost.
SENT_AGAIN_AFTER = timedelta(seconds=60)


def take_next() -> list[str]:
    """Ids of the scheduled checks that may start now. They count as sent from here on: send them, or put them back.

    Of each cloud, those of the team with the fewest under way come first, then the oldest. So a team whose checks all
    hang until their deadline delays the others' by one deadline at most, however many it has.
    """
    fresh = timezone.now() - SENT_AGAIN_AFTER
    sent = Q(state=CheckState.RUNNING) | Q(state=CheckState.QUEUED, dispatched_at__gte=fresh)
    waiting = _scheduled().filter(
        Q(dispatched_at=None) | Q(dispatched_at__lt=fresh), state=CheckState.QUEUED, provider__in=PROVIDERS
    )
    busy: dict[str, Counter[str]] = {}
    for provider, team in _scheduled().filter(sent).values_list("provider", _TEAM):
        busy.setdefault(_cloud_of(provider), Counter())[team] += 1
    taken = []
    for cloud in sorted({_cloud_of(provider) for provider in PROVIDERS}):
        providers = [provider for provider in PROVIDERS if _cloud_of(provider) == cloud]
        taken += _take(waiting.filter(provider__in=providers), busy.get(cloud, Counter()))
    return taken


def _take(waiting: QuerySet[PermissionCheck], busy: Counter[str]) -> list[str]:
    """Of one cloud. `busy`: how many of each team are under way."""
    room = MOST_PER_CLOUD - busy.total()
    if room <= 0:
        return []
    teams = {
        team: (since, left)
        for team, since, left in waiting.order_by()
        .values_list(_TEAM)
        .annotate(since=Min("queued_at"), left=Count("pk"))
        .values_list(_TEAM, "since", "left")
    }
    shares: Counter[str] = Counter()
    for _ in range(room):
        able = [team for team, (_, left) in teams.items() if shares[team] < left]
        if able:
            shares[min(able, key=lambda team: (busy[team] + shares[team], teams[team][0]))] += 1
    taken = []
    for team, share in shares.items():
        oldest = waiting.filter(**{_TEAM: team}).order_by("queued_at").values_list("pk", flat=True)[:share]
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
