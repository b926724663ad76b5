"""The Contents tab: what it shows in which state, to whom, and at which cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contents.index import services
from contents.models import Index
from contents.overview.progress import progress_of
from datasets.models import Dataset
from datasets.services import share_dataset_with
from datasources.checks import lifecycle
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from jobs import tasks
from jobs.models import Job, JobShard, JobState, ShardState
from teams.models import User
from tests.conftest import Login
from tests.contents.index.memory import Memory, connected, current, entry_of, indexed
from tests.jobs.helpers import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
HTMX = {"HX-Request": "true"}


def page(client: Client, dataset: Dataset, tab: str = "input", name: str = "contents") -> str:
    response = client.get(reverse(f"contents:{name}", args=[dataset.pk, tab]))
    assert response.status_code == 200
    return response.content.decode()


class TestStates:
    def test_not_connected(self, login: Login, alice: User, bob: User, dataset: Dataset) -> None:
        html = page(login(alice), dataset)
        assert "Input is not connected" in html
        assert reverse("datasources:wizard", args=[dataset.pk, "input"]) in html
        assert reverse("datasources:wizard", args=[dataset.pk, "input"]) not in page(login(bob), dataset)

    def test_nobody_has_looked(self, login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
        html = page(login(alice), dataset)
        assert "It starts by itself after the first check in which all bulbs are green." in html
        assert "Index it now" in html

    def test_while_the_check_is_under_way_that_will_start_it(
        self, login: Login, alice: User, source: Datasource, dataset: Dataset
    ) -> None:
        check = lifecycle.queue(source, alice)
        client, address = login(alice), reverse("contents:progress", args=[dataset.pk, "input"])
        waiting = f'hx-get="{address}" hx-trigger="load delay:2s" hx-target="#contents"'
        assert waiting in page(client, dataset)
        PermissionCheck.objects.update(state=CheckState.DONE, outcome=Outcome.GREEN, finished_at=timezone.now())
        assert waiting in page(client, dataset)
        PermissionCheck.objects.update(outcome=Outcome.RED)
        assert waiting not in page(client, dataset)
        PermissionCheck.objects.update(outcome=Outcome.GREEN, finished_at=timezone.now() - timedelta(minutes=1))
        assert waiting not in page(client, dataset)
        services.start_after_check(PermissionCheck.objects.get(pk=check.pk))
        response = client.get(address, headers=HTMX | {"HX-Target": "contents"})
        html = response.content.decode()
        assert html.strip().startswith('<div class="contents" id="contents"')
        assert "Waiting for a worker" in html

    def test_while_it_is_built(self, login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
        job, _ = services.start(source, by=alice)
        html = page(login(alice), dataset)
        assert "Waiting for a worker" in html
        assert reverse("jobs:cancel", args=[job.pk]) in html
        assert 'hx-trigger="load delay:1s"' in html
        assert "Index it now" not in html

    def test_an_empty_bucket(
        self, login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
    ) -> None:
        indexed(source)
        html = page(login(alice), dataset)
        assert "There are no files" in html
        assert "Nothing is below s3://acme-raw/street/. Upload images or videos there" in html

    def test_a_failure_with_its_reason(self, login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
        job, _ = services.start(source, by=alice)
        Datasource.objects.update(revision=7)
        work_off(job)
        html = page(login(alice), dataset)
        assert "The datasource was changed or removed while it was indexed. Start again." in html
        assert "Try again" in html

    def test_of_another_place(
        self, login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
    ) -> None:
        indexed(source)
        Datasource.objects.update(path="s3://acme-raw/other/")
        assert "The datasource leads to s3://acme-raw/other/ by now" in page(login(alice), dataset)


def test_the_figures(login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset) -> None:
    memory.put(*(entry_of(f"night/{number}.jpg") for number in range(1200)), "a.heic", entry_of("x.png", size=0))
    memory.put("<b>&.jpg", "a\u202eb/c.jpg")
    indexed(source)
    html = page(login(alice), dataset)
    assert "Rests on the listing of all 1,204 files" in html
    for title in ("By kind", "By extension", "By top folder", "By size", "By month of the last write"):
        assert title in html
    assert "magick a.heic a.jpg" in html
    assert reverse("contents:files", args=[dataset.pk, "input", "zero-bytes"]) in html
    assert "<b>&.jpg" not in html
    assert "\u202e" not in html
    assert "right-to-left override" in html
    assert "style=" not in html.partition("<main")[2]


def test_what_has_changed(login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset) -> None:
    memory.put("a.jpg", "b.jpg")
    indexed(source)
    assert "nothing has changed" not in page(login(alice), dataset)
    indexed(source)
    assert "nothing has changed" in page(login(alice), dataset)
    memory.put("c.jpg")
    memory.remove("a.jpg")
    indexed(source)
    html = page(login(alice), dataset)
    assert "New files: 1" in html
    assert "Files that are gone: 1" in html


class TestButton:
    def test_it_starts_one_index(self, login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
        address = reverse("contents:start", args=[dataset.pk, "input"])
        response = login(alice).post(address, headers=HTMX)
        assert "The index is being built" in response.content.decode()
        assert Job.objects.get().requested_by == alice
        response = login(alice).post(address)
        assert response["Location"] == reverse("contents:contents", args=[dataset.pk, "input"])
        assert Job.objects.count() == 1

    def test_who_may_only_look_has_no_button(
        self, login: Login, bob: User, source: Datasource, dataset: Dataset
    ) -> None:
        assert "Index it now" not in page(login(bob), dataset)
        assert login(bob).post(reverse("contents:start", args=[dataset.pk, "input"])).status_code == 403

    def test_outsiders_and_guests(
        self, login: Login, alice: User, charlie: User, memory: Memory, source: Datasource, dataset: Dataset
    ) -> None:
        indexed(source)
        for name in ("contents", "progress"):
            address = reverse(f"contents:{name}", args=[dataset.pk, "input"])
            assert login(charlie).get(address).status_code == 404
        assert login(charlie).post(reverse("contents:start", args=[dataset.pk, "input"])).status_code == 404
        share_dataset_with(dataset=dataset, emails=[charlie.email])
        assert "There are no files" in page(login(charlie), dataset)

    def test_without_a_datasource(self, login: Login, alice: User, dataset: Dataset) -> None:
        assert login(alice).post(reverse("contents:start", args=[dataset.pk, "lightly"])).status_code == 404


class TestProgress:
    def test_the_strip_and_then_the_whole(
        self, login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
    ) -> None:
        memory.put("a.jpg")
        job, _ = services.start(source, by=alice)
        client, address = login(alice), reverse("contents:progress", args=[dataset.pk, "input"])
        response = client.get(address, headers=HTMX)
        assert response.content.decode().strip().startswith('<section class="card contents__progress"')
        work_off(job)
        response = client.get(address, headers=HTMX)
        assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#contents", "outerHTML")
        html = response.content.decode()
        assert 'data-announce="The index is complete."' in html
        assert "hx-trigger" not in html

    @pytest.mark.parametrize(("age", "pace"), [(0, "1s"), (9, "1s"), (11, "2s"), (59, "2s"), (61, "5s"), (3600, "5s")])
    def test_it_asks_less_often_the_longer_it_takes(self, source: Datasource, age: int, pace: str) -> None:
        job, _ = services.start(source, by=None)
        job.created_at = timezone.now() - timedelta(seconds=age)
        assert progress_of(job).poll_after == pace

    def test_rate_and_time_left(self, source: Datasource) -> None:
        job, _ = services.start(source, by=None)
        job.started_at = timezone.now() - timedelta(seconds=100)
        job.done = 50_000
        assert (progress_of(job).percent, progress_of(job).left_words) == (None, "")
        assert progress_of(job).rate_words == "500 a second"
        job.total = 200_000
        assert (progress_of(job).percent, progress_of(job).left_words) == (25, "about 5 minutes left")
        job.total = None
        cursor = {"stage": "list"}
        for number in range(1, 5):
            state = ShardState.DONE if number == 1 else ShardState.QUEUED
            JobShard.objects.create(job=job, number=number, cursor=cursor, state=state)
        assert progress_of(job).percent == 25
        job.total, job.done = 100, 50_000
        assert (progress_of(job).percent, progress_of(job).left_words) == (98, "less than a minute left")

    def test_the_cancelled_one_leaves_the_button(
        self, login: Login, alice: User, source: Datasource, dataset: Dataset
    ) -> None:
        job, _ = services.start(source, by=alice)
        login(alice).post(reverse("jobs:cancel", args=[job.pk]))
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        assert "Index it now" in page(login(alice), dataset)


def test_the_cost_does_not_grow_with_the_files(
    login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put("a.jpg")
    indexed(source)
    client = login(alice)
    page(client, dataset)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            page(client, dataset)
        assert not any("contents_f" in query["sql"] for query in caught)  # neither files nor findings
        return len(caught)

    few = queries()
    memory.put(*(f"{number}/x.heic" for number in range(900)))
    indexed(source)
    assert queries() == few


def test_the_two_datasources_are_apart(
    login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put("a.jpg")
    indexed(source)
    assert "Lightly is not connected" in page(login(alice), dataset, "lightly")
    connected(dataset, Purpose.LIGHTLY, fullPath="s3://acme-raw/lightly/")
    assert "Nobody has looked yet" in page(login(alice), dataset, "lightly")
    assert Index.objects.get() == current(source)


def test_a_worker_in_the_middle_of_it(
    login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put("a.jpg")
    job, _ = services.start(source, by=alice)
    tasks.run_slice(job.shards.get().pk)
    tasks.run_slice(job.shards.get(number=1).pk)
    assert "All names are listed; comparing them" in page(login(alice), dataset)
