"""Pages of the health table, put together, are the whole table in its order."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets.services import create_dataset
from datasources.models import CheckState, Datasource
from monitoring.health import SORTS, Filters, Scope, found, groups
from monitoring.paging import Listed
from teams.models import User
from tests.monitoring.furnished import NOW, add

pytestmark = pytest.mark.django_db

SORTED = [sort for name in SORTS for sort in (name, f"-{name}")]


@pytest.fixture
def many(alice: User) -> None:
    """Several of each kind, made in no order that any sort has."""
    kinds: list[dict[str, object]] = [
        {"cause": ""},
        {"cause": "kms_denied"},
        {"cause": "timeout"},
        {"cause": "access_denied", "expires_at": NOW + timedelta(days=1)},
        {"cause": "", "state": CheckState.QUEUED, "finished_at": None},
        {"cause": "", "state": CheckState.EXPIRED, "provider": "GCS"},
    ]
    for number in range(3):
        for place, kind in enumerate(kinds):
            add(create_dataset(name=f"{(place * 7 + number * 5) % 11} streets {number}", owner=alice), **dict(kind))  # type: ignore[arg-type]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("size", [1, 4, 50])
@pytest.mark.parametrize("sort", SORTED)
def test_no_row_is_missing_and_none_comes_twice(sort: str, size: int) -> None:
    filters = Filters(sort=sort)
    rows = found(Scope(), filters)
    listed: Any = Listed(rows, filters)
    paginator: Paginator[Datasource] = Paginator(listed, size)
    assert paginator.count == 18
    pages = [[row.pk for row in page.object_list] for page in paginator]
    assert [pk for page in pages for pk in page] == list(rows.values_list("pk", flat=True))
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)


@pytest.mark.usefixtures("many")
def test_filtered() -> None:
    filters = Filters(state="red", search="streets")
    listed = Listed(found(Scope(), filters), filters)
    assert listed.count() == 6
    assert [row.cause for row in listed[1:4]] == ["access_denied", "access_denied", "kms_denied"]


@pytest.mark.usefixtures("many")
def test_what_was_counted_is_not_counted_again() -> None:
    with CaptureQueriesContext(connection) as captured:
        rows = Listed(found(Scope(), Filters()), Filters(), groups(Scope().datasources))[0:3]
        assert {(row.state, row.dataset.team.name, row.latest_check and row.latest_check.outcome) for row in rows}
    assert len(captured) == 3  # the groups, the ids, and the rows with all that the table shows of them


def test_nothing() -> None:
    listed = Listed(Datasource.objects.none(), Filters())
    assert (listed.count(), listed[0:50]) == (0, [])
