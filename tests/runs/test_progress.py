"""What runs say of themselves, and the files that they leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from datasets.models import Dataset
from runs import artifacts, progress
from runs.models import ArtifactPart, ArtifactType, LogLevel, Run, RunState
from tests.runs.making import run_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(dataset: Dataset) -> Run:
    return run_of(dataset)


def age_message(run: Run, seconds: int) -> None:
    Run.objects.filter(pk=run.pk).update(message_at=timezone.now() - timedelta(seconds=seconds))


def test_stages_follow_each_other(run: Run) -> None:
    progress.enter(run, RunState.INITIALIZING)
    progress.enter(run, RunState.EMBEDDING)
    progress.enter(run, RunState.EMBEDDING, total=2000)  # another shard, which knows more
    progress.advance(run, 64)
    progress.advance(run, 36)
    run.refresh_from_db()
    first, second = run.stages
    assert (first["state"], first["done"], first["total"]) == ("INITIALIZING", 0, None)
    assert first["begun"] <= first["ended"] <= second["begun"]
    assert (second["done"], second["total"], second["ended"]) == (100, 2000, None)
    assert run.state == RunState.EMBEDDING


def test_no_stage_comes_back(run: Run) -> None:
    progress.enter(run, RunState.EMBEDDING)
    progress.enter(run, RunState.SAMPLING)
    progress.enter(run, RunState.EMBEDDING)  # a shard that was late
    progress.advance(run, 3, state=RunState.EMBEDDING)
    run.refresh_from_db()
    assert run.state == RunState.SAMPLING
    assert [(each["state"], each["done"]) for each in run.stages] == [("EMBEDDING", 3), ("SAMPLING", 0)]


def test_the_message_changes_every_30_seconds_or_with_the_state(run: Run) -> None:
    progress.enter(run, RunState.EMBEDDING, total=5000)
    run.refresh_from_db()
    assert run.message == "Reading and embedding files: 0 of 5,000"
    progress.advance(run, 1200)
    progress.say(run, "Something else")
    assert run.message == "Reading and embedding files: 0 of 5,000"
    age_message(run, 31)
    progress.advance(run, 1)
    run.refresh_from_db()
    assert run.message == "Reading and embedding files: 1,201 of 5,000"
    progress.enter(run, RunState.SAMPLING)
    assert run.message == "Selecting samples"
    age_message(run, 31)
    progress.say(run, "Selected 7 of 10")
    assert Run.objects.get().message == "Selected 7 of 10"


def test_nothing_is_told_of_a_run_that_has_ended(run: Run) -> None:
    Run.objects.update(state=RunState.ABORTED, message="Aborted by Alice")
    progress.enter(run, RunState.SAMPLING)
    progress.advance(run, 1)
    progress.say(run, "still here")
    run.refresh_from_db()
    assert (run.state, run.message, run.stages) == (RunState.ABORTED, "Aborted by Alice", [])


def test_the_log_is_kept_up_to_a_limit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_LINES", 2)
    progress.log(run, "one")
    progress.enter(run, RunState.SAMPLING)
    progress.log(run, "two", LogLevel.WARNING)
    progress.log(run, "three")
    progress.log(run, "four")
    told = [(line.text, line.level, line.state) for line in run.lines.all()]
    assert told[:2] == [("one", "INFO", "STARTED"), ("two", "WARNING", "SAMPLING")]
    assert [line[0] for line in told[2:]] == ["Further lines are not kept: there are too many."]


def test_artifacts_are_kept_in_parts(run: Run) -> None:
    data = bytes(range(256)) * 10_000  # 2.4 MiB
    pieces = [data[:7], data[7:1_500_000], data[1_500_000:]]
    artifact = artifacts.add(run, ArtifactType.LOG, "log.txt", iter(pieces))
    assert artifact.size == len(data)
    parts = list(artifacts.content(artifact))
    assert b"".join(parts) == data
    assert [len(part) for part in parts] == [1024**2, 1024**2, len(data) - 2 * 1024**2]


def test_an_artifact_of_the_same_name_is_replaced(run: Run) -> None:
    artifacts.add(run, ArtifactType.LOG, "log.txt", b"old")
    new = artifacts.add(run, ArtifactType.LOG, "log.txt", b"new")
    assert list(run.artifacts.all()) == [new]
    assert ArtifactPart.objects.count() == 1
    assert list(artifacts.content(new)) == [b"new"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a b", "x" * 101, "ü.txt", "a\n"])
def test_names_of_artifacts_are_safe(run: Run, name: str) -> None:
    with pytest.raises(ValueError, match="not a safe name"):
        artifacts.add(run, ArtifactType.LOG, name, b"")
    assert not run.artifacts.exists()
