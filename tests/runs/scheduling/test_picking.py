"""Which waiting run is given to which worker."""

from __future__ import annotations

import pytest

from core.queues import Queue, lane_queue
from datasets.models import Dataset
from datasets.services import create_dataset
from jobs.models import JobState
from jobs.services import cancel as cancel_job
from runs.models import Priority, RunState, ScheduledRun, ScheduledState, WorkerState
from runs.scheduling import picking
from teams.models import User
from tests.runs.scheduling.making import ago, begun, open_run, worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engine")]


@pytest.fixture
def other(alice: User, dataset: Dataset) -> Dataset:
    return create_dataset(name="other-streets", owner=alice)


def test_what_a_run_begins_with(dataset: Dataset, alice: User) -> None:
    made = worker("gpu-1", ["gpu"])
    scheduled = open_run(dataset, runs_on=["gpu"], by=alice)
    run = begun()
    scheduled.refresh_from_db()
    made.refresh_from_db()
    assert (scheduled.state, scheduled.worker, made.state) == (ScheduledState.LOCKED, made, WorkerState.BUSY)
    assert (run.state, run.scheduled_key, run.dataset_key, run.requested_by) == (
        RunState.STARTED,
        scheduled.pk,
        dataset.pk,
        alice,
    )
    assert run.job
    assert (run.job.arguments, run.job.lane, run.job.state) == ({"run": run.pk}, "gpu", JobState.QUEUED)
    assert [line.text for line in run.lines.all()] == ["Taken by the worker gpu-1."]
    assert picking.pick_up() == []


def test_the_most_urgent_comes_first_and_then_the_oldest(alice: User) -> None:
    worker()
    datasets = [create_dataset(name=f"streets {number}", owner=alice) for number in range(4)]
    low = open_run(datasets[0], priority=Priority.LOW, created_at=ago(40))
    young = open_run(datasets[1], created_at=ago(10))
    old = open_run(datasets[2], created_at=ago(30))
    critical = open_run(datasets[3], priority=Priority.CRITICAL, created_at=ago(1))
    order = []
    for _ in range(4):
        run = begun()
        order.append(run.scheduled)
        assert run.job
        cancel_job(run.job)
    assert order == [critical, old, young, low]


def test_labels_must_fit(dataset: Dataset, other: Dataset) -> None:
    plain = worker("plain")
    needs_gpu = open_run(dataset, runs_on=["gpu", "large"], created_at=ago(10))
    anywhere = open_run(other)
    assert begun().scheduled == anywhere
    assert picking.pick_up() == []
    needs_gpu.refresh_from_db()
    assert needs_gpu.state == ScheduledState.OPEN
    gpu = worker("gpu", ["large", "gpu", "quick"])
    run = begun()
    assert (run.scheduled, run.worker) == (needs_gpu, gpu)
    assert run.worker != plain
    assert run.job
    assert lane_queue(Queue(run.job.queue), run.job.lane) == "runs.gpu+large"


def test_who_has_rare_labels_is_spared(dataset: Dataset) -> None:
    worker("gpu", ["gpu"])
    plain = worker("plain")
    open_run(dataset)
    assert begun().worker == plain


def test_a_dataset_has_one_run_at_a_time(dataset: Dataset) -> None:
    worker("first")
    worker("second")
    open_run(dataset, created_at=ago(10))
    second = open_run(dataset)
    run = begun()
    assert picking.pick_up() == []
    assert run.job
    cancel_job(run.job)
    again = begun()
    assert again.scheduled == second
    assert again.stamp > run.stamp


def test_a_worker_leads_one_run(dataset: Dataset, other: Dataset) -> None:
    worker()
    open_run(dataset)
    open_run(other)
    first = begun()
    assert picking.pick_up() == []
    assert first.job
    cancel_job(first.job)
    assert begun().scheduled != first.scheduled


def test_nobody_takes_what_was_cancelled(dataset: Dataset) -> None:
    worker()
    ScheduledRun.objects.filter(pk=open_run(dataset).pk).update(state=ScheduledState.CANCELED)
    assert picking.pick_up() == []
