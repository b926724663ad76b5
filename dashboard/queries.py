"""What the pages read. The number of queries never depends on the number of rows."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable

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
_input = _of_dataset.filter(purpose__in=(Purpose.INPUT, Purpose.INPUT_OUTPUT))
_lightly = _of_dataset.filter(purpose__in=(Purpose.LIGHTLY, Purpose.INPUT_OUTPUT))
_green = in_state(DatasourceState.GREEN)
# A dataset may be in more than one of them.
_STATES = {
    READY: Q(Exists(_input.filter(_green)), Exists(_lightly.filter(_green))),
    ATTENTION: Q(Exists(_of_dataset.filter(in_state(*NEEDS_ATTENTION)))),
    CHECKING: Q(Exists(_of_dataset.filter(in_state(DatasourceState.CHECKING)))),
    UNCONFIGURED: Q(~Exists(_input)) | Q(~Exists(_lightly)),
}


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


def home_summary(user: Person, team: Team | None = None, filters: Filters = NO_FILTERS) -> Summary:
    """In one query, whose answer has a row for each mix of states, a few at most."""
    narrowed = _narrowed(filters.without_state)
    is_found: Combinable = ExpressionWrapper(narrowed, BooleanField()) if narrowed else Value(True)
    flags = {f"is_{state}": ExpressionWrapper(question, BooleanField()) for state, question in _STATES.items()}
    flagged = _at_home(user, team).annotate(**flags, is_found=is_found)
    mixes = flagged.values(*flags, "is_found").annotate(number=Count("pk"))
    summary = Summary()
    for mix in mixes.order_by():
        for counts in (summary.everything, summary.found) if mix["is_found"] else (summary.everything,):
            counts.total += mix["number"]
            counts.states.update({state: mix["number"] for state in _STATES if mix[f"is_{state}"]})
    return summary


def home_datasets(user: Person, *, team: Team | None = None, filters: Filters = NO_FILTERS) -> QuerySet[Dataset]:
    """Those of one team and those shared with the person from outside their teams; without a team, all they may see."""
    datasets = _at_home(user, team).filter(_narrowed(filters))
    if filters.sort == "attention":
        datasets = datasets.annotate(needs_attention=ExpressionWrapper(_STATES[ATTENTION], BooleanField()))
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
    return question & _STATES[filters.state] if filters.state else question


def _at_home(user: Person, team: Team | None) -> QuerySet[Dataset]:
    datasets = datasets_for(user)
    if team is None:
        return datasets
    elsewhere = Membership.objects.filter(team=OuterRef("team"), user=user.pk)
    return datasets.filter(Q(team=team) | ~Exists(elsewhere))


def with_bulbs(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    return datasets.select_related("owner").prefetch_related("datasources__latest_check")
