"""What the pages read. The number of queries never depends on the number of rows."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from dashboard.filters import ATTENTION, CHECKING, NO_FILTERS, READY, UNCONFIGURED, Filters
from datasets.access import Person, datasets_for
from datasets.models import Dataset
from datasources.models import Datasource, DatasourceState, Purpose
from datasources.states import NEEDS_ATTENTION
from teams.models import Membership, Team
from teams.queries import MOST_WORDS

_ORDERS = {
    "changed": ("-modified_at", "-pk"),
    "name": ("name", "pk"),
    "attention": ("-needs_attention", "-modified_at", "-pk"),
}

_of_dataset = Datasource.objects.filter(dataset=OuterRef("pk"))
# A dataset has at most one datasource of each purpose, so the sum of their numbers says which it has, and in which
# states: a digit for each purpose. Zero stands for none.
_PLACES = {purpose: 10**place for place, purpose in enumerate(Purpose)}
_DIGITS = {state: digit for digit, state in enumerate(DatasourceState, start=1)}
_SOURCES = {place * digit: (purpose, state) for purpose, place in _PLACES.items() for state, digit in _DIGITS.items()}
_INPUT = (Purpose.INPUT, Purpose.INPUT_OUTPUT)
_LIGHTLY = (Purpose.LIGHTLY, Purpose.INPUT_OUTPUT)


@dataclass(frozen=True)
class _Fact:
    """That a dataset has a datasource of one of these purposes, which is in one of these states."""

    purposes: tuple[Purpose, ...] = tuple(Purpose)
    states: tuple[DatasourceState, ...] = tuple(DatasourceState)

    @property
    def question(self) -> Exists:
        found = _of_dataset
        if len(self.purposes) < len(Purpose):
            found = found.filter(purpose__in=self.purposes)
        if len(self.states) < len(DatasourceState):
            found = found.filter(state__in=self.states)
        return Exists(found)

    def is_true(self, sources: Iterable[tuple[Purpose, DatasourceState]]) -> bool:
        return any(purpose in self.purposes and state in self.states for purpose, state in sources)


@dataclass(frozen=True)
class _State:
    """Of a dataset: each of these facts is true; or, if `lacks`, one of them is not."""

    facts: tuple[_Fact, ...]
    lacks: bool = False

    @property
    def question(self) -> Q:
        has_all = Q(*(fact.question for fact in self.facts))
        return ~has_all if self.lacks else has_all

    def is_true(self, sources: Collection[tuple[Purpose, DatasourceState]]) -> bool:
        return all(fact.is_true(sources) for fact in self.facts) != self.lacks


# A dataset may be in more than one of them.
_GREEN = (DatasourceState.GREEN,)
_STATES = {
    READY: _State((_Fact(_INPUT, _GREEN), _Fact(_LIGHTLY, _GREEN))),
    ATTENTION: _State((_Fact(states=NEEDS_ATTENTION),)),
    CHECKING: _State((_Fact(states=(DatasourceState.CHECKING,)),)),
    UNCONFIGURED: _State((_Fact(_INPUT), _Fact(_LIGHTLY)), lacks=True),
}


def _mix() -> Combinable:
    """Of a dataset, the sum of the numbers of its datasources: one look into an index, and no check is read."""
    digit = Case(*(When(state=state, then=digit) for state, digit in _DIGITS.items()), default=0)
    place = Case(*(When(purpose=purpose, then=place) for purpose, place in _PLACES.items()), default=0)
    # A plain function: with Sum, Django would group by dataset what is of one dataset anyway, which takes longer.
    total = Func(digit * place, function="SUM", output_field=IntegerField())
    return Coalesce(Subquery(_of_dataset.order_by().values(mix=total)), 0)


def _sources_in(mix: int) -> list[tuple[Purpose, DatasourceState]]:
    numbers = (mix // place % 10 * place for place in _PLACES.values())
    return [_SOURCES[number] for number in numbers if number]


@dataclass
class Counts:
    """Numbers of datasets: all of them, and by state."""

    total: int = 0
    states: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Summary:
    """`found`: what search, provider and type leave over. The state narrows it no further: each can be chosen."""

    everything: Counts = field(default_factory=Counts)
    found: Counts = field(default_factory=Counts)

    def listed(self, filters: Filters) -> int:
        """How many the list has with these filters, for which this was asked."""
        return self.found.states[filters.state] if filters.state else self.found.total


def home_summary(
    user: Person, team: Team | None = None, filters: Filters = NO_FILTERS, *, within: QuerySet[Dataset] | None = None
) -> Summary:
    """In one query, whose answer has a row for each mix of purposes and states, some dozens at most.

    `within`: as in home_datasets.
    """
    narrowed = _narrowed(filters.without_state)
    is_found: Combinable = ExpressionWrapper(narrowed, BooleanField()) if narrowed else Value(True)
    mixes = (
        (_at_home(user, team) if within is None else within)
        .annotate(mix=_mix(), is_found=is_found)
        .values("mix", "is_found")
    )
    summary = Summary()
    for each in mixes.annotate(number=Count("*")).order_by():
        sources = _sources_in(each["mix"])
        for counts in (summary.everything, summary.found) if each["is_found"] else (summary.everything,):
            counts.total += each["number"]
            for key, state in _STATES.items():
                counts.states[key] += each["number"] if state.is_true(sources) else 0
    return summary


def home_datasets(
    user: Person,
    *,
    team: Team | None = None,
    filters: Filters = NO_FILTERS,
    within: QuerySet[Dataset] | None = None,
) -> QuerySet[Dataset]:
    """Those of one team and those shared with the person from outside their teams; without a team, all they may see.

    `within`: the same without filters, where the caller has it at hand.
    """
    datasets = (_at_home(user, team) if within is None else within).filter(_narrowed(filters))
    if filters.sort == "attention":
        datasets = datasets.annotate(needs_attention=ExpressionWrapper(_STATES[ATTENTION].question, BooleanField()))
    return with_bulbs(datasets.order_by(*_ORDERS[filters.sort]))


def _narrowed(filters: Filters) -> Q:
    """Each word of the search stands anywhere in the name or a path, or is the id."""
    question = Q()
    for word in filters.search.split()[:MOST_WORDS]:
        question &= Q(name__icontains=word) | Q(pk=word) | Q(Exists(_of_dataset.filter(path__icontains=word)))
    if filters.provider:
        question &= Q(Exists(_of_dataset.filter(provider=filters.provider)))
    if filters.type:
        question &= Q(type=filters.type)
    return question & _STATES[filters.state].question if filters.state else question


def _at_home(user: Person, team: Team | None) -> QuerySet[Dataset]:
    datasets = datasets_for(user)
    if team is None:
        return datasets
    elsewhere = Membership.objects.filter(team=OuterRef("team"), user=user.pk)
    return datasets.filter(Q(team=team) | ~Exists(elsewhere))


def with_bulbs(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    return datasets.prefetch_related("datasources__latest_check")
