"""How all datasources are together: by state and by cause, how often each provider fails, what expires soon.

Counted by the database, so that ten thousand datasources cost no more than ten.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import models
from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import In
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clouds import PROVIDERS
from clouds.permissions import Permission, State
from core import pulse
from datasets.access import datasets_for, managed_datasets, manages_everything
from datasources.models import OPEN_STATES, CheckState, Datasource, Outcome, PermissionCheck
from teams.models import User

EXPIRING_WITHIN = timedelta(days=30)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# A week of checks takes longest to count, and changes least.
_RATES_KEPT_SECONDS = 60
# Causes are dug out of stored verdicts, so they are counted among a provider's newest failures only.
MOST_FAILURES = 100
GIVEN_UP = "given_up"
NO_CAUSE = "not_told"
_ACRONYMS = {"kms", "tls", "sas", "cors", "dns"}


class Light(models.TextChoices):
    """A datasource in one word. `look` is the state that the style sheets know."""

    GREEN = "green", _("Green")
    RED = "red", _("Red")
    UNKNOWN = "unknown", _("Unknown")
    CHECKING = "checking", _("Checking")
    NEVER = "never", _("Never checked")

    @property
    def look(self) -> str:
        return {"green": "granted", "red": "denied", "never": "off"}.get(self.value, self.value)


def cause_words(cause: str) -> str:
    """A stored cause as a label: "kms_denied" is "KMS denied"."""
    words = [word.upper() if word in _ACRONYMS else word for word in cause.split("_")]
    label = " ".join(words)
    return label[:1].upper() + label[1:]


def _of_verdict(prefix: str, permission: Permission, key: str) -> KeyTextTransform:
    return KeyTextTransform(key, KeyTransform(permission.value, f"{prefix}verdicts"))


def cause_of_check(prefix: str = "") -> Case:
    """Why a check is not green: the cause of the first permission that is as bad as the whole. "" if it is green.

    `prefix` leads from the queried model to the check.
    """

    def first(states: list[State]) -> Coalesce:
        found = [
            Case(
                When(
                    In(_of_verdict(prefix, permission, "state"), [state.value for state in states]),
                    then=NullIf(_of_verdict(prefix, permission, "cause"), Value("")),
                ),
                default=None,
                output_field=models.TextField(),
            )
            for permission in Permission
        ]
        return Coalesce(*found, Value(NO_CAUSE), output_field=models.TextField())

    return Case(
        When(**{f"{prefix}state": CheckState.EXPIRED}, then=Value(GIVEN_UP)),
        When(**{f"{prefix}outcome": Outcome.RED}, then=first([State.DENIED, State.SKIPPED])),
        When(**{f"{prefix}outcome": Outcome.UNKNOWN}, then=first([State.UNKNOWN])),
        default=Value(""),
        output_field=models.TextField(),
    )


LIGHT = Case(
    When(latest_check=None, then=Value(Light.NEVER)),
    When(latest_check__state__in=OPEN_STATES, then=Value(Light.CHECKING)),
    When(latest_check__outcome=Outcome.GREEN, then=Value(Light.GREEN)),
    When(latest_check__outcome=Outcome.RED, then=Value(Light.RED)),
    default=Value(Light.UNKNOWN),
    output_field=models.CharField(),
)
# What needs somebody first comes first.
_URGENCY = Case(
    *(When(light=light, then=Value(place)) for place, light in enumerate([Light.RED, Light.UNKNOWN, Light.NEVER])),
    When(light=Light.GREEN, then=Value(9)),
    default=Value(5),
    output_field=models.SmallIntegerField(),
)
SORTS: dict[str, tuple[str, ...]] = {
    "dataset": ("dataset__name",),
    "team": ("dataset__team__name", "dataset__name"),
    "provider": ("provider", "path"),
    "state": ("urgency", "cause", "dataset__name"),
    "checked": ("latest_check__finished_at",),
    "took": ("latest_check__milliseconds",),
    "expires": ("expires_at",),
}
DEFAULT_SORT = "state"


@dataclass(frozen=True)
class Filters:
    """Which datasources the table shows, and in what order. Whatever makes no sense is left out."""

    light: str = ""
    cause: str = ""
    provider: str = ""
    expiring: bool = False
    search: str = ""
    sort: str = DEFAULT_SORT  # with a leading "-": from last to first

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        sort, provider = query.get("sort", ""), query.get("provider", "")
        return cls(
            light=query.get("state", "") if query.get("state") in Light.values else "",
            cause=query.get("cause", "").replace("\0", "")[:64],
            provider=provider if provider in PROVIDERS else "",
            expiring=query.get("expiring") == "1",
            search=query.get("q", "").replace("\0", "").strip()[:300],
            sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
        )

    @property
    def sorted_by(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def narrows(self) -> bool:
        return any((self.light, self.cause, self.provider, self.expiring, self.search))


@dataclass(frozen=True)
class Scope:
    """Whose datasources are counted. Everybody's are counted quickest: nothing has to be compared with anything."""

    user: User | None = None
    everything: bool = True

    @property
    def datasources(self) -> QuerySet[Datasource]:
        if self.everything or self.user is None:
            return Datasource.objects.all()
        return Datasource.objects.filter(dataset__in=managed_datasets(self.user))

    def open_checks(self) -> QuerySet[PermissionCheck]:
        return self._own(PermissionCheck.objects.filter(state__in=OPEN_STATES))

    def finished_checks(self, within: timedelta) -> QuerySet[PermissionCheck]:
        return self._own(PermissionCheck.objects.filter(finished_at__gte=timezone.now() - within))

    def _own(self, checks: QuerySet[PermissionCheck]) -> QuerySet[PermissionCheck]:
        return checks if self.everything else checks.filter(datasource__in=self.datasources.values("pk"))


def scope_of(user: User) -> Scope:
    return Scope(user, manages_everything(user))


def found(scope: Scope, filters: Filters) -> QuerySet[Datasource]:
    """The datasources the person answers for, each with `light` and `cause`, filtered and sorted."""
    rows = scope.datasources.annotate(light=LIGHT)
    if filters.light:
        rows = rows.filter(light=filters.light)
    if filters.cause:
        rows = rows.annotate(why=cause_of_check("latest_check__")).filter(why=filters.cause)
    if filters.provider:
        rows = rows.filter(provider=filters.provider)
    if filters.expiring:
        rows = rows.filter(expires_at__lte=timezone.now() + EXPIRING_WITHIN)
    for word in filters.search.split():
        in_dataset = Q(dataset__name__icontains=word) | Q(dataset=word)
        in_team = Q(dataset__team__name__icontains=word) | Q(dataset__owner__email__icontains=word)
        rows = rows.filter(Q(path__icontains=word) | in_dataset | in_team)
    if filters.sorted_by == "state":
        rows = rows.annotate(urgency=_URGENCY)
    rows = rows.annotate(cause=cause_of_check("latest_check__")).select_related(
        "dataset__team", "dataset__owner", "latest_check"
    )
    order = [
        F(name).desc(nulls_last=True) if filters.is_descending else F(name).asc(nulls_last=True)
        for name in SORTS[filters.sorted_by]
    ]
    return rows.order_by(*order, "pk")


def visible_among(user: User, rows: Iterable[Datasource]) -> set[str]:
    """Ids of the rows' datasets whose settings the person may open: staff sees more here than there."""
    return set(datasets_for(user).filter(pk__in={row.dataset_id for row in rows}).values_list("pk", flat=True))


@dataclass(frozen=True)
class Overview:
    """All datasources the person answers for, counted."""

    lights: dict[Light, int]
    causes: dict[Light, list[tuple[str, int]]]  # of RED and UNKNOWN, the most frequent first
    oldest: datetime | None  # when the one was checked whose check is longest ago
    expired: int
    expiring: int

    @property
    def ending(self) -> int:
        return self.expired + self.expiring

    @property
    def total(self) -> int:
        return sum(self.lights.values())


def overview(scope: Scope) -> Overview:
    lights, causes = Counter[Light](), {Light.RED: Counter[str](), Light.UNKNOWN: Counter[str]()}
    rows = scope.datasources
    grouped = rows.annotate(light=LIGHT, cause=cause_of_check("latest_check__")).order_by()
    for name, cause, count in grouped.values_list("light", "cause").annotate(count=Count("pk")):
        light = Light(name)
        lights[light] += count
        if light in causes:
            causes[light][cause] += count
    now = timezone.now()
    dates = rows.aggregate(
        oldest=Min("latest_check__finished_at"),
        expired=Count("pk", filter=Q(expires_at__lte=now)),
        expiring=Count("pk", filter=Q(expires_at__gt=now, expires_at__lte=now + EXPIRING_WITHIN)),
    )
    return Overview(
        lights={light: lights[light] for light in Light},
        causes={light: counter.most_common() for light, counter in causes.items()},
        **dates,
    )


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
        cache.set(f"provider-rates:{whose}", kept, _RATES_KEPT_SECONDS)
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


@dataclass(frozen=True)
class Machinery:
    """Whether checks get done at all."""

    worker: pulse.Sign | None
    scheduler: pulse.Sign | None
    queue_length: int | None  # None: the broker can't be reached
    queued: int
    running: int
    undispatched: int
    oldest_open: datetime | None


def machinery(scope: Scope) -> Machinery:
    """Worker, scheduler and queue of the installation, and the open checks of the datasources counted."""
    queued, running = Q(state=CheckState.QUEUED), Q(state=CheckState.RUNNING)
    counts = scope.open_checks().aggregate(
        queued=Count("pk", filter=queued),
        running=Count("pk", filter=running),
        undispatched=Count("pk", filter=queued & Q(dispatched_at=None)),
        oldest_open=Min("queued_at"),
        # Of those that were sent, and that therefore no web process does for a script that waits.
        worker_started=Max("started_at", filter=running & Q(dispatched_at__isnull=False)),
    )
    sign, started = pulse.last_sign(pulse.WORKER), counts.pop("worker_started")
    if started and (sign is None or sign.at < started):
        sign = pulse.Sign(started)  # all its hands are full, so it does not get round to sweeping
    return Machinery(
        worker=sign,
        scheduler=pulse.last_sign(pulse.SCHEDULER),
        queue_length=pulse.queue_length(),
        **counts,
    )
