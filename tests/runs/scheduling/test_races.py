"""Several processes look for work in the same moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.models import Dataset
from datasets.services import create_dataset
from jobs.models import Job
from jobs.runners import register
from runs.models import Run, ScheduledRun, ScheduledState
from runs.scheduling import picking, services
from runs.scheduling.errors import NotOpenError
from teams.models import User
from tests.runs.engine import TestRunner
from tests.runs.scheduling.making import open_run, worker
from tests.samples.racing import race, together


def _use_test_runner() -> None:
    from jobs import runners

    runners._RUNNERS.pop(TestRunner.kind, None)
    register(TestRunner)


def many_look() -> None:
    """Each run begins once, each dataset has one, each worker leads one."""
    _use_test_runner()
    answers = together(*[lambda: len(picking.pick_up())] * 4)
    assert all(isinstance(answer, int) for answer in answers), answers
    assert sum(answer for answer in answers if isinstance(answer, int)) == 2
    runs = list(Run.objects.all())
    assert len(runs) == len({run.dataset_key for run in runs}) == len({run.worker_id for run in runs}) == 2
    assert ScheduledRun.objects.filter(state=ScheduledState.LOCKED).count() == Job.objects.count() == 2
    print("fine")  # noqa: T201 - to the process of the tests


def cancelled_meanwhile() -> None:
    """Either it begins, or it is cancelled."""
    _use_test_runner()
    scheduled = ScheduledRun.objects.order_by("pk")[0]

    def cancel() -> str:
        try:
            services.cancel(ScheduledRun.objects.get(pk=scheduled.pk))
        except NotOpenError:
            return "too late"
        return "cancelled"

    begun, answer = together(lambda: [run.scheduled_key for run in picking.pick_up()], cancel)
    assert isinstance(begun, list), begun
    scheduled.refresh_from_db()
    if answer == "cancelled":
        assert scheduled.pk not in begun
        assert scheduled.state == ScheduledState.CANCELED
    else:
        assert answer == "too late"
        assert scheduled.pk in begun
        assert scheduled.state == ScheduledState.LOCKED
    assert Run.objects.filter(scheduled_key=scheduled.pk).count() == begun.count(scheduled.pk)
    print("fine")  # noqa: T201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("program", ["many_look", "cancelled_meanwhile"])
def test_in_the_same_moment(dataset: Dataset, alice: User, tmp_path: Path, program: str) -> None:
    other = create_dataset(name="other-streets", owner=alice)
    worker("first")
    worker("second")
    for each in (dataset, dataset, other):
        open_run(each, by=alice)
    code = f"from tests.runs.scheduling.test_races import {program}; {program}()"
    assert race(code, tmp_path) == "fine"
