"""Compute workers: registered, alive, silent, gone."""

from __future__ import annotations

import pytest

from datasets.models import Dataset
from runs.models import ComputeWorker, WorkerState
from runs.scheduling import registry
from teams.models import User
from tests.runs.engine import TestRunner
from tests.runs.scheduling.making import ago, begun, open_run, worker

pytestmark = pytest.mark.django_db


def state_of(worker: ComputeWorker) -> str:
    worker.refresh_from_db()
    return worker.state


def test_a_name_is_registered_once_for_each_person(alice: User, bob: User) -> None:
    first = registry.register(owner=alice, name="Default", labels=["gpu", "gpu"])
    again = registry.register(owner=alice, name="Default", labels=[])
    other = registry.register(owner=bob, name="Default", labels=[])
    assert first == again
    assert first != other
    assert (again.labels, again.state, again.seen_at) == (["gpu"], WorkerState.OFFLINE, None)


def test_a_process_comes_and_goes(db: None) -> None:
    made = worker("gpu-1", ["b", "a"])
    assert (made.owner, made.labels, made.state) == (None, ["a", "b"], WorkerState.IDLE)
    registry.stop(made.pk)
    assert state_of(made) == WorkerState.OFFLINE
    assert worker("gpu-1", ["c"]) == made  # started again, with other labels
    assert state_of(made) == WorkerState.IDLE
    assert made.labels == ["c"]


def test_a_process_takes_the_place_of_one_that_was_registered(alice: User) -> None:
    waiting = registry.register(owner=alice, name="mine", labels=["gpu"])
    made = registry.start(name="ignored", labels=[], host="h", version="1", worker_id=waiting.pk)
    assert made == waiting
    assert state_of(waiting) == WorkerState.IDLE
    assert waiting.labels == ["gpu"]
    registry.unregister(waiting)
    assert registry.start(name="x", labels=[], host="h", version="1", worker_id=made.pk) is None
    assert not registry.beat(made.pk)


@pytest.mark.parametrize(
    ("given", "shown"),
    [("gpu-1", "gpu-1"), ("gpu.example.com", "gpu-example-com"), ("_x", "worker x"), ("ü", "worker")],
)
def test_names_that_every_client_takes(given: str, shown: str) -> None:
    assert registry.shown_name(given) == shown
    assert registry.NAME.fullmatch(shown)


def test_silence(dataset: Dataset, engine: TestRunner) -> None:
    idle, busy, lively = worker("idle"), worker("busy", ["x"]), worker("lively")
    open_run(dataset, runs_on=["x"])
    assert begun().worker == busy
    ComputeWorker.objects.filter(pk__in=[idle.pk, busy.pk]).update(seen_at=ago(46))
    assert registry.find_silent() == 2
    assert [state_of(each) for each in (idle, busy, lively)] == ["OFFLINE", "CRASHED", "IDLE"]
    assert registry.find_silent() == 0
    registry.beat(busy.pk)  # it had only lost its network
    assert state_of(busy) == WorkerState.BUSY
    ComputeWorker.objects.filter(pk=lively.pk).update(seen_at=ago(44))
    assert registry.find_silent() == 0


def test_those_of_the_installation_are_forgotten_after_a_week(alice: User) -> None:
    old, young, own = worker("old"), worker("young"), registry.register(owner=alice, name="mine", labels=[])
    ComputeWorker.objects.filter(pk__in=[old.pk, own.pk]).update(seen_at=ago(7 * 86400 + 1), state=WorkerState.OFFLINE)
    assert registry.forget_old() == 1
    assert set(ComputeWorker.objects.all()) == {young, own}


def test_only_who_lives_is_given_work(dataset: Dataset, engine: TestRunner) -> None:
    made = worker()
    assert registry.free_workers() == [made]
    ComputeWorker.objects.update(seen_at=ago(46))
    assert registry.free_workers() == []
    registry.beat(made.pk)
    open_run(dataset)
    begun()
    assert registry.free_workers() == []
