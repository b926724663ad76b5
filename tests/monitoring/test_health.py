"""The health page: who sees what, counts, filters, the file for spreadsheets; and that it stays quick."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core import pulse
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources import states
from datasources.models import CheckState, Datasource, DatasourceState
from monitoring import health, views
from monitoring.health import Filters, scope_of
from monitoring.rates import provider_rates
from teams.models import Membership, Role, User
from tests.conftest import Login
from tests.dashboard.test_queries import make_datasets
from tests.monitoring.furnished import NOW, add

pytestmark = pytest.mark.django_db
PAGES = ["/health/", "/health/print/", "/health/tiles/", "/health/datasources.csv"]


class TestWhoSeesIt:
    @pytest.mark.parametrize("path", PAGES)
    def test_not_members(self, login: Login, bob: User, dataset: Dataset, path: str) -> None:
        answer = login(bob).get(path)
        assert answer.status_code == 403
        assert "Only the owners and admins of a team" in answer.content.decode()

    @pytest.mark.parametrize("path", PAGES)
    def test_not_strangers(self, client: Client, dataset: Dataset, path: str) -> None:
        assert client.get(path)["Location"].startswith("/accounts/login/")

    @pytest.mark.parametrize("path", PAGES)
    def test_nothing_is_changed_by_asking(self, login: Login, alice: User, path: str) -> None:
        assert login(alice).post(path).status_code == 405

    def test_owners_see_their_teams(
        self, login: Login, alice: User, charlie: User, dataset: Dataset, elsewhere: Datasource
    ) -> None:
        add(dataset)
        for person, own, other in ((alice, "street-scenes", "cats"), (charlie, "cats", "street-scenes")):
            for path in PAGES:
                answer = login(person).get(path)
                text = (answer.getvalue() if answer.streaming else answer.content).decode()
                assert other not in text
            assert own in login(person).get("/health/").content.decode()
        assert health.summary(scope_of(alice)).total == 1

    def test_an_admin_of_another_team_sees_that_one_alone(
        self, login: Login, bob: User, dataset: Dataset, elsewhere: Datasource
    ) -> None:
        add(dataset)
        Membership.objects.create(team=elsewhere.dataset.team, user=bob, role=Role.ADMIN)
        html = login(bob).get("/health/").content.decode()
        assert "charlies-secret-cats" in html
        assert "street-scenes" not in html

    def test_staff_sees_all_and_opens_what_it_may(
        self, login: Login, staff: User, dataset: Dataset, elsewhere: Datasource
    ) -> None:
        source = add(dataset)
        Membership.objects.create(team=dataset.team, user=staff)
        html = login(staff).get("/health/").content.decode()
        assert f'href="/datasets/{source.dataset_id}/settings/lightly/"' in html
        assert "charlies-secret-cats" in html
        assert f"/datasets/{elsewhere.dataset_id}/settings" not in html

    def test_the_link_stands_where_the_page_may_be_seen(
        self, login: Login, alice: User, bob: User, staff: User
    ) -> None:
        for person, shown in ((alice, True), (bob, False), (staff, True)):
            assert ('href="/health/"' in login(person).get("/tokens/").content.decode()) is shown

    def test_the_link_costs_no_query_of_its_own(self, login: Login, alice: User) -> None:
        client = login(alice)
        client.get("/tokens/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/tokens/")
        asked = [query["sql"] for query in captured if "teams_membership" in query["sql"]]
        assert (
            len([sql for sql in asked if "mfa_required" not in sql.partition("WHERE")[2]]) == 1
        )  # that one is asked on every page

    def test_hosts_are_for_staff(self, login: Login, alice: User, staff: User, dataset: Dataset) -> None:
        pulse.leave_sign(pulse.WORKER, "worker-7.internal")
        assert "worker-7.internal" in login(staff).get("/health/").content.decode()
        assert "worker-7.internal" not in login(alice).get("/health/").content.decode()


class TestCounts:
    @pytest.fixture
    def everything(self, alice: User) -> dict[str, Datasource]:
        named = {
            name: create_dataset(name=name, owner=alice) for name in ("green", "red", "unknown", "lost", "open", "new")
        }
        long_ago = NOW - timedelta(days=3)
        found = {
            "green": add(named["green"], milliseconds=90, expires_at=NOW + timedelta(days=3)),
            "red": add(named["red"], cause="kms_denied", finished_at=long_ago, expires_at=NOW - timedelta(days=1)),
            "unknown": add(named["unknown"], cause="timeout", provider="GCS", expires_at=NOW + timedelta(days=90)),
            "lost": add(named["lost"], state=CheckState.EXPIRED),
            "open": add(named["open"], state=CheckState.QUEUED, finished_at=None),
            "new": add(named["new"]),
        }
        found["new"].checks.all().delete()  # which leaves it without a latest check
        states.repair()
        return found

    def test_by_state_and_cause(self, alice: User, everything: dict[str, Datasource]) -> None:
        found = health.summary(scope_of(alice))
        assert {state.value: count for state, count in found.states.items()} == {
            "green": 1,
            "red": 1,
            "unknown": 2,
            "no_files": 0,
            "checking": 1,
            "never": 1,
        }
        assert found.causes[DatasourceState.RED] == [("kms_denied", 1)]
        assert dict(found.causes[DatasourceState.UNKNOWN]) == {"timeout": 1, "given_up": 1}
        assert (found.total, found.expired, found.expiring) == (6, 1, 1)
        assert found.oldest == NOW - timedelta(days=3)

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({}, ["red", "lost", "unknown", "new", "open", "green"]),
            ({"state": "red"}, ["red"]),
            ({"state": "unknown"}, ["lost", "unknown"]),
            ({"state": "checking"}, ["open"]),
            ({"state": "never"}, ["new"]),
            ({"cause": "timeout"}, ["unknown"]),
            ({"cause": "given_up"}, ["lost"]),
            ({"cause": "denied"}, []),
            ({"provider": "GCS"}, ["unknown"]),
            ({"expiring": "1", "sort": "expires"}, ["red", "green"]),
            ({"sort": "-expires"}, ["unknown", "green", "red"]),
            ({"sort": "checked"}, ["red"]),
            ({"sort": "took"}, ["green"]),
            ({"sort": "-dataset"}, ["unknown", "red", "open", "new", "lost", "green"]),
            ({"q": "gree"}, ["green"]),
            ({"q": "alice acme"}, ["green", "lost", "new", "open", "red", "unknown"]),
            ({"q": "%"}, []),
            ({"state": "purple", "provider": "DROPBOX", "sort": "sealed_config", "q": "\0"}, ["red"]),
        ],
        ids=str,
    )
    def test_filters_and_order(
        self, login: Login, alice: User, everything: dict[str, Datasource], query: dict[str, str], names: list[str]
    ) -> None:
        """Where fewer names are given than found, they come first."""
        answer = login(alice).get("/health/", query)
        found = [row["datasource"].dataset.name for row in answer.context["rows"]]
        if query.get("q") == "alice acme":
            assert sorted(found) == names
        else:
            assert found[: len(names)] == names
        if not names:
            assert "No datasource matches" in answer.content.decode()

    def test_an_order_is_told_and_turned_around(
        self, login: Login, alice: User, everything: dict[str, Datasource]
    ) -> None:
        html = login(alice).get("/health/", {"sort": "took", "q": "e"}).content.decode()
        assert html.count("aria-sort=") == 1
        assert 'aria-sort="ascending" class="num"><a class="sorter" href="?sort=-took&amp;q=e">' in html

    def test_how_often_providers_fail(self, alice: User, everything: dict[str, Datasource]) -> None:
        (gcs, s3) = provider_rates(scope_of(alice))
        assert (gcs.name, gcs.day.percent, gcs.causes) == ("Google Cloud", 100.0, [("timeout", 1)])
        assert (s3.day.total, s3.day.red, s3.week.total, s3.week.red) == (1, 0, 2, 1)  # neither open nor given up ones
        assert (s3.median_ms, s3.labelled_causes) == (90, [("KMS denied", 1)])

    def test_rates_are_counted_for_each_scope(
        self, alice: User, charlie: User, elsewhere: Datasource, everything: Any
    ) -> None:
        assert [rate.day.total for rate in provider_rates(scope_of(charlie))] == [1]
        assert len(provider_rates(scope_of(alice))) == 2

    def test_an_empty_installation_teaches(self, login: Login, alice: User) -> None:
        html = login(alice).get("/health/").content.decode()
        assert "No datasource yet" in html
        assert "No check has ended" in html


def test_a_red_check_is_red_for_what_was_denied_not_for_what_is_unknown(alice: User, dataset: Dataset) -> None:
    source = add(dataset, cause="denied")
    assert source.latest_check
    source.latest_check.verdicts["list"] = {"state": "unknown", "cause": "timeout", "summary": ""}
    source.latest_check.save()
    states.repair()
    assert health.summary(scope_of(alice)).causes[DatasourceState.RED] == [("denied", 1)]


def named_datasets(owner: User, count: int) -> list[Dataset]:
    return [create_dataset(name=f"cameras {number:03}", owner=owner) for number in range(count)]


class TestPrinting:
    """A browser prints what is on the page, so there is one with all rows."""

    def test_all_filtered_rows_are_on_one_page(self, login: Login, alice: User) -> None:
        datasets = named_datasets(alice, 60)
        for number, dataset in enumerate(datasets):
            add(dataset, cause="kms_denied" if number % 2 else "")
        client = login(alice)
        page = client.get("/health/", {"state": "red"}).content.decode()
        assert 'href="/health/print/?state=red"' in page
        all_rows, red = (client.get("/health/print/", query).content.decode() for query in ({}, {"state": "red"}))
        assert all_rows.count('<th scope="row">') == 60
        assert red.count('<th scope="row">') == 30
        assert "30 datasources in state" in " ".join(red.split())
        assert "pagination" not in all_rows
        assert "data-print" in all_rows

    def test_a_list_in_pages_says_on_paper_that_it_is_not_all(self, login: Login, alice: User) -> None:
        client, hint = login(alice), "This is one page of the list."
        datasets = named_datasets(alice, 51)
        for dataset in datasets[:50]:
            add(dataset)
        assert hint not in client.get("/health/").content.decode()
        add(datasets[50])
        assert hint in client.get("/health/").content.decode()

    def test_more_than_paper_takes_is_told(self, login: Login, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(views, "MOST_PRINTED", 2)
        for dataset in named_datasets(alice, 3):
            add(dataset)
        page = login(alice).get("/health/print/").content.decode()
        assert "The first 2 of 3 rows. The CSV has all of them." in page
        assert page.count('<th scope="row">') == 2

    def test_the_number_of_queries_does_not_grow(self, login: Login, alice: User) -> None:
        client = login(alice)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                client.get("/health/print/")
            return len(captured)

        datasets = named_datasets(alice, 30)
        add(datasets[0])
        queries()  # the first visit of a session asks more
        few = queries()
        for dataset in datasets[1:]:
            add(dataset)
        assert queries() == few


class TestSpeed:
    def count(self, client: Client, path: str, query: dict[str, str]) -> int:
        cache.clear()
        client.get(path, query)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path, query)
            if answer.streaming:
                answer.getvalue()
        return len(captured)

    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize(
        "query", [{}, {"state": "red", "sort": "-checked"}, {"q": "dataset 0", "page": "2"}], ids=str
    )
    def test_the_number_of_queries_does_not_grow(
        self, login: Login, alice: User, elsewhere: Datasource, path: str, query: dict[str, str], settings: Settings
    ) -> None:
        client = login(alice)
        make_datasets(alice, 40)
        before = self.count(client, path, query)
        make_datasets(alice, 200, start=40)
        assert self.count(client, path, query) == before
        assert before <= 16


def test_only_known_filters_are_taken() -> None:
    assert Filters.of({"state": "red", "sort": "-took"}) == Filters(state="red", sort="-took")
    assert Filters.of({"state": "x", "provider": "x", "expiring": "yes", "sort": "--took"}) == Filters()
    assert not Filters().narrows
