"""A run at work, and a broker that takes everything."""

from __future__ import annotations

import pytest

from core import broker
from datasets.models import Dataset
from runs import progress
from runs.models import LogLevel, Run, RunState
from teams.models import User
from tests.runs.making import run_of
from tests.runs.pages.making import CONTENT


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_send", lambda task, arguments, queue: len(arguments))


@pytest.fixture
def working(dataset: Dataset, alice: User) -> Run:
    """At 40 of 100 files."""
    run = run_of(dataset, CONTENT, by=alice)
    progress.enter(run, RunState.INITIALIZING)
    progress.enter(run, RunState.EMBEDDING, total=100)
    progress.advance(run, 40)
    progress.log(run, "Reading 100 files.")
    progress.log(run, "street/7.jpg can't be read.", LogLevel.WARNING)
    run.refresh_from_db()
    return run
