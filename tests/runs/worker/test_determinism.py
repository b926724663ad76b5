"""The same seed and the same input give the same selection, however often and in whatever order slices are done."""

from __future__ import annotations

import random

import pytest

from jobs.models import JobShard
from jobs.runners import Slice, runner_of
from runs.models import Run, RunState
from runs.worker import scratch
from runs.worker.choosing import selecting
from tests.runs.worker.whole import DIVERSE, World, begun, colours, ended, selection, tag_names

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

BRIGHT = {
    "input": {"type": "METADATA", "key": "lightly.luminance"},
    "strategy": {"type": "WEIGHTS", "strength": 0.3},
}
CONTENT = selection(12, DIVERSE, BRIGHT)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few images make many slices in many shards."""
    from runs.worker import preparing, reading
    from runs.worker.outputs import writing

    for module in (scratch, preparing, reading):
        monkeypatch.setattr(module, "NAMES_OF_A_PART", 4)
    monkeypatch.setattr(writing, "SAMPLES_OF_A_SHARD", 3)


def picks_of(run: Run) -> list[tuple[str, bool, int, float | None]]:
    return list(run.picks.order_by("is_chosen", "place").values_list("file_name", "is_chosen", "place", "score"))


def twice(chance: random.Random, late: list[Slice]) -> None:
    """Some slices are done once more, by somebody who was late and whose result does not count."""
    if late and chance.random() < 0.5:
        this = late.pop(chance.randrange(len(late)))
        runner = runner_of(this.job.kind)
        assert runner
        runner.run(this)


@pytest.mark.usefixtures("small_parts")
def test_order_and_repetition_change_nothing(world: World) -> None:
    world.put(colours(36))
    first = world.run(CONTENT)
    assert first.state == RunState.COMPLETED, first.message
    assert first.job
    assert first.job.shards.count() > 12
    expected, picks = tag_names(first), picks_of(first)
    world.dataset.samples.all().delete()
    world.dataset.tags.all().delete()
    for seed in (1,):
        chance, late = random.Random(seed), list[Slice]()

        def before(shard_id: str, chance: random.Random = chance, late: list[Slice] = late) -> None:
            shard = JobShard.objects.select_related("job").get(pk=shard_id)
            if shard.cursor["stage"] in {"prepare", "read", "select", "write"}:
                late.append(Slice(shard.job, shard.number, shard.cursor, float("inf")))
            twice(chance, late)
            selecting.forget()  # the next slice is done by another process

        run = ended(begun(world.dataset, CONTENT), seed=seed, before=before)
        assert run.state == RunState.COMPLETED, run.message
        assert (tag_names(run), picks_of(run)) == (expected, picks)
        world.dataset.tags.all().delete()
        world.dataset.samples.all().delete()


def test_another_seed_gives_other_random_numbers(world: World) -> None:
    world.put(colours(12))
    chance = {"input": {"type": "RANDOM"}, "strategy": {"type": "WEIGHTS"}}
    chosen = []
    for seed in (1, 1, 2):
        run = world.run(selection(5, chance) | {"lightly": {"seed": seed}})
        assert run.state == RunState.COMPLETED, run.message
        chosen.append(tag_names(run))
        world.dataset.tags.all().delete()
        world.dataset.samples.all().delete()
    assert chosen[0] == chosen[1] != chosen[2]
