"""What the pages read. The number of queries never depends on the number of rows."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    Max,
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
from datasources.models import Datasource, Purpose
from datasources.states import NEEDS_ATTENTION, DatasourceState, in_state
from teams.models import Membership, Team
from teams.queries import MOST_WORDS

_ORDERS = {
    "changed": ("-modified_at", "-pk"),
    "name": ("name", "pk"),
    "attention": ("-needs_attention", "-modified_at", "-pk"),
}

_of_dataset = Datasource.objects.filter(dataset=OuterRef("pk"))
_input = Q(purpose__in=(Purpose.INPUT, Purpose.INPUT_OUTPUT))
_lightly = Q(purpose__in=(Purpose.LIGHTLY, Purpose.INPUT_OUTPUT))
_green = in_state(DatasourceState.GREEN)
# What may be true of a datasource, in the order of the bits that `_facts` is made of.
_FACTS = {
    "input": _input,
    "lightly": _lightly,
    "green input": _input & _green,
    "green lightly": _lightly & _green,
    "attention": in_state(*NEEDS_ATTENTION),
    "checking": in_state(DatasourceState.CHECKING),
}


@dataclass(frozen=True)
class _State:
    """Of a dataset: for each of these facts it has a datasource; or, if `lacks`, for one of them it has none."""

    facts: tuple[str, ...]
    lacks: bool = False

    @property
    def question(self) -> Q:
        has_all = Q(*(Exists(_of_dataset.filter(_FACTS[fact])) for fact in self.facts))
        return ~has_all if self.lacks else has_all

    def is_true(self, facts: int) -> bool:
        bits = [1 << number for number, fact in enumerate(_FACTS) if fact in self.facts]
        return all(facts & bit for bit in bits) != self.lacks


# A dataset may be in more than one of them.
_STATES = {
    READY: _State(("green input", "green lightly")),
    ATTENTION: _State(("attention",)),
    CHECKING: _State(("checking",)),
    UNCONFIGURED: _State(("input", "lightly"), lacks=True),
}


def _facts() -> Combinable:
    """Of a dataset, all of them in one look at its datasources: a bit for each that is true of one of these."""
    bits = [Max(Case(When(q, then=1 << bit), default=0)) for bit, q in enumerate(_FACTS.values())]
    found = _of_dataset.order_by().values("dataset").annotate(facts=sum(bits[1:], start=bits[0])).values("facts")
    return Coalesce(Subquery(found), 0)


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
    """In one query, whose answer has a row for each mix of facts, a few at most. `within`: as in home_datasets."""
    narrowed = _narrowed(filters.without_state)
    is_found: Combinable = ExpressionWrapper(narrowed, BooleanField()) if narrowed else Value(True)
    mixes = (
        (_at_home(user, team) if within is None else within)
        .annotate(facts=_facts(), is_found=is_found)
        .values("facts", "is_found")
    )
    summary = Summary()
    for mix in mixes.annotate(number=Count("pk")).order_by():
        for counts in (summary.everything, summary.found) if mix["is_found"] else (summary.everything,):
            counts.total += mix["number"]
            for key, state in _STATES.items():
                counts.states[key] += mix["number"] if state.is_true(mix["facts"]) else 0
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
