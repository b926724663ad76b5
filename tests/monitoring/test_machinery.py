"""Whether checks get done at all, and how long they take."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from core import pulse
from core.queues import Queue
from datasets.models import Dataset
from datasources import tasks
from datasources.models import CheckState, Datasource, PermissionCheck, Trigger
from jobs.models import Job
from monitoring.health import scope_of
from monitoring.machinery import machinery
from monitoring.rates import quantile
from teams.models import User
from tests.conftest import Login
from tests.monitoring.furnished import add

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("times", "share", "expected"),
    [
        ([(5, 1)], 0.5, 5),
        ([(1, 1), (2, 1), (3, 1)], 0.5, 2),
        ([(1, 99), (9, 1)], 0.99, 1),
        ([(1, 98), (9, 2)], 0.99, 9),
    ],
)
def test_quantiles(times: list[tuple[int, int]], share: float, expected: int) -> None:
    assert quantile(times, share) == expected


class TestMachinery:
    def lines(self, client: Client) -> dict[str, str]:
        return {
            line.name: f"{line.look}: {line.word}. {line.text}"
            for line in client.get("/health/tiles/").context["lines"]
        }

    def test_a_broker_out_of_reach_breaks_nothing(self, login: Login, alice: User, dataset: Dataset) -> None:
        """No Redis runs beside these tests."""
        add(dataset)
        lines = self.lines(login(alice))
        assert lines["Queue"].startswith("denied: out of reach")
        assert lines["Worker"].startswith("denied: never seen")

    def test_a_sweep_is_a_sign_of_life(self, login: Login, alice: User) -> None:
        tasks.sweep()
        pulse.leave_sign(pulse.SCHEDULER)
        lines = self.lines(login(alice))
        assert lines["Worker"].startswith("granted: alive")
        assert lines["Scheduler"].startswith("granted: alive")

    def test_who_was_silent_for_a_minute(self, login: Login, alice: User) -> None:
        for who in (pulse.WORKER, pulse.SCHEDULER):
            caches["pulse"].set(who, (timezone.now() - timedelta(seconds=60), ""), None)
        lines = self.lines(login(alice))
        assert lines["Worker"].startswith("denied: silent. Last run 1 minute ago. No check can start")
        assert lines["Scheduler"].startswith("denied: silent")

    def test_a_worker_with_full_hands_is_alive(self, alice: User, dataset: Dataset) -> None:
        source = add(dataset, state=CheckState.RUNNING, finished_at=None)
        PermissionCheck.objects.filter(datasource=source).update(
            started_at=timezone.now(), dispatched_at=timezone.now()
        )
        sign = machinery(scope_of(alice)).worker
        assert sign
        assert sign.is_recent

    def test_open_checks(self, login: Login, alice: User, dataset: Dataset, elsewhere: Datasource) -> None:
        source = add(dataset, state=CheckState.QUEUED, finished_at=None)
        PermissionCheck.objects.filter(datasource=source).update(
            queued_at=timezone.now() - timedelta(minutes=3), trigger=Trigger.PERSON
        )
        line = self.lines(login(alice))["Open checks"]
        assert line.startswith(
            "unknown: late. 1 queued, 0 running; the oldest is 3 minutes old. 1 not sent to the queue yet."
        )

    def test_a_scheduled_check_that_waits_for_its_turn_is_not_lost(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        source = add(dataset, state=CheckState.QUEUED, finished_at=None)
        PermissionCheck.objects.filter(datasource=source).update(trigger=Trigger.SCHEDULE)
        assert "not sent to the queue" not in self.lines(login(alice))["Open checks"]

    def test_each_queue_tells_whether_a_worker_serves_it(
        self, login: Login, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lengths = {Queue.CHECKS: 1, Queue.PATIENT: 1200, Queue.CONTENTS: 0, Queue.RUNS: 2}
        monkeypatch.setattr(pulse, "queue_lengths", lambda lanes: lengths)
        pulse.leave_worker_signs(["checks", "celery", "patient"], "worker-7.internal")
        lines = self.lines(login(alice))
        assert lines["Queue"].startswith("unknown: long. 1,203 messages wait")
        assert lines["Checks people wait for"] == "granted: served. 1 message waits."
        assert lines["Background work"] == "granted: served. 1,200 messages wait."
        assert lines["Contents"].startswith("unknown: not served. 0 messages wait.")
        assert lines["Runs"].startswith("denied: not served. 2 messages wait. No worker is running for this queue.")
        assert "make worker QUEUES=runs" in lines["Runs"]


class TestCheckAll:
    def test_owners_and_admins_start_a_job_for_their_teams(
        self, login: Login, alice: User, dataset: Dataset, elsewhere: Datasource
    ) -> None:
        add(dataset)
        client = login(alice)
        assert 'action="/health/check-all/"' in client.get("/health/").content.decode()
        answer = client.post("/health/check-all/")
        job = Job.objects.get()
        assert answer.status_code == 302
        assert answer["Location"] == f"/jobs/{job.pk}/"
        assert (job.team, job.total, job.requested_by, job.queue) == (dataset.team, 1, alice, "patient")
        assert client.post("/health/check-all/")["Location"] == f"/jobs/{job.pk}/"
        assert Job.objects.count() == 1

    def test_staff_starts_one_for_everything(self, login: Login, alice: User, elsewhere: Datasource) -> None:
        User.objects.filter(pk=alice.pk).update(is_staff=True)
        login(alice).post("/health/check-all/")
        job = Job.objects.get()
        assert (job.team, job.title, job.total) == (None, "All teams", Datasource.objects.count())

    def test_members_may_not(self, login: Login, bob: User) -> None:
        assert login(bob).post("/health/check-all/").status_code == 403
        assert login(bob).get("/health/check-all/").status_code == 405
        assert not Job.objects.exists()
