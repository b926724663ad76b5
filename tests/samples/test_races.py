"""Two runs, or one run that is stored twice, at the same moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.models import Dataset
from samples import masks, queries
from samples.models import Sample, Tag
from tests.samples.making import grow
from tests.samples.racing import race, together


def two_runs(dataset_id: str) -> None:
    """In a process of its own."""
    dataset = Dataset.objects.get(pk=dataset_id)

    def run(number: int) -> str:
        names = [f"{number}-{each}.jpg" for each in range(300)]
        return grow(dataset, names, run_id=f"{number:024x}", tag_name=f"run {number}").pk

    answers = together(lambda: run(1), lambda: run(2))
    assert all(isinstance(answer, str) for answer in answers), answers
    assert queries.count_of(dataset) == Sample.objects.count() == 600
    for number in (1, 2):
        tag = Tag.objects.get(name=f"run {number}")
        assert queries.names_of_tag(tag) == [f"{number}-{each}.jpg" for each in range(300)]
    initial = queries.initial_tag_of(dataset)
    assert initial
    assert initial.size == 600 == masks.size_of(initial.bits)
    dataset.refresh_from_db()
    assert dataset.sample_count == 600
    print("fine")  # noqa: T201 - to the process of the tests


def one_run_twice(dataset_id: str) -> None:
    """In a process of its own."""
    dataset = Dataset.objects.get(pk=dataset_id)
    names = [f"{each}.jpg" for each in range(300)]
    answers = together(lambda: grow(dataset, names).pk, lambda: grow(dataset, names).pk)
    assert isinstance(answers[0], str), answers
    assert answers[0] == answers[1]
    assert Sample.objects.count() == 300
    print("fine")  # noqa: T201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("program", ["two_runs", "one_run_twice"])
def test_two_callers(dataset: Dataset, tmp_path: Path, program: str) -> None:
    code = f"from tests.samples.test_races import {program}; {program}({dataset.pk!r})"
    assert race(code, tmp_path) == "fine"
