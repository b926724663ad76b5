"""A process of the queue `runs` as a compute worker, without the process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.queues import lanes_for
from lightly_platform import compute_worker
from lightly_platform.env import WrongEnvironment
from runs.models import ComputeWorker, WorkerState
from runs.scheduling import registry
from teams.models import User

pytestmark = pytest.mark.django_db


class Queues:
    """What Celery's are asked."""

    def __init__(self, *names: str) -> None:
        self.consume_from = dict.fromkeys(names)

    def select_add(self, name: str) -> None:
        self.consume_from[name] = None


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NAME", "LABELS", "WORKER_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(compute_worker, "_close_connections", lambda: None)  # that of the test's transaction
    yield
    compute_worker._this.clear()


def test_a_queue_for_each_set_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELS", "b,a,b")
    queues = Queues("contents", "runs")
    compute_worker.set_up("main-contents-runs@host", queues)
    assert list(queues.consume_from) == ["contents", "runs", "runs.a", "runs.b", "runs.a+b"]
    assert len(lanes_for("abcdef")) == 64


def test_its_life(monkeypatch: pytest.MonkeyPatch) -> None:
    compute_worker.set_up("main-contents-runs@host", Queues("runs"))
    compute_worker.register()
    worker = ComputeWorker.objects.get()
    assert (worker.name, worker.owner, worker.labels, worker.state) == ("default", None, [], WorkerState.IDLE)
    assert worker.version == "0.2.0"
    worker.delete()  # by an operator, in the admin panel
    compute_worker.beat()
    assert ComputeWorker.objects.get().name == "default"
    compute_worker.stop()
    assert ComputeWorker.objects.get().state == WorkerState.OFFLINE


@pytest.mark.parametrize(("given", "name"), [("gpu-7", "gpu-7"), ("", "box-example-com")])
def test_its_name(monkeypatch: pytest.MonkeyPatch, given: str, name: str) -> None:
    monkeypatch.setenv("NAME", given)
    monkeypatch.setattr("socket.gethostname", lambda: "box.example.com")
    compute_worker.set_up("worker-12-runs@box", Queues("runs"))
    compute_worker.register()
    assert ComputeWorker.objects.get().name == name


def test_one_that_somebody_registered(monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
    waiting = registry.register(owner=alice, name="mine", labels=["gpu"])
    monkeypatch.setenv("WORKER_ID", waiting.pk)
    queues = Queues("runs")
    compute_worker.set_up("worker-12-runs@box", queues)
    assert list(queues.consume_from) == ["runs", "runs.gpu"]
    compute_worker.register()
    assert ComputeWorker.objects.get().state == WorkerState.IDLE
    registry.unregister(waiting)
    compute_worker.beat()
    assert not ComputeWorker.objects.exists()


def test_what_nobody_can_be(monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
    odd = registry.register(owner=alice, name="odd", labels=["a label, with signs"])
    for worker_id, words in ((odd.pk, "can't be used"), ("f" * 24, "There is no compute worker")):
        monkeypatch.setenv("WORKER_ID", worker_id)
        with pytest.raises(WrongEnvironment, match=words):
            compute_worker.set_up("worker-12-runs@box", Queues("runs"))


def test_who_takes_no_runs_is_none() -> None:
    compute_worker.set_up("main-checks@host", Queues("checks", "celery"))
    compute_worker.register()
    compute_worker.beat()
    compute_worker.stop()
    assert not ComputeWorker.objects.exists()
