"""What does not fit into one slice: the table of a run, csv files that are read, and those that are written."""

from __future__ import annotations

import numpy as np
import pytest

from clouds.pool import STORES
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from runs.models import Run, RunState
from runs.worker import reading
from runs.worker.choosing import selecting, stored, table
from runs.worker.embedding.csvs import header_of, lines_of, read_csv
from runs.worker.outputs import embeddings
from samples.models import Embedding, EmbeddingPlot
from tests.runs.worker.whole import OUTPUT, World, colours, selection, tag_names

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each does the least it can: a chunk, a piece of a file, a part of one."""
    monkeypatch.setattr(selecting, "SPARE_SECONDS", 1000.0)
    monkeypatch.setattr(table, "_AT_ONCE", 1)
    monkeypatch.setattr(reading, "BYTES_OF_A_CHUNK", 5_000)
    monkeypatch.setattr(stored, "PIECE_BYTES", 150)


def content_of(world: World, embedding: Embedding) -> bytes:
    with STORES.borrowed(
        world.dataset.datasources.get(purpose=Purpose.LIGHTLY).config, configured_endpoints()
    ) as store:
        return b"".join(store.stream(OUTPUT + embedding.key))


def vectors_of(world: World, run: Run) -> dict[str, list[float]]:
    embedding = Embedding.objects.get(pk=run.embedding_id)
    names, vectors = read_csv(content_of(world, embedding))
    return dict(zip(names, vectors.tolist(), strict=True))


def test_short_slices_change_nothing(world: World, short_slices: None, monkeypatch: pytest.MonkeyPatch) -> None:
    files = colours(20)
    world.put(files | {"dir0/broken.jpg": b"no picture"})
    run = world.run(selection(7), seed=5)
    monkeypatch.undo()
    assert run.state == RunState.COMPLETED, run.message
    names = tag_names(run)
    chosen = vectors_of(world, run)
    assert (len(names), sorted(chosen)) == (7, sorted(names))
    assert run.sizes["nCorrupt"] == 1
    other = Dataset.objects.create(name="other", team=world.dataset.team, owner=world.dataset.owner)
    for each in world.dataset.datasources.all():
        each.pk, each.dataset, each.latest_check = None, other, None
        each.save()
    whole = World(world.cloud, world.bucket, other).run(selection(7))
    assert tag_names(whole) == names
    assert vectors_of(world, whole) == chosen


def test_datapool_is_read_in_pieces(world: World, short_slices: None) -> None:
    files = colours(12)
    first = dict(list(files.items())[:6])
    world.put(first)
    world.run(selection(4))
    world.put({name: content for name, content in files.items() if name not in first})
    run = world.run(selection(3, useDatapool=True))
    assert run.state == RunState.COMPLETED, run.message
    assert run.sizes["nPreselectedDatapool"] == 4
    assert len(vectors_of(world, run)) == 7


def test_a_large_file_is_written_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    part = 5 * 1024 * 1024  # S3 takes no smaller ones
    monkeypatch.setattr(embeddings, "PART_BYTES", part)
    monkeypatch.setattr(embeddings, "ROWS", 4)
    monkeypatch.setattr("runs.worker.finishing.SPARE_SECONDS", 1000.0)  # one part a slice
    files = colours(30)
    world.put(files)
    own = np.random.default_rng(1).standard_normal((30, 36_000)).astype(np.float32)
    content = header_of(own.shape[1]) + b"".join(lines_of(sorted(files), own))
    world.put({"own.csv": content}, prefix=f"{OUTPUT}.lightly/embeddings/")
    run = world.run(selection(28, embeddings="own.csv", normalizeEmbeddings=False))
    assert run.state == RunState.COMPLETED, run.message
    embedding = Embedding.objects.get(pk=run.embedding_id)
    names, vectors = read_csv(content_of(world, embedding))
    assert names == tag_names(run)
    assert np.array_equal(vectors, own[[sorted(files).index(name) for name in names]])
    assert EmbeddingPlot.objects.get(embedding=embedding).count == 28
    assert world.left() == []
