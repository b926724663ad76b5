"""How often the checks of each provider fail, why, and how long they take."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from clouds import PROVIDERS
from datasources.models import Outcome, PermissionCheck
from datasources.states import cause_of_check
from monitoring.health import Scope, cause_words

DAY, WEEK = timedelta(days=1), timedelta(days=7)
# A week of checks takes longest to count, and changes least.
_KEPT_SECONDS = 60
# Causes are dug out of stored verdicts, so they are counted among a provider's newest failures only.
MOST_FAILURES = 100


@dataclass(frozen=True)
class Rate:
    """What came out of the checks of some time."""

    total: int = 0
    red: int = 0
    unknown: int = 0

    @property
    def percent(self) -> float:
        """Of checks that did not end green."""
        return 100 * (self.red + self.unknown) / self.total if self.total else 0.0


@dataclass
class ProviderRates:
    name: str
    day: Rate = field(default_factory=Rate)
    week: Rate = field(default_factory=Rate)
    median_ms: int | None = None  # of the last day's checks
    causes: list[tuple[str, int]] = field(default_factory=list)  # of the newest failures within a week

    @property
    def windows(self) -> list[Rate]:
        return [self.day, self.week]

    @property
    def labelled_causes(self) -> list[tuple[str, int]]:
        return [(cause_words(cause), count) for cause, count in self.causes]


def provider_rates(scope: Scope) -> list[ProviderRates]:
    """For each provider that was checked within a week. Up to a minute old."""
    whose = "all" if scope.everything or scope.user is None else scope.user.pk
    kept: list[ProviderRates] | None = cache.get(f"provider-rates:{whose}")
    if not kept:
        kept = _provider_rates(scope.finished_checks(WEEK))
        cache.set(f"provider-rates:{whose}", kept, _KEPT_SECONDS)
    return kept


def _provider_rates(checks: QuerySet[PermissionCheck]) -> list[ProviderRates]:
    """The columns that are read are those of one index, so the checks' long verdicts are not touched."""
    recent = Q(finished_at__gte=timezone.now() - DAY)
    counts: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    grouped = checks.values_list("provider", "outcome").annotate(
        week=Count("finished_at"), day=Count("finished_at", filter=recent)
    )
    for provider, outcome, week, day in grouped.order_by():
        if outcome:  # those given up say nothing about the provider
            counts[provider][outcome] = (week, day)
    medians = medians_of(checks.filter(recent))
    return [
        ProviderRates(
            name=PROVIDERS[provider].short,
            week=_rate({outcome: week for outcome, (week, _) in by_outcome.items()}),
            day=_rate({outcome: day for outcome, (_, day) in by_outcome.items()}),
            median_ms=medians.get(provider),
            causes=_newest_causes(checks.filter(provider=provider), by_outcome),
        )
        for provider, by_outcome in sorted(counts.items())
        if provider in PROVIDERS
    ]


def _newest_causes(checks: QuerySet[PermissionCheck], outcomes: Iterable[str]) -> list[tuple[str, int]]:
    causes = Counter[str]()
    for outcome in {Outcome.RED, Outcome.UNKNOWN} & set(outcomes):
        newest = checks.filter(outcome=outcome).order_by("-finished_at").annotate(cause=cause_of_check())
        causes.update(newest.values_list("cause", flat=True)[:MOST_FAILURES])
    return causes.most_common()


def _rate(counts: dict[str, int]) -> Rate:
    return Rate(sum(counts.values()), counts.get(Outcome.RED, 0), counts.get(Outcome.UNKNOWN, 0))


def medians_of(checks: QuerySet[PermissionCheck]) -> dict[str, int]:
    """Milliseconds by provider."""
    return {provider: quantile(times, 0.5) for provider, times in milliseconds_of(checks).items()}


def milliseconds_of(checks: QuerySet[PermissionCheck]) -> dict[str, list[tuple[int, int]]]:
    """By provider, how often each number of milliseconds came up, the shortest first.

    SQLite knows no percentiles; whole milliseconds repeat, so their counts are few even for very many checks.
    """
    times: dict[str, list[tuple[int, int]]] = defaultdict(list)
    counted = (
        checks.exclude(milliseconds=None).values_list("provider", "milliseconds").annotate(count=Count("finished_at"))
    )
    for provider, milliseconds, count in counted.order_by("provider", "milliseconds"):
        times[provider].append((milliseconds or 0, count))
    return times


def quantile(times: list[tuple[int, int]], share: float) -> int:
    """The smallest time that at least this share of all did not exceed. `times` must not be empty."""
    wanted, seen = share * sum(count for _, count in times), 0
    for milliseconds, count in times:
        seen += count
        if seen >= wanted:
            return milliseconds
    return times[-1][0]
