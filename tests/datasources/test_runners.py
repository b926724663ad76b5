"""Checking all datasources again, as a job."""

from __future__ import annotations

from typing import Any

import pytest

from core import broker
from core.queues import RULES
from datasources import runners
from datasources.checks import lifecycle
from datasources.models import CheckState, Datasource, PermissionCheck, Trigger
from datasources.runners import start_check_all
from jobs import tasks
from jobs.models import Job, JobState
from teams.models import Team, User
from tests.dashboard.test_queries import make_datasets

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_send", lambda task, arguments, *_: len(arguments))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The checks that were done, by slice. Nothing is asked of any cloud: every third one comes out red."""
    slices: list[tuple[str, ...]] = []

    def run(*check_ids: str, patience: bool = True) -> None:
        for check in PermissionCheck.objects.filter(pk__in=check_ids):
            outcome = "RED" if sum(map(len, slices)) % 3 == 0 else "GREEN"
            PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.DONE, outcome=outcome)
        slices.append(check_ids)

    monkeypatch.setattr(lifecycle, "run", run)
    return slices


def forget_checks() -> None:
    PermissionCheck.objects.update(state=CheckState.DONE)


def run_slices(job: Job, most: int = 50) -> Job:
    for _ in range(most):
        tasks.run_slice(job.shards.get().pk)
        job.refresh_from_db()
        if not job.is_open:
            break
    return job


def test_every_datasource_of_the_team_once(alice: User, charlie: User, team: Team, ran: list[tuple[str, ...]]) -> None:
    make_datasets(alice, 5)
    make_datasets(charlie, 2, start=5)
    forget_checks()
    job, is_new = start_check_all(teams=[team], by=alice)
    assert is_new
    assert (job.title, job.total, job.team) == ("Acme Vision", 10, team)
    run_slices(job)
    assert (job.state, job.done, job.total) == (JobState.DONE, 10, 10)
    assert [len(each) for each in ran] == [4, 4, 2]
    asked = PermissionCheck.objects.filter(requested_by=alice, trigger=Trigger.PERSON, pk__in=sum(ran, ()))
    assert asked.values("datasource").distinct().count() == 10
    assert set(asked.values_list("datasource__dataset__team", flat=True)) == {team.pk}
    assert job.message == "6 green, 4 red, 0 unknown"


def test_some_that_are_deleted_meanwhile(alice: User, team: Team, ran: list[tuple[str, ...]]) -> None:
    make_datasets(alice, 4)
    forget_checks()
    job, _ = start_check_all(teams=[team], by=alice)
    run_slices(job, 1)
    assert (job.done, job.total) == (4, 8)
    Datasource.objects.filter(pk__in=list(Datasource.objects.order_by("-pk").values_list("pk", flat=True)[:2])).delete()
    run_slices(job)
    assert (job.state, job.done, job.total) == (JobState.DONE, 6, 6)


def test_one_at_a_time_per_selection(alice: User, charlie: User, team: Team) -> None:
    other = charlie.teams.get()
    first, _ = start_check_all(teams=[team], by=alice)
    assert start_check_all(teams=[team], by=charlie) == (first, False)
    both, is_new = start_check_all(teams=[team, other], by=alice)
    assert is_new
    assert (both.title, both.team) == ("2 teams", None)
    assert start_check_all(teams=[other, team], by=alice) == (both, False)
    everything, is_new = start_check_all(teams=None, by=alice)
    assert is_new
    assert everything.title == "All teams"


def test_nothing_to_check(alice: User, team: Team) -> None:
    job = run_slices(start_check_all(teams=[team], by=alice)[0])
    assert (job.state, job.message) == (JobState.DONE, "There is no datasource.")


def test_a_slice_is_as_long_as_its_checks_can_be(settings: Any) -> None:
    settings.LIGHTLY_CHECK_DEADLINE_SECONDS = 120  # the most there may be
    assert runners.CheckAll().slice_seconds <= RULES[runners.CheckAll.queue].slice_seconds
