"""How all datasources are together: by state and by cause, and what expires soon.

Counted by the database, so that ten thousand datasources cost no more than ten.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
from django.utils import timezone

from clouds import PROVIDERS
from datasets.access import datasets_for, managed_datasets, manages_everything
from datasources.models import OPEN_STATES, Datasource, DatasourceState, PermissionCheck
from datasources.states import NEEDS_ATTENTION
from teams.models import User

EXPIRING_WITHIN = timedelta(days=30)
_ACRONYMS = {"kms", "tls", "sas", "cors", "dns"}


def cause_words(cause: str) -> str:
    """A stored cause as a label: "kms_denied" is "KMS denied"."""
    words = [word.upper() if word in _ACRONYMS else word for word in cause.split("_")]
    label = " ".join(words)
    return label[:1].upper() + label[1:]


# What needs somebody first comes first.
_URGENCIES = {state: place for place, state in enumerate([*NEEDS_ATTENTION, DatasourceState.NEVER])}
_URGENCIES |= {DatasourceState.CHECKING: 5, DatasourceState.GREEN: 9}
_URGENCY = Case(
    *(When(state=state, then=Value(place)) for state, place in _URGENCIES.items()),
    output_field=models.SmallIntegerField(),
)
SORTS: dict[str, tuple[str, ...]] = {
    "dataset": ("dataset__name",),
    "team": ("dataset__team__name", "dataset__name"),
    "provider": ("provider", "path"),
    "state": ("urgency", "cause", "dataset__name"),
    "checked": ("checked_at",),
    "took": ("latest_check__milliseconds",),
    "expires": ("expires_at",),
}
DEFAULT_SORT = "state"


@dataclass(frozen=True)
class Filters:
    """Which datasources the table shows, and in what order. Whatever makes no sense is left out."""

    state: str = ""
    cause: str = ""
    provider: str = ""
    expiring: bool = False
    search: str = ""
    sort: str = DEFAULT_SORT  # with a leading "-": from last to first

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        sort, provider = query.get("sort", ""), query.get("provider", "")
        return cls(
            state=query.get("state", "") if query.get("state") in DatasourceState.values else "",
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
        return any((self.state, self.cause, self.provider, self.expiring, self.search))


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
    """The datasources the person answers for, filtered and sorted. Only their own columns are read, see with_all."""
    rows = scope.datasources
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.cause:
        rows = rows.filter(cause=filters.cause)
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
    columns = [F(name) for name in SORTS[filters.sorted_by]]
    if filters.is_descending:
        return rows.order_by(*(column.desc(nulls_last=True) for column in columns), "pk")
    return rows.order_by(*(column.asc(nulls_last=True) for column in columns), "pk")


def with_all(rows: QuerySet[Datasource]) -> QuerySet[Datasource]:
    """And what the table shows of their datasets and checks."""
    return rows.select_related("dataset__team", "dataset__owner", "latest_check")


def urgency_of(state: str) -> int:
    """The lower, the sooner somebody is needed."""
    return _URGENCIES[DatasourceState(state)]


def visible_among(user: User, rows: Iterable[Datasource]) -> set[str]:
    """Ids of the rows' datasets whose settings the person may open: staff sees more here than there."""
    return set(datasets_for(user).filter(pk__in={row.dataset_id for row in rows}).values_list("pk", flat=True))


@dataclass(frozen=True)
class Group:
    """Datasources in the same state for the same cause. `oldest`: when the first of them was checked."""

    state: str
    cause: str
    count: int
    oldest: datetime | None


def groups(rows: QuerySet[Datasource]) -> list[Group]:
    """By an index that has all of it, where nothing narrows the rows."""
    grouped = rows.order_by().values_list("state", "cause").annotate(count=Count("*"), oldest=Min("checked_at"))
    return [Group(*found) for found in grouped]


@dataclass(frozen=True)
class Summary:
    """All datasources the person answers for, counted."""

    states: dict[DatasourceState, int]
    causes: dict[DatasourceState, list[tuple[str, int]]]  # of RED and UNKNOWN, the most frequent first
    oldest: datetime | None  # when the one was checked whose check is longest ago
    expired: int
    expiring: int

    @property
    def ending(self) -> int:
        return self.expired + self.expiring

    @property
    def total(self) -> int:
        return sum(self.states.values())


def summary(scope: Scope, among: Iterable[Group] | None = None) -> Summary:
    """`among`: the groups of all datasources in the scope, if they are at hand."""
    states = Counter[DatasourceState]()
    causes = {state: Counter[str]() for state in (DatasourceState.RED, DatasourceState.UNKNOWN)}
    found = list(groups(scope.datasources) if among is None else among)
    for group in found:
        state = DatasourceState(group.state)
        states[state] += group.count
        if state in causes:
            causes[state][group.cause] += group.count
    now = timezone.now()
    ending = scope.datasources.filter(expires_at__lte=now + EXPIRING_WITHIN).aggregate(
        expired=Count("pk", filter=Q(expires_at__lte=now)), expiring=Count("pk", filter=Q(expires_at__gt=now))
    )
    return Summary(
        states={state: states[state] for state in DatasourceState},
        causes={state: counter.most_common() for state, counter in causes.items()},
        oldest=min((group.oldest for group in found if group.oldest), default=None),
        **ending,
    )
