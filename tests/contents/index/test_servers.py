"""Indexes of real storage servers hold exactly what was put there."""

from __future__ import annotations

import pytest

from contents.models import Change, Problem, Topic
from datasets.models import Dataset
from datasources.models import Purpose
from tests.contents.index.memory import files, findings, indexed
from tests.contents.support import (
    IMAGES,
    INPUT,
    METADATA,
    OTHERS,
    OUTPUT,
    PREDICTIONS,
    READING,
    VIDEOS,
    Storage,
    connect,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]


def test_everything_that_was_put_there(dataset: Dataset, storage: Storage) -> None:
    source = connect(dataset, Purpose.INPUT, storage.input)
    first = indexed(source)
    found = files(first)
    assert list(found) == sorted(IMAGES + VIDEOS + OTHERS)
    for name, row in found.items():
        assert row.size == len(f"this is {INPUT}{name}".encode()), name
        assert row.version
        assert (row.modified > 1_700_000_000, row.storage_class, row.archived) == (True, "", False)
    assert first.totals["kinds"]["1"][0] == len(IMAGES)
    assert first.totals["kinds"]["2"][0] == len(VIDEOS)
    again = indexed(source)
    assert {row.change for row in files(again).values()} == {Change.SAME}
    assert findings(again, Topic.GONE) == []


def test_the_lightly_datasource(dataset: Dataset, storage: Storage) -> None:
    found = files(indexed(connect(dataset, Purpose.LIGHTLY, storage.lightly)))
    expected = [f".lightly/predictions/boxes/{name}" for name in ["schema.json", *PREDICTIONS]]
    expected += [".lightly/predictions/tasks.json", ".lightly/predictions/other/plain.json"]
    expected += [f".lightly/metadata/{name}" for name in ["schema.json", *METADATA]]
    assert set(found) >= set(expected)
    assert OUTPUT not in "".join(found)


def test_same_content_and_what_changed(dataset: Dataset, storage: Storage) -> None:
    """Azurite computes the MD5 of what is put; Azure itself keeps what the client sent."""
    cloud = storage.cloud
    bucket = cloud.make_bucket()
    source = connect(dataset, Purpose.INPUT, cloud.grant(bucket, "in/", READING))
    cloud.put(bucket, "in/a.jpg", b"the very same")
    cloud.put(bucket, "in/b.jpg", b"the very same")
    cloud.put(bucket, "in/c.jpg", b"something else")
    assert findings(indexed(source), Problem.SAME_CONTENT) == ["a.jpg", "b.jpg"]
    cloud.put(bucket, "in/c.jpg", b"something new.")
    cloud.put(bucket, "in/d.jpg", b"more")
    second = indexed(source)
    assert findings(second, Topic.CHANGED) == ["c.jpg"]
    assert findings(second, Topic.NEW) == ["d.jpg"]
    assert second.totals["changes"] == {"1": [1, 4], "2": [1, 14]}
