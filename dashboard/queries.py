"""What the pages read. The number of queries never depends on the number of rows."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from datasets.access import Person, datasets_for
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from datasources.states import NEEDS_ATTENTION, DatasourceState, in_state
from teams.models import Membership, Team
from teams.queries import MOST_WORDS

SORTS = {
    "changed": (gettext_noop("Recently changed"), ("-modified_at", "-pk")),
    "name": (gettext_noop("Name"), ("name", "pk")),
    "attention": (gettext_noop("Needs attention"), ("-attention", "-modified_at", "-pk")),
}
DEFAULT_SORT = "changed"

_of_dataset = Datasource.objects.filter(dataset=OuterRef("pk"))
_green = _of_dataset.filter(in_state(DatasourceState.GREEN))
_both = (Purpose.INPUT_OUTPUT,)
_ready = Exists(_green.filter(purpose__in=(Purpose.INPUT, *_both))) & Exists(
    _green.filter(purpose__in=(Purpose.LIGHTLY, *_both))
)
_attention = Exists(_of_dataset.filter(in_state(*NEEDS_ATTENTION)))


@dataclass(frozen=True)
class Summary:
    total: int
    ready: int
    attention: int


def home_summary(user: Person, team: Team | None = None) -> Summary:
    counts = (
        _at_home(user, team)
        .annotate(ready=_ready, attention=_attention)
        .aggregate(
            total=Count("pk"),
            ready_count=Count("pk", filter=Q(ready=True)),
            attention_count=Count("pk", filter=Q(attention=True)),
        )
    )
    return Summary(counts["total"], counts["ready_count"], counts["attention_count"])


def home_datasets(
    user: Person, *, team: Team | None = None, search: str = "", sort: str = DEFAULT_SORT
) -> QuerySet[Dataset]:
    """Datasets by name or path, each word of the search anywhere in either.

    Those of one team and those shared with the person from outside their teams; without a team, all they may see.
    """
    datasets = _at_home(user, team)
    for word in search.split()[:MOST_WORDS]:
        by_path = Exists(_of_dataset.filter(path__icontains=word))
        datasets = datasets.filter(Q(name__icontains=word) | Q(pk=word) | by_path)
    if sort == "attention":
        datasets = datasets.annotate(attention=_attention)
    order = SORTS.get(sort, SORTS[DEFAULT_SORT])[1]
    return with_bulbs(datasets.order_by(*order))


def _at_home(user: Person, team: Team | None) -> QuerySet[Dataset]:
    datasets = datasets_for(user)
    if team is None:
        return datasets
    elsewhere = Membership.objects.filter(team=OuterRef("team"), user=user.pk)
    return datasets.filter(Q(team=team) | ~Exists(elsewhere))


def with_bulbs(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    return datasets.select_related("owner").prefetch_related("datasources__latest_check")
