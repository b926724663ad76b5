"""How many scheduled checks are under way at once: a few per cloud, so that none of them throttles us or waits for us.

The rest waits in the database, not in the queue. So the patient queue stays short, and whatever else is in it has its
turn soon. A check that ends makes room for the next one.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

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
    # One question for all clouds: this is asked after each scheduled check that ends.
    left: dict[str, dict[str, _Left]] = {}
    counted = waiting.order_by().values_list("provider", _TEAM).annotate(since=Min("queued_at"), count=Count("*"))
    for provider, team, since, count in counted:
        of_cloud = left.setdefault(_cloud_of(provider), {})
        of_cloud[team] = of_cloud.get(team, _Left(since, 0)).with_more(since, count)
    if not left:
        return []
    busy: dict[str, Counter[str]] = {}
    for provider, team in _scheduled().filter(sent).values_list("provider", _TEAM):
        busy.setdefault(_cloud_of(provider), Counter())[team] += 1
    taken = []
    for cloud, teams in sorted(left.items()):
        rows = waiting.filter(provider__in=[each for each in PROVIDERS if _cloud_of(each) == cloud])
        for team, share in _shares(teams, busy.get(cloud, Counter())).items():
            oldest = rows.filter(**{_TEAM: team}).order_by("queued_at").values_list("pk", flat=True)[:share]
            # Who marks the row sends it: two workers never send the same one.
            taken += [pk for pk in list(oldest) if waiting.filter(pk=pk).update(dispatched_at=timezone.now())]
    return taken


class _Left(NamedTuple):
    """Of a team, at one cloud: since when its oldest check waits, and how many do."""

    since: datetime
    checks: int

    def with_more(self, since: datetime, count: int) -> "_Left":
        return _Left(min(self.since, since), self.checks + count)


def _shares(teams: Mapping[str, _Left], busy: Counter[str]) -> Counter[str]:
    """How many checks of each team may start now. `busy`: how many of each are under way."""
    shares: Counter[str] = Counter()
    for _ in range(MOST_PER_CLOUD - busy.total()):
        able = [team for team, left in teams.items() if shares[team] < left.checks]
        if able:
            shares[min(able, key=lambda team: (busy[team] + shares[team], teams[team].since))] += 1
    return shares


def put_back(check_ids: list[str]) -> None:
    """Those that the broker did not take."""
    _scheduled().filter(pk__in=check_ids, state=CheckState.QUEUED).update(dispatched_at=None)


def _scheduled() -> QuerySet[PermissionCheck]:
    return PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE)


def _cloud_of(provider: str) -> str:
    """Finer than that a row does not tell: endpoints are encrypted."""
    return PROVIDERS[provider].servers if provider in PROVIDERS else provider
