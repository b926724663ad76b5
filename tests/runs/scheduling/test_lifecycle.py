"""How runs end."""

from __future__ import annotations

import pytest

from datasets.models import Dataset
from datasets.services import delete_dataset
from jobs import lifecycle as jobs
from jobs.models import Job
from jobs.services import cancel as cancel_job
from jobs.tasks import run_slice
from notifications.models import Notice
from runs.models import Run, RunState, ScheduledRun, ScheduledState, WorkerState
from runs.runners import RUN_KIND
from runs.scheduling import lifecycle, picking, services
from runs.scheduling.errors import NotOpenError
from teams.models import AuditEntry, User
from tests.jobs.helpers import end_pauses, expire_leases
from tests.runs.engine import TestRunner
from tests.runs.scheduling.making import begun, open_run, worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(dataset: Dataset, alice: User, engine: TestRunner) -> Run:
    worker()
    open_run(dataset, by=alice)
    return begun()


def job_of(run: Run) -> Job:
    run.refresh_from_db()
    assert run.job
    return run.job


def do(run: Run) -> None:
    run_slice(job_of(run).shards.get().pk)
    run.refresh_from_db()


def after(run: Run) -> tuple[str, str, str]:
    run.refresh_from_db()
    assert run.scheduled
    assert run.worker
    return run.state, run.scheduled.state, run.worker.state


def test_the_kind_is_that_of_the_engine() -> None:
    """Neither module may import the other."""
    assert lifecycle.KIND == RUN_KIND


def test_it_completes(run: Run, alice: User, bob: User) -> None:
    do(run)
    assert after(run) == (RunState.COMPLETED, ScheduledState.DONE, WorkerState.IDLE)
    assert run.finished_at
    assert list(Notice.objects.values_list("user", "title")) == [(alice.pk, "A run of street-scenes has finished")]


def test_it_fails(run: Run, engine: TestRunner, alice: User) -> None:
    engine.fails = "The Input datasource is gone."
    do(run)
    assert after(run) == (RunState.FAILED, ScheduledState.DONE, WorkerState.IDLE)
    assert run.message == "The Input datasource is gone."
    assert [line.level for line in run.lines.all()] == ["INFO", "ERROR"]
    (notice,) = Notice.objects.all()
    assert (notice.title, notice.text) == ("A run of street-scenes has failed", "The Input datasource is gone.")


def test_its_workers_die(run: Run) -> None:
    for _ in range(jobs.MOST_ATTEMPTS):
        shard = job_of(run).shards.get()
        assert jobs.claim(shard.pk, "doomed")
        expire_leases()
        jobs.take_back_lost()
        end_pauses()
    assert after(run) == (RunState.CRASHED, ScheduledState.DONE, WorkerState.IDLE)
    assert run.message.startswith("The worker stopped before it finished a step")


def test_a_death_among_failures_is_no_crash(run: Run, engine: TestRunner) -> None:
    shard = job_of(run).shards.get()
    assert jobs.claim(shard.pk, "doomed")
    expire_leases()
    jobs.take_back_lost()
    engine.fails = "clip-3.mp4 ends every worker that opens it."
    do(run)
    assert after(run)[0] == RunState.FAILED


def test_somebody_aborts_it(run: Run, alice: User) -> None:
    services.abort(run, by=alice)
    assert after(run) == (RunState.ABORTED, ScheduledState.DONE, WorkerState.IDLE)
    assert not Notice.objects.exists()
    assert AuditEntry.objects.filter(action="JOB_CANCELLED").count() == 1
    with pytest.raises(NotOpenError):
        services.abort(run, by=alice)


def test_a_step_that_is_under_way_ends_first(run: Run, alice: User) -> None:
    mine = jobs.claim(job_of(run).shards.get().pk, "w")
    assert mine
    services.abort(run, by=alice)
    assert after(run)[0] == RunState.STARTED
    with pytest.raises(NotOpenError, match="being stopped already"):
        services.abort(run, by=alice)
    jobs.fail(mine, "late")
    assert after(run)[0] == RunState.ABORTED


def test_its_dataset_is_deleted(run: Run, dataset: Dataset) -> None:
    """The client that waits for it must find an end: else it asks for ever, or is told that there never was a run."""
    key = run.scheduled_key
    delete_dataset(dataset=dataset)
    assert not ScheduledRun.objects.exists()
    assert picking.pick_up() == []
    found = Run.objects.get(scheduled_key=key)
    assert (found.state, found.message, found.dataset) == (RunState.ABORTED, "The dataset was deleted.", None)
    assert found.worker
    assert found.worker.state == WorkerState.IDLE


def test_an_end_has_the_queue_looked_at(
    run: Run, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    from core import broker

    sent: list[str] = []
    monkeypatch.setattr(broker, "send", lambda task, **_: sent.append(task))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        cancel_job(job_of(run))
    assert "runs.tasks.pick_up" in sent
