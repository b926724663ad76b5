"""What runs leave in a dataset."""

from __future__ import annotations

import struct

import pytest
from django.db import transaction

from datasets.models import Dataset
from samples import masks, queries
from samples.growing import NamesError, add_embedding
from samples.models import Embedding, PlotMethod, Sample, Tag
from tests.samples.making import RUN, grow

pytestmark = pytest.mark.django_db
LATER = "6470f1c2a1b2c3d4e5f60709"


def test_the_first_run(dataset: Dataset) -> None:
    tag = grow(dataset, ["b.jpg", "a.jpg", "c/d.png"])
    initial = queries.initial_tag_of(dataset)
    assert initial
    assert tag.previous == initial
    assert initial.previous is None
    assert queries.names_of(dataset) == queries.names_of_tag(tag) == ["b.jpg", "a.jpg", "c/d.png"]
    assert (tag.name, tag.size, tag.run_id, tag.creator) == ("20261128_10h00m00s", 3, RUN, "USER_WORKER")
    assert masks.to_hex(initial.bits) == "0x07"
    assert initial.size == 3
    dataset.refresh_from_db()
    assert (dataset.sample_count, dataset.sample_bytes) == (3, 3000)
    assert queries.tags_of(dataset) == [tag, initial]
    assert queries.tags_of_run(RUN) == [tag]


def test_a_later_run_appends(dataset: Dataset) -> None:
    first = grow(dataset, ["b.jpg", "a.jpg"])
    second = grow(dataset, ["z.jpg", "0.jpg"], run_id=LATER, tag_name="20261129_10h00m00s")
    initial = queries.initial_tag_of(dataset)
    first.refresh_from_db()
    assert initial
    assert initial.size == 4
    assert first.size == 2
    assert queries.names_of(dataset) == ["b.jpg", "a.jpg", "z.jpg", "0.jpg"]
    assert queries.names_of_tag(second) == ["z.jpg", "0.jpg"]
    assert queries.names_of_tag(initial) == queries.names_of(dataset)
    assert queries.tags_of(dataset) == [second, first, initial]
    dataset.refresh_from_db()
    assert dataset.sample_count == queries.count_of(dataset) == 4


def test_the_same_run_again_changes_nothing(dataset: Dataset) -> None:
    first = grow(dataset, ["a.jpg"])
    again = grow(dataset, ["a.jpg"])
    assert again == first
    assert queries.count_of(dataset) == 1
    assert Tag.objects.filter(dataset=dataset).count() == 2


def test_a_run_that_selected_nothing(dataset: Dataset) -> None:
    tag = grow(dataset, [])
    assert tag.size == 0
    assert bytes(tag.bits) == b""
    assert queries.names_of_tag(tag) == []
    assert grow(dataset, ["a.jpg"], run_id=LATER, tag_name="later").size == 1


def test_a_name_that_somebody_took(dataset: Dataset) -> None:
    grow(dataset, ["a.jpg"])
    assert grow(dataset, ["b.jpg"], run_id=LATER).name == "20261128_10h00m00s-2"
    assert grow(dataset, ["c.jpg"], run_id="6470f1c2a1b2c3d4e5f6070a").name == "20261128_10h00m00s-3"


@pytest.mark.parametrize("name", ["two\nlines.jpg", "two\rlines.jpg", "nul\0.jpg", "", "half \ud800.jpg"])
def test_names_that_no_export_could_hold(dataset: Dataset, name: str) -> None:
    with pytest.raises(NamesError):
        grow(dataset, ["fine.jpg", name])
    assert not Sample.objects.exists()
    assert not Tag.objects.exists()


def test_names_that_are_there_already(dataset: Dataset) -> None:
    grow(dataset, ["a.jpg"])
    with pytest.raises(NamesError, match=r"a\.jpg"):
        grow(dataset, ["b.jpg", "a.jpg"], run_id=LATER)
    with pytest.raises(NamesError, match="twice"):
        grow(dataset, ["b.jpg", "b.jpg"], run_id=LATER)
    assert queries.names_of(dataset) == ["a.jpg"]


def test_it_is_a_part_of_the_transaction(dataset: Dataset) -> None:
    with transaction.atomic():
        grow(dataset, ["a.jpg"])
        transaction.set_rollback(True)
    assert not Sample.objects.exists()
    assert not Tag.objects.exists()


def test_samples_far_apart_and_side_by_side(dataset: Dataset) -> None:
    names = [f"{number:05}.jpg" for number in range(5000)]
    grow(dataset, names)
    for positions in ([0], [4999], list(range(100, 4000)), list(range(0, 5000, 700)), list(range(0, 5000, 2)), []):
        assert [name for (name,) in queries.values_at(dataset.pk, positions, "file_name")] == [
            names[position] for position in positions
        ]
        assert [sample.position for sample in queries.samples_at(dataset.pk, positions)] == positions


def test_an_embedding(dataset: Dataset) -> None:
    points = struct.pack("<4f", 1, 2, 3, 4)
    with transaction.atomic():
        embedding = _embed(dataset, points)
        assert _embed(dataset, points) == embedding
    plot = embedding.plots.get()
    assert (plot.method, plot.count, bytes(plot.points)) == (PlotMethod.PCA, 2, points)
    assert queries.embedding_of(dataset) == embedding
    Embedding.objects.create(dataset=dataset, name="half done", key="x", is_processed=False)
    assert queries.embedding_of(dataset) == embedding
    assert [each.name for each in queries.embeddings_of(dataset)] == ["half done", embedding.name]


def _embed(dataset: Dataset, points: bytes) -> Embedding:
    return add_embedding(
        dataset,
        name="default_20261128_10h00m00s",
        key=".lightly/embeddings/default_20261128_10h00m00s.csv",
        rows=2,
        dimensions=1280,
        model="test",
        run_id=RUN,
        plots={PlotMethod.PCA: points},
    )


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_it_refuses(dataset: Dataset) -> None:
    with pytest.raises(RuntimeError):
        _embed(dataset, b"")
