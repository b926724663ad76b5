"""A runner of runs that does nothing and ends as it is told: for tests of what stands around the engine."""

from __future__ import annotations

from typing import Any

import pytest

from core.queues import Queue
from jobs import runners
from jobs.models import Job
from jobs.runners import JobError, Runner, Slice, Step
from runs.scheduling import lifecycle


class TestRunner(Runner):
    """`fails`: with these words."""

    __test__ = False
    kind = lifecycle.KIND
    label = "Run"
    queue = Queue.RUNS
    fails = ""

    def run(self, this: Slice) -> Step:
        if self.fails:
            raise JobError(self.fails, is_final=True)
        return Step(cursor=this.cursor, is_last=True, done=1)

    def ended(self, job: Job) -> None:
        lifecycle.ended(job)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> TestRunner:
    """In place of the real one."""
    runner = TestRunner()
    known: dict[str, Any] = runners._RUNNERS
    monkeypatch.setitem(known, runner.kind, runner)
    return runner
