"""When an index starts by itself."""

from __future__ import annotations

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from contents.index import services
from contents.models import Depth, Index
from datasets.models import Dataset
from datasources import followers
from datasources.checks import lifecycle
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose, Trigger
from jobs import services as jobs
from jobs.models import Job, JobState
from teams.models import User
from tests.contents.index.memory import Memory, connected, indexed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def finish(alice: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Finish:
    return Finish(alice, django_capture_on_commit_callbacks)


class Finish:
    """A check of the datasource that ends so."""

    def __init__(self, by: User, commit: DjangoCaptureOnCommitCallbacks) -> None:
        self.by, self.commit = by, commit

    def __call__(self, datasource: Datasource, outcome: Outcome = Outcome.GREEN) -> PermissionCheck:
        datasource.refresh_from_db()
        check = lifecycle.queue(datasource, self.by, Trigger.PERSON)
        PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.RUNNING)
        with self.commit(execute=True):
            lifecycle._finish(check, state=CheckState.DONE, outcome=outcome)
        return check


def test_the_first_green_check_starts_it(source: Datasource, finish: Finish) -> None:
    finish(source, Outcome.RED)
    assert not Job.objects.exists()
    finish(source)
    job = Job.objects.get()
    assert (job.kind, job.subject, job.requested_by) == (services.KIND, source.pk, None)
    finish(source)
    assert Job.objects.count() == 1


def test_once_it_is_there_no_check_starts_another(memory: Memory, source: Datasource, finish: Finish) -> None:
    indexed(source)
    finish(source)
    assert Job.objects.count() == 1


def test_another_place_is_looked_at_again(memory: Memory, source: Datasource, finish: Finish) -> None:
    indexed(source)
    Datasource.objects.update(path="s3://acme-raw/other/", revision=1)
    finish(source)
    assert Job.objects.count() == 2


def test_what_somebody_cancelled_is_not_started_again(source: Datasource, finish: Finish) -> None:
    finish(source)
    assert jobs.cancel(Job.objects.get())
    assert services.tidy(60)
    finish(source)
    assert Job.objects.count() == 1


def test_what_failed_is_tried_again(source: Datasource, finish: Finish) -> None:
    finish(source)
    Job.objects.update(state=JobState.FAILED)
    assert services.tidy(60)
    finish(source)
    assert Job.objects.count() == 2


def test_the_lightly_datasource_waits_for_people(dataset: Dataset, finish: Finish) -> None:
    finish(connected(dataset, Purpose.LIGHTLY))
    assert not Job.objects.exists()


def test_one_that_is_both_is_an_input(dataset: Dataset, finish: Finish) -> None:
    finish(connected(dataset, Purpose.INPUT_OUTPUT))
    assert Job.objects.exists()


def test_a_team_may_not_want_it(source: Datasource, dataset: Dataset, finish: Finish) -> None:
    services.choose_depth(team=dataset.team, depth=Depth.NEVER)
    finish(source)
    assert not Job.objects.exists()
    services.choose_depth(team=dataset.team, depth=Depth.LISTING)
    finish(source)
    assert Job.objects.exists()


def test_a_check_of_an_older_revision_starts_nothing(source: Datasource, finish: Finish) -> None:
    check = finish(source, Outcome.RED)
    check.outcome = Outcome.GREEN
    Datasource.objects.update(revision=9)
    services.start_after_check(check)
    assert not Index.objects.exists()


def test_what_a_follower_raises_changes_nothing_of_the_check(
    monkeypatch: pytest.MonkeyPatch, source: Datasource, finish: Finish
) -> None:
    def breaks(check: PermissionCheck) -> None:
        raise RuntimeError

    monkeypatch.setattr(followers, "_followers", [breaks, services.start_after_check])
    check = finish(source)
    check.refresh_from_db()
    assert check.outcome == Outcome.GREEN
    assert Job.objects.exists()
