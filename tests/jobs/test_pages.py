"""Who sees which job, what its page says, and who may cancel it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import broker
from datasets.models import Dataset
from datasets.services import share_dataset
from jobs import lifecycle, services
from jobs.access import job_for, jobs_for, may_cancel
from jobs.models import Job, JobState
from teams.models import Membership, Role, Team, User
from tests.conftest import Login, person
from tests.jobs.rehearsal import Rehearsal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_send", lambda task, arguments, *_: len(arguments))


def start(**about: Any) -> Job:
    return services.start(
        Rehearsal.kind, **{"title": "street-scenes", "total": 4, "arguments": {"slices": 4}, **about}
    )[0]


class TestWhoSees:
    def test_of_a_team(self, team: Team, alice: User, bob: User, charlie: User) -> None:
        admin, staff = person("ada@example.com", team, Role.ADMIN), person("sam@example.com", None)
        staff.is_staff = True
        job = start(team=team, by=alice)
        assert [job in jobs_for(user) for user in (alice, admin, staff, bob, charlie)] == [
            True,
            True,
            True,
            False,
            False,
        ]
        own = start(team=team, by=bob)
        assert may_cancel(job_for(bob, own.pk))
        Membership.objects.filter(user=bob).delete()
        assert own not in jobs_for(bob)

    def test_of_a_dataset(self, dataset: Dataset, team: Team, alice: User, bob: User, charlie: User) -> None:
        job = start(team=team, dataset=dataset, by=alice)
        assert not may_cancel(job_for(bob, job.pk))  # sees it, as he sees the dataset
        assert job not in jobs_for(charlie)
        share_dataset(dataset=dataset, emails=[charlie.email])
        assert job in jobs_for(charlie)

    def test_of_the_installation(self, alice: User, bob: User) -> None:
        assert start(by=bob) in jobs_for(bob)
        assert start() not in jobs_for(alice)


class TestPages:
    def test_an_empty_list_teaches(self, login: Login, alice: User, bob: User) -> None:
        html = login(alice).get("/jobs/").content.decode()
        assert "No job yet" in html
        assert 'href="/health/"' in html.partition("No job yet")[2]
        assert 'href="/health/"' not in login(bob).get("/jobs/").content.decode().partition("No job yet")[2]

    def test_the_list_is_live_as_long_as_something_happens(self, login: Login, alice: User, team: Team) -> None:
        client, job = login(alice), start(team=team, by=alice)
        Job.objects.filter(pk=job.pk).update(done=1)
        html = client.get("/jobs/").content.decode()
        assert 'hx-get="/jobs/list/' in html
        assert '<progress class="progress__bar" max="4" value="1"' in html
        assert "1 of 4" in html
        lifecycle.cancel(job.pk)
        html = client.get("/jobs/list/").content.decode()
        assert "<html" not in html
        assert "hx-get" not in html
        assert "Cancelled" in html

    def test_a_job_that_runs_and_ends(self, login: Login, alice: User, team: Team) -> None:
        client, job = login(alice), start(team=team, by=alice)
        path = f"/jobs/{job.pk}/"
        html = client.get(path).content.decode()
        assert f'hx-get="{path}progress/"' in html
        assert f'hx-get="{path}cancel/"' in html
        Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, error="<b>It broke.</b>", message="half of it")
        lifecycle.log(job, "A line & more")
        html = client.get(f"{path}progress/").content.decode()
        assert "<html" not in html
        assert "hx-trigger" not in html
        assert 'data-announce="Rehearsal: Failed"' in html
        assert "&lt;b&gt;It broke.&lt;/b&gt;" in html
        assert "A line &amp; more" in html
        assert "half of it" in html
        assert "cancel/" not in html
        assert '<div class="page-head__actions" id="job-actions" hx-swap-oob="true"></div>' in html

    def test_a_kind_of_another_release(self, login: Login, alice: User, team: Team) -> None:
        job = start(team=team, by=alice)
        Job.objects.filter(pk=job.pk).update(kind="of.tomorrow")
        assert "of.tomorrow" in login(alice).get(f"/jobs/{job.pk}/").content.decode()
        assert login(alice).get("/jobs/").status_code == 200

    def test_the_number_of_queries_does_not_grow(self, login: Login, alice: User, team: Team) -> None:
        client = login(alice)

        def count() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get("/jobs/").status_code == 200
            return len(captured)

        start(team=team, by=alice)
        count()  # the first visit of a process asks once whether anybody exists
        few = count()
        for _ in range(30):
            start(team=team, by=alice)
        assert count() == few <= 10


class TestCancelling:
    def test_after_a_question(self, login: Login, alice: User, team: Team) -> None:
        client, job = login(alice), start(team=team, by=alice)
        path = f"/jobs/{job.pk}/cancel/"
        assert "Cancel this job?" in client.get(path, headers={"HX-Request": "true"}).content.decode()
        job.refresh_from_db()
        assert job.state == JobState.QUEUED
        answer = client.post(path, headers={"HX-Request": "true"})
        assert answer["HX-Redirect"] == f"/jobs/{job.pk}/"
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        assert "The job is cancelled." in client.get(f"/jobs/{job.pk}/").content.decode()

    def test_one_that_has_ended(self, login: Login, alice: User, team: Team) -> None:
        client, job = login(alice), start(team=team, by=alice)
        lifecycle.cancel(job.pk)
        path = f"/jobs/{job.pk}/"
        assert client.get(f"{path}cancel/")["Location"] == path
        # Into a dialog a whole page would not fit.
        assert client.get(f"{path}cancel/", headers={"HX-Request": "true"})["HX-Redirect"] == path
        assert client.post(f"{path}cancel/")["Location"] == path
        assert "The job has ended already." in client.get(path).content.decode()

    def test_only_by_who_started_it_and_those_who_manage(
        self, login: Login, client: Client, dataset: Dataset, team: Team, alice: User, bob: User, charlie: User
    ) -> None:
        job = start(team=team, dataset=dataset, by=alice)
        path = f"/jobs/{job.pk}/"
        html = login(bob).get(path).content.decode()
        assert "Cancel this job" not in html
        for answer in (login(bob).get(f"{path}cancel/"), login(bob).post(f"{path}cancel/")):
            assert answer.status_code == 403
        for answer in (login(charlie).get(path), login(charlie).post(f"{path}cancel/")):
            assert answer.status_code == 404
        job.refresh_from_db()
        assert job.state == JobState.QUEUED


def test_the_admin_panel_filters_by_kinds_that_this_release_knows(login: Login, db: None) -> None:
    client = login(User.objects.create_superuser("chief@example.com", "x"))
    wanted, other = start(), start()
    Job.objects.filter(pk=other.pk).update(kind="of.tomorrow")
    answer = client.get("/admin/jobs/job/", {"kind": wanted.kind})
    assert [job.pk for job in answer.context["cl"].queryset] == [wanted.pk]
    html = client.get("/admin/jobs/job/").content.decode()
    assert f"?kind={wanted.kind}" in html
    assert "?kind=of.tomorrow" not in html
