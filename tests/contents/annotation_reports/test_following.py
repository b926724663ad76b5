"""A check of annotations that begins with new listings where they are needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from clouds import Cause, Failure, StoreError
from contents.annotation_reports import following, services
from contents.annotation_reports.following import FRESH, begin, listing_job_of
from contents.index import services as index_services
from contents.models import AnnotationReport, Index, ReportDepth
from datasets.models import Dataset
from datasources.models import Purpose
from jobs import services as jobs
from jobs.models import Job, JobState
from teams.models import User
from tests.contents.index.memory import Memory, connected, indexed, use
from tests.jobs.helpers import texts, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
ALL = ReportDepth.ALL


def age(index: Index) -> None:
    Index.objects.filter(pk=index.pk).update(completed_at=timezone.now() - FRESH - timedelta(seconds=1))


def checks() -> list[Job]:
    return list(Job.objects.filter(kind=services.KIND).order_by("created_at"))


def test_both_are_listed_where_nobody_has_looked(memory: Memory, dataset: Dataset, alice: User) -> None:
    memory.put("a.jpg")
    connected(dataset)
    connected(dataset, Purpose.LIGHTLY)
    begun = begin(dataset, reading=ALL, by=alice)
    assert (begun.is_new, begun.lists_first, begun.job.kind) == (True, True, index_services.KIND)
    first, second = Job.objects.order_by("created_at")
    assert listing_job_of(dataset) == first
    again = begin(dataset, reading=ALL, by=alice)
    assert (again.is_new, again.lists_first) == (False, True)
    work_off(first)
    assert checks() == []  # the other listing is waited for
    work_off(second)
    (check,) = checks()
    assert (check.requested_by, check.arguments) == (alice, {"reading": "ALL"})
    assert listing_job_of(dataset) is None
    assert begin(dataset, reading=ALL, by=alice) == following.Begun(check, is_new=False, lists_first=False)


def test_a_fresh_listing_will_do(memory: Memory, dataset: Dataset) -> None:
    indexed(connected(dataset))
    indexed(connected(dataset, Purpose.LIGHTLY))
    begun = begin(dataset, reading=ALL, by=None)
    assert (begun.is_new, begun.lists_first, begun.job.kind) == (True, False, services.KIND)


def test_an_old_listing_of_the_input_will_do_and_one_of_lightly_will_not(memory: Memory, dataset: Dataset) -> None:
    age(indexed(connected(dataset)))
    lightly = connected(dataset, Purpose.LIGHTLY)
    age(indexed(lightly))
    begun = begin(dataset, reading=ALL, by=None)
    assert (begun.lists_first, begun.job.subject) == (True, lightly.pk)
    work_off(begun.job)
    assert len(checks()) == 1


def test_one_datasource_for_both(memory: Memory, dataset: Dataset) -> None:
    connected(dataset, Purpose.INPUT_OUTPUT)
    begun = begin(dataset, reading=ALL, by=None)
    work_off(begun.job)
    assert Job.objects.count() == 2
    assert len(checks()) == 1


def test_a_listing_that_is_under_way_gets_the_wish(memory: Memory, dataset: Dataset) -> None:
    indexed(connected(dataset))
    lightly = connected(dataset, Purpose.LIGHTLY)
    job, _ = index_services.start(lightly, by=None)
    begun = begin(dataset, reading=ALL, by=None)
    assert (begun.job, begun.is_new, begun.lists_first) == (job, False, True)
    work_off(job)
    assert AnnotationReport.objects.get().reading == ALL


def test_nothing_follows_a_listing_that_failed_or_was_cancelled(
    memory: Memory, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed(connected(dataset))
    connected(dataset, Purpose.LIGHTLY)
    jobs.cancel(begin(dataset, reading=ALL, by=None).job)
    assert listing_job_of(dataset) is None

    class Denied(Memory):
        def answer(self, *_: object) -> None:  # type: ignore[override]
            raise StoreError(Failure(Cause.DENIED))

    use(monkeypatch, Denied())
    job = work_off(begin(dataset, reading=ALL, by=None).job)
    assert job.state == JobState.FAILED
    assert checks() == []
    assert following.failed_job_of(dataset, None) == job
    assert following.failed_job_of(dataset, timezone.now()) is None


def test_a_check_that_can_not_begin_any_more_is_told(memory: Memory, dataset: Dataset) -> None:
    raw = connected(dataset)
    indexed(raw)
    connected(dataset, Purpose.LIGHTLY)
    job = begin(dataset, reading=ALL, by=None).job
    raw.delete()
    work_off(job)
    assert checks() == []
    assert "The Input datasource is not connected yet." in texts(job)[-1]
