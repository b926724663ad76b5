"""Listings of the files that a relevant filenames file names."""

from __future__ import annotations

import pytest

from contents.listing import pages, relevant_files
from datasets.models import Dataset
from datasources.models import Purpose
from tests.contents.support import FLAT_COUNT, Listings, Storage, connect, joined, on_every_server, relevant_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]


@on_every_server
def test_relevant_filenames(connected: Dataset, storage: Storage, listings: Listings) -> None:
    name = relevant_file(storage, "with space.png\nmissing.jpg\ndir/* dir/deep/* !dir/deep/er.pgm\nünï*\nnotes.txt\n")
    query = {"relevantFilenamesFileName": name}
    expected = sorted(["with space.png", "dir/sub/.lightly/nested.jpg", "dir/deep/er.pgm", "ünï/☃😀 深.tiff"])
    assert sorted(listings.names("list", **query)) == expected
    assert sorted(joined(listings.shards("list", 3, **query))) == expected
    assert listings.names("metadata/list", **query) == [".lightly/metadata/with space.json"]
    name = relevant_file(storage, "a+b.PNG\ndir/deep/er/*")
    assert sorted(listings.names("predictions/list", taskName="boxes", relevantFilenamesFileName=name)) == [
        ".lightly/predictions/boxes/a+b.json",
        ".lightly/predictions/boxes/dir/deep/er/x.json",
    ]


def test_relevant_filenames_spare_the_cloud(
    dataset: Dataset, storages: dict[str, Storage], listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storages["S3"]
    connect(dataset, Purpose.INPUT, storage.flat)
    connect(dataset, Purpose.LIGHTLY, storage.lightly)
    monkeypatch.setattr(pages, "PAGE_SIZE", 50)
    name = relevant_file(storage, "img_000100.jpg\nimg_0002*")
    storage.cloud.requests.clear()
    assert listings.names("list", relevantFilenamesFileName=name) == [
        "img_000100.jpg",
        *(f"img_{number:06}.jpg" for number in range(200, FLAT_COUNT)),
    ]
    assert sum("list-type=2" in path for _method, path, _status in storage.cloud.requests) <= 4


@pytest.mark.parametrize(
    ("text", "words"), [(None, "does not exist"), ("fine.jpg\n../up.jpg", "Line 2"), ("a*.jpg", "white space")]
)
def test_a_relevant_filenames_file_that_is_no_good(
    on_s3: Dataset, storages: dict[str, Storage], listings: Listings, text: str | None, words: str
) -> None:
    name = ".lightly/none.txt" if text is None else relevant_file(storages["S3"], text)
    for path, query in [("list", {}), ("list/dnc", {"dncShards": 2})]:
        status, code, error = listings.refusal(path, relevantFilenamesFileName=name, **query)
        assert (status, code) == (422, "DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID")
        assert name in error
        assert words in error


def test_a_relevant_filenames_file_has_a_sane_size(
    on_s3: Dataset, storages: dict[str, Storage], listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relevant_files, "MOST_BYTES", 10)
    name = relevant_file(storages["S3"], "x" * 11)
    status, code, _error = listings.refusal("list", relevantFilenamesFileName=name)
    assert (status, code) == (422, "DATASET_DATASOURCE_FILE_TOO_LARGE")
