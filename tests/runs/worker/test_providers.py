"""Whole runs on every provider's server, not only on S3, on which the other tests of this folder are."""

from __future__ import annotations

import pytest

from datasets.models import DatasetType
from runs.models import RunState
from samples.models import Embedding, Sample
from tests.contents.media.making import video
from tests.runs.worker.whole import OUTPUT, World, colours, selection, tag_names

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

on_the_others = pytest.mark.parametrize(
    "world", ["S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"], indirect=True
)


def expect_in_order(world: World, names: list[str]) -> None:
    """What the run has written is where its samples say, and nothing else of its work is left."""
    samples = list(Sample.objects.order_by("position"))
    assert [sample.file_name for sample in samples] == names
    keys = set(world.cloud.keys(world.bucket))
    assert {OUTPUT + sample.thumb_name for sample in samples} <= keys
    assert OUTPUT + Embedding.objects.get().key in keys
    assert world.left() == []


@on_the_others
def test_images(world: World) -> None:
    files = colours(9)
    # Names as they are in buckets: the providers spell each of these differently in a request.
    odd = dict(zip(["a b+c.jpg", "ü/50% & more.jpg"], list(files.values())[:2], strict=True))
    world.put(odd | dict(list(files.items())[2:]) | {"notes.txt": b"no image", "cut.jpg": b"\xff\xd8 cut"})
    run = world.run(selection(9))
    assert run.state == RunState.COMPLETED, run.message
    assert (run.sizes["nInput"], run.sizes["nCorrupt"], run.sizes["nSelected"]) == (10, 1, 9)
    assert set(odd) < set(tag_names(run))
    expect_in_order(world, tag_names(run))


@on_the_others
def test_videos(world: World) -> None:
    world.dataset.type = DatasetType.VIDEOS
    world.dataset.save()
    world.put({"a/clip.mp4": video(frames=12, options={"movflags": "faststart"})})
    run = world.run(selection(4, normalizeEmbeddings=False))
    assert run.state == RunState.COMPLETED, run.message
    assert (run.sizes["nInput"], run.sizes["nSelected"]) == (12, 4)
    names = tag_names(run)
    assert {f"{OUTPUT}.lightly/frames/{name}" for name in names} <= set(world.cloud.keys(world.bucket))
    expect_in_order(world, names)
