"""Pages stay fast: the number of queries does not grow with the number of rows."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.crypto import seal
from dashboard import queries
from dashboard.filters import STATES, Filters
from datasets.models import Dataset
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from datasources.states import columns_of
from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db


def make_datasets(owner: User, count: int, start: int = 0) -> None:
    """Datasets with two checked datasources each; every third one has something red."""
    team = owner.teams.get()
    datasets = Dataset.objects.bulk_create(
        Dataset(name=f"dataset {start + n:05}", owner=owner, team=team) for n in range(count)
    )
    sealed = seal("{}")
    datasources = Datasource.objects.bulk_create(
        Datasource(
            dataset=dataset, purpose=purpose, provider="S3", path=f"s3://b/{dataset.name}/", sealed_config=sealed
        )
        for dataset in datasets
        for purpose in (Purpose.INPUT, Purpose.LIGHTLY)
    )
    checks = PermissionCheck.objects.bulk_create(
        PermissionCheck(
            datasource=datasource,
            revision=0,
            provider="S3",
            path=datasource.path,
            state=CheckState.DONE,
            outcome=Outcome.RED if number % 6 == 1 else Outcome.GREEN,
            finished_at=timezone.now(),
            milliseconds=100 + number % 400,
            verdicts={},
        )
        for number, datasource in enumerate(datasources)
    )
    for datasource, check in zip(datasources, checks, strict=True):
        for name, value in ({"latest_check": check} | columns_of(check)).items():
            setattr(datasource, name, value)
    columns = ["latest_check", *columns_of(None)]
    Datasource.objects.bulk_update(datasources, columns, batch_size=200)


def count_queries(login: Login, user: User, query: dict[str, str]) -> int:
    client = login(user)
    client.get("/")  # the first visit of a process asks once whether anybody exists
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get("/", query).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sort": "name"},
        {"sort": "attention"},
        {"q": "dataset 0"},
        {"page": "2"},
        {"state": "ready"},
        {"state": "attention", "provider": "S3", "type": "Images", "q": "dataset"},
    ],
    ids=str,
)
def test_the_home_page_asks_the_same_number_of_questions(login: Login, alice: User, query: dict[str, str]) -> None:
    make_datasets(alice, 30)
    before = count_queries(login, alice, query)
    make_datasets(alice, 300, start=30)
    assert count_queries(login, alice, query) == before
    assert before <= 16


def test_needs_attention_comes_first(alice: User) -> None:
    make_datasets(alice, 9)
    flags = [
        any(source.latest_check and source.latest_check.outcome == Outcome.RED for source in dataset.datasources.all())
        for dataset in queries.home_datasets(alice, filters=Filters(sort="attention"))
    ]
    assert flags == sorted(flags, reverse=True)
    assert any(flags)


def numbers(counts: queries.Counts) -> tuple[int, int, int, int]:
    return counts.total, counts.states["ready"], counts.states["attention"], counts.states["unconfigured"]


def test_the_summary_counts(alice: User, charlie: User) -> None:
    make_datasets(alice, 9)
    make_datasets(charlie, 4)
    summary = queries.home_summary(alice)
    assert numbers(summary.everything) == (9, 6, 3, 0)
    assert summary.found == summary.everything


def test_the_summary_in_one_query(alice: User) -> None:
    make_datasets(alice, 9)
    team = alice.teams.get()
    with CaptureQueriesContext(connection) as captured:
        queries.home_summary(alice, team, Filters(search="dataset b", provider="S3", state="ready"))
    assert len(captured) == 1


def test_what_lacks_a_datasource_is_not_configured(alice: User) -> None:
    make_datasets(alice, 6)
    first, second, third, *_ = Dataset.objects.order_by("name")
    first.datasources.all().delete()
    second.datasources.filter(purpose=Purpose.LIGHTLY).delete()
    third.datasources.filter(purpose=Purpose.INPUT).delete()
    third.datasources.update(purpose=Purpose.INPUT_OUTPUT)
    found = queries.home_datasets(alice, filters=Filters(state="unconfigured"))
    assert sorted(dataset.name for dataset in found) == ["dataset 00000", "dataset 00001"]
    assert queries.home_summary(alice).everything.states["unconfigured"] == 2


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("narrowed", [{}, {"search": "dataset 0000"}, {"provider": "GCS"}, {"type": "Videos"}], ids=str)
def test_each_number_is_that_of_the_datasets_it_leads_to(alice: User, narrowed: dict[str, str], state: str) -> None:
    make_datasets(alice, 12)
    some = Dataset.objects.order_by("name")[4:9]
    Dataset.objects.filter(pk__in=[dataset.pk for dataset in some]).update(type="Videos")
    Datasource.objects.filter(dataset__in=list(some), purpose=Purpose.INPUT).update(provider="GCS")
    Dataset.objects.get(name="dataset 00005").datasources.all().delete()
    filters = Filters(**narrowed)
    found = queries.home_summary(alice, filters=replace(filters, state=state)).found
    assert found.total == queries.home_datasets(alice, filters=filters).count()
    assert found.states[state] == queries.home_datasets(alice, filters=replace(filters, state=state)).count()


def test_sorting_by_name(alice: User) -> None:
    make_datasets(alice, 5)
    names = [dataset.name for dataset in queries.home_datasets(alice, filters=Filters(sort="name"))]
    assert names == sorted(names)
