"""What people do with tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset
from datasets.services import create_dataset, delete_dataset
from samples import masks, queries, telling
from samples.models import Sample, SamplePrediction, Tag, TagScore
from samples.tags import services
from samples.tags.errors import TagError, TagProblem
from samples.tags.filters import Filter, mask_of
from samples.tags.services import Operation
from teams.models import AuditAction, AuditEntry, User
from tests.samples.making import grow
from tests.samples.racing import race, together

pytestmark = pytest.mark.django_db
NAMES = ["a.jpg", "b.jpg", "c/d.jpg", "C/e.jpg", "f.png"]


@pytest.fixture
def tag(dataset: Dataset) -> Tag:
    return grow(dataset, NAMES)


def refusal(problem: TagProblem, call: object) -> str:
    assert callable(call)
    with pytest.raises(TagError) as raised:
        call()
    assert raised.value.problem is problem
    return raised.value.words


def test_from_names(dataset: Dataset, tag: Tag, alice: User) -> None:
    made = services.create_from_names(
        dataset, name="to label", file_names=["f.png", "a.jpg", "f.png"], by=alice, creator="USER_WEBAPP"
    )
    assert queries.names_of_tag(made) == ["a.jpg", "f.png"]
    assert (made.size, made.previous, made.created_by) == (2, queries.initial_tag_of(dataset), alice)
    assert AuditEntry.objects.get(action=AuditAction.TAG_CREATED).target == "to label of street-scenes"


def test_unknown_names_are_named(dataset: Dataset, tag: Tag, alice: User) -> None:
    words = refusal(
        TagProblem.SAMPLE,
        lambda: services.create_from_names(
            dataset, name="new", file_names=["a.jpg", "x.jpg", "y\0.jpg", "1", "2"], by=alice
        ),
    )
    assert words.startswith("4 of these names are no samples of this dataset: x.jpg, y")
    assert not Tag.objects.filter(name="new").exists()


@pytest.mark.parametrize("name", ["", "ab", "-abc", "a/b", "äbc", "abc\n", "a" * 256, "abc\0"])
def test_names_that_the_client_would_refuse(dataset: Dataset, tag: Tag, name: str) -> None:
    refusal(TagProblem.NAME, lambda: services.create(dataset, name=name, bits=b"\1", by=None))
    refusal(TagProblem.NAME, lambda: services.update(tag, name=name, by=None))


def test_names_are_unique(dataset: Dataset, tag: Tag) -> None:
    services.create(dataset, name="mine", bits=b"\1", by=None)
    refusal(TagProblem.EXISTS, lambda: services.create(dataset, name="mine", bits=b"\1", by=None))
    refusal(TagProblem.EXISTS, lambda: services.create(dataset, name="initial-tag", bits=b"\1", by=None))
    refusal(TagProblem.EXISTS, lambda: services.update(tag, name="mine", by=None))
    services.update(tag, name=tag.name, by=None)


def test_a_mask_has_no_more_bits_than_samples(dataset: Dataset, tag: Tag) -> None:
    services.create(dataset, name="all", bits=b"\x1f", by=None)
    refusal(TagProblem.MASK, lambda: services.create(dataset, name="more", bits=b"\x3f", by=None))
    refusal(TagProblem.MASK, lambda: services.update(tag, bits=b"\x20", by=None))


def test_without_samples_there_are_no_tags(dataset: Dataset) -> None:
    refusal(TagProblem.NO_SAMPLES, lambda: services.create(dataset, name="all", bits=b"", by=None))


def test_another_dataset_tells_nothing(dataset: Dataset, tag: Tag, alice: User) -> None:
    other = create_dataset(name="other", owner=alice)
    theirs = grow(other, ["a.jpg"], run_id="b" * 24)
    refusal(TagProblem.OTHER_DATASET, lambda: services.create(dataset, name="new", bits=b"", previous=theirs, by=None))
    refusal(
        TagProblem.OTHER_DATASET,
        lambda: services.create_by_arithmetic(
            dataset, name="new", one=tag, other=theirs, operation=Operation.UNION, by=None
        ),
    )


@pytest.mark.parametrize(
    ("operation", "names", "is_below"),
    [
        (Operation.UNION, ["a.jpg", "b.jpg", "c/d.jpg"], False),
        (Operation.INTERSECTION, ["b.jpg"], True),
        (Operation.DIFFERENCE, ["a.jpg"], True),
    ],
)
def test_two_tags(dataset: Dataset, tag: Tag, operation: Operation, names: list[str], is_below: bool) -> None:
    one = services.create_from_names(dataset, name="one", file_names=["a.jpg", "b.jpg"], by=None)
    other = services.create_from_names(dataset, name="other", file_names=["b.jpg", "c/d.jpg"], by=None)
    made = services.create_by_arithmetic(dataset, name="new", one=one, other=other, operation=operation, by=None)
    assert queries.names_of_tag(made) == names
    assert made.previous == (one if is_below else queries.initial_tag_of(dataset))
    assert made.changes[0]["changes"]["arithmetics"]["operation"] == operation


def test_only_leaves_are_deleted(dataset: Dataset, tag: Tag, alice: User) -> None:
    below = services.create(dataset, name="below", bits=b"\1", previous=tag, by=None)
    assert "below" in refusal(TagProblem.NOT_A_LEAF, lambda: services.delete(tag, by=alice))
    initial = queries.initial_tag_of(dataset)
    assert initial
    refusal(TagProblem.INITIAL, lambda: services.delete(initial, by=alice))
    refusal(TagProblem.INITIAL, lambda: services.update(initial, name="other", by=alice))
    services.delete(below, by=alice)
    services.delete(tag, by=alice)
    assert list(Tag.objects.values_list("name", flat=True)) == ["initial-tag"]
    assert queries.count_of(dataset) == len(NAMES)
    refusal(TagProblem.UNKNOWN, lambda: services.update(tag, name="gone", by=alice))


def test_renaming_is_remembered(dataset: Dataset, tag: Tag, alice: User) -> None:
    before = tag.name
    services.update(tag, name="best ones", by=alice, creator="USER_WEBAPP")
    tag.refresh_from_db()
    assert tag.changes[0]["changes"] == {"rename": {"from": before, "to": "best ones"}}
    assert AuditEntry.objects.get(action=AuditAction.TAG_CHANGED).target == f"{before} → best ones of street-scenes"


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (Filter(prefix="c/"), ["c/d.jpg"]),
        (Filter(contains="JPG"), ["a.jpg", "b.jpg", "c/d.jpg", "C/e.jpg"]),
        (Filter(contains="%"), []),
        (Filter(type="VIDEO_FRAME"), []),
        (Filter(key="sharpness", least=12, most=13), NAMES),
        (Filter(key="sharpness", least=13), []),
        (Filter(key="width", least=1), []),
        (Filter(prefix="a", contains="jpg", key="sizeInBytes", most=1000), ["a.jpg"]),
    ],
)
def test_filters(dataset: Dataset, tag: Tag, chosen: Filter, names: list[str]) -> None:
    found = masks.positions_in(mask_of(dataset, chosen))
    assert [name for (name,) in queries.values_at(dataset.pk, found, "file_name")] == names


def test_a_filter_among_some(dataset: Dataset, tag: Tag) -> None:
    some = services.create_from_names(dataset, name="some", file_names=["b.jpg", "f.png"], by=None)
    assert list(masks.positions_in(mask_of(dataset, Filter(contains="jpg", within=some)))) == [1]


def test_a_dataset_with_many_samples_is_deleted(dataset: Dataset) -> None:
    tag = grow(dataset, [f"{number}.jpg" for number in range(5_000)])
    services.create(dataset, name="below", bits=b"\1", previous=tag, by=None)
    told = {"taskName": "boxes", "categoryId": 1, "score": 0.5}
    telling.store_predictions(Sample.objects.get(dataset=dataset, position=0), [told])
    telling.store_scores(tag, "margin", [0.5])
    with CaptureQueriesContext(connection) as asked:
        delete_dataset(dataset=dataset)
    statements = [query["sql"] for query in asked.captured_queries]
    assert not [sql for sql in statements if sql.startswith("SELECT") and "file_name" in sql]
    assert len(asked) < 60
    for model in (Sample, Tag, SamplePrediction, TagScore):
        assert not model.objects.exists()


def same_name_twice(dataset_id: str) -> None:
    """In a process of its own."""
    dataset = Dataset.objects.get(pk=dataset_id)
    answers = together(
        *[lambda: services.create(dataset, name="mine", bits=b"\1", by=None).pk for _ in range(2)],
    )
    refused = [answer for answer in answers if isinstance(answer, TagError)]
    assert [answer.problem for answer in refused] == [TagProblem.EXISTS], answers
    assert Tag.objects.filter(name="mine").count() == 1
    print("fine")  # noqa: T201


def delete_and_build_on_it(dataset_id: str) -> None:
    """In a process of its own: either the tag is gone and nothing was made from it, or it stays."""
    dataset = Dataset.objects.get(pk=dataset_id)
    tag = Tag.objects.get(dataset=dataset, previous__isnull=False)
    answers = together(
        lambda: services.delete(tag, by=None),
        lambda: services.create(dataset, name="mine", bits=b"\1", previous=tag, by=None),
    )
    refused = [answer for answer in answers if isinstance(answer, TagError)]
    assert len(refused) == 1, answers
    assert refused[0].problem in {TagProblem.NOT_A_LEAF, TagProblem.OTHER_DATASET}
    assert Tag.objects.filter(pk=tag.pk).exists() == Tag.objects.filter(name="mine").exists()
    print("fine")  # noqa: T201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("program", ["same_name_twice", "delete_and_build_on_it"])
def test_two_callers(dataset: Dataset, tag: Tag, tmp_path: Path, program: str) -> None:
    code = f"from tests.samples.test_tags import {program}; {program}({dataset.pk!r})"
    assert race(code, tmp_path) == "fine"
