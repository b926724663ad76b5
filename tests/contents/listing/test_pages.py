"""What listings give, for every provider, against real storage servers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from clouds import Deadline, open_store, parse_config
from clouds.s3 import store as s3
from contents.listing import pages, shards
from core.api.lanes import Lane
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from tests.contents.support import (
    FLAT_COUNT,
    FLAT_PAGE,
    IMAGES,
    INPUT,
    METADATA,
    OUTPUT,
    PREDICTIONS,
    READING,
    VIDEOS,
    Listings,
    Storage,
    connect,
    fetch,
    joined,
    on_every_server,
)
from tests.servers import Trouble

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]


def test_exactly_the_images_and_every_url_opens(connected: Dataset, listings: Listings, client: Client) -> None:
    rows = listings.all("list")
    assert sorted(row["fileName"] for row in rows) == sorted(IMAGES)
    for row in rows:
        content = f"this is {INPUT}{row['fileName']}".encode()
        assert fetch(row["readUrl"], client).content == content, row
        part = fetch(row["readUrl"], client, Range="bytes=5-8")
        assert (part.status_code, part.content) == (206, content[5:9]), row


def test_exactly_the_videos_of_a_video_dataset(on_s3: Dataset, listings: Listings) -> None:
    Dataset.objects.update(type="Videos")
    assert sorted(listings.names("list")) == sorted(VIDEOS)


def check_flat(shards: list[list[str]], count: int) -> None:
    assert sorted(joined(shards)) == [f"img_{number:06}.jpg" for number in range(FLAT_COUNT)]
    assert len(shards) == count
    assert max(len(shard) for shard in shards) <= 1.5 * FLAT_COUNT / count


@on_every_server
def test_a_flat_directory_is_really_divided(
    dataset: Dataset, storage: Storage, listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", FLAT_PAGE)
    connect(dataset, Purpose.INPUT_OUTPUT, storage.flat)
    check_flat(listings.shards("list", 1), 1)
    check_flat(listings.shards("list", 8), 8)


@on_every_server
def test_a_large_flat_directory_is_divided_by_guessing(
    dataset: Dataset, storage: Storage, listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "EXACT_CLOUD_PAGES", 0)
    monkeypatch.setattr(pages, "PAGE_SIZE", FLAT_PAGE)
    monkeypatch.setattr(shards, "COUNTED", FLAT_PAGE)
    monkeypatch.setattr(shards, "SMALL", FLAT_PAGE // 10)
    connect(dataset, Purpose.INPUT_OUTPUT, storage.flat)
    cursors = listings.answer("list/dnc", dncShards=8)["cursors"]
    assert len(cursors) == 8
    # Two of the eight are enough to see that the cloud takes cuts for what they are.
    both = [listings.names("list", cursor=cursor) for cursor in cursors[3:5]]
    first, last = both[0][0], both[1][-1]
    expected = [name for number in range(FLAT_COUNT) if first <= (name := f"img_{number:06}.jpg") <= last]
    assert joined(both) == expected
    assert all(0 < len(shard) <= 1.5 * FLAT_COUNT / 8 for shard in both)


@on_every_server
def test_pages_and_shards_of_odd_names(connected: Dataset, listings: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cursors rest on every single name once."""
    monkeypatch.setattr(pages, "PAGE_SIZE", 4)
    monkeypatch.setattr(pages, "MOST_CLOUD_PAGES", 1)
    assert sorted(listings.names("list")) == sorted(IMAGES)
    monkeypatch.setattr(pages, "EXACT_CLOUD_PAGES", 0)
    assert sorted(joined(listings.shards("list", 8))) == sorted(IMAGES)


def test_the_look_ahead_ends(on_s3: Dataset, listings: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page without anything fitting says that there is more, instead of keeping the caller waiting."""
    monkeypatch.setattr(pages, "PAGE_SIZE", 1)
    monkeypatch.setattr(pages, "MOST_CLOUD_PAGES", 1)
    Dataset.objects.update(type="Videos")
    found = list(listings.pages("list"))
    assert [] in found
    assert sorted(row["fileName"] for page in found for row in page) == sorted(VIDEOS)


class TestLengths:
    """Pages of a listing that goes on become longer, so that their costs are shared by more files."""

    CLOUD_PAGE, FIRST, MOST = 20, 10, 60

    @pytest.fixture
    def lengths(
        self, dataset: Dataset, storages: dict[str, Storage], listings: Listings, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[], list[int]]:
        sizes = {"PAGE_SIZE": self.CLOUD_PAGE, "ENOUGH": self.FIRST, "MOST_FILES": self.MOST}
        # However slow this machine is just now.
        for name, value in {**sizes, "LONG_ENOUGH_SECONDS": 600.0}.items():
            monkeypatch.setattr(pages, name, value)
        connect(dataset, Purpose.INPUT_OUTPUT, storages["S3"].flat)

        def lengths() -> list[int]:
            found = [[row["fileName"] for row in page] for page in listings.pages("list")]
            assert [name for page in found for name in page] == [f"img_{n:06}.jpg" for n in range(FLAT_COUNT)]
            return [len(page) for page in found]

        return lengths

    def test_they_grow_with_what_was_given_up_to_a_bound(self, lengths: Callable[[], list[int]]) -> None:
        found = lengths()
        assert found[:4] == [20, 20, 40, 60]
        assert max(found) == self.MOST

    def test_not_while_others_wait(self, lengths: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Lane, "is_crowded", lambda self: True)
        assert set(lengths()[:-1]) == {self.CLOUD_PAGE}

    def test_not_where_the_cloud_is_slow(
        self, lengths: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "LONG_ENOUGH_SECONDS", 0.0)
        assert set(lengths()[:-1]) == {self.CLOUD_PAGE}


@on_every_server
def test_an_empty_datasource_has_a_cursor(dataset: Dataset, storage: Storage, listings: Listings) -> None:
    connect(dataset, Purpose.INPUT, storage.cloud.grant(storage.cloud.make_bucket(), "nothing/", READING))
    assert listings.shards("list", 8) == [[]]
    assert listings.all("list") == []


@on_every_server
def test_the_window_includes_both_ends_in_whole_seconds(
    connected: Dataset, storage: Storage, listings: Listings
) -> None:
    config = parse_config(storage.input, configured_endpoints())
    store = open_store(config, configured_endpoints(), Deadline(10))
    times = {
        entry.key.removeprefix(INPUT): entry.modified
        for entry in store.page(INPUT, after="", limit=1000).entries
        if entry.key.removeprefix(INPUT) in IMAGES
    }
    store.close()
    first, last = min(times.values()), max(times.values())
    assert abs(first - time.time()) < 600
    assert sorted(listings.names("list", **{"from": first, "to": last})) == sorted(IMAGES)
    at_last = sorted(name for name, moment in times.items() if moment == last)
    assert sorted(listings.names("list", **{"from": last, "to": last})) == at_last
    assert sorted(name for shard in listings.shards("list", 3, **{"from": last}) for name in shard) == at_last
    assert listings.names("list", **{"from": last + 1}) == []
    assert listings.names("list", to=first - 1) == []


def test_predictions_and_metadata(connected: Dataset, listings: Listings, client: Client) -> None:
    predictions = [f".lightly/predictions/boxes/{name}" for name in PREDICTIONS]
    metadata = [f".lightly/metadata/{name}" for name in METADATA]
    rows = listings.all("predictions/list", taskName="boxes") + listings.all("metadata/list")
    assert sorted(row["fileName"] for row in rows) == sorted(predictions + metadata)
    for row in rows:
        assert fetch(row["readUrl"], client).content == f"this is {OUTPUT}{row['fileName']}".encode()
    assert sorted(joined(listings.shards("predictions/list", 3, taskName="boxes"))) == sorted(predictions)
    assert sorted(joined(listings.shards("metadata/list", 3))) == sorted(metadata)
    assert listings.names("predictions/list", taskName="unknown") == []


def test_what_was_found_before_a_fault_is_not_lost(
    dataset: Dataset, storages: dict[str, Storage], listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = storages["S3"].cloud
    connect(dataset, Purpose.INPUT, storages["S3"].flat)
    monkeypatch.setattr(pages, "PAGE_SIZE", 100)
    usual, asked = s3.S3Store.page, []

    def failing(store: s3.S3Store, prefix: str, *, after: str, limit: int) -> Any:
        asked.append(after)
        if len(asked) == 2:
            cloud.trouble(storages["S3"].bucket, Trouble.THROTTLED)
        return usual(store, prefix, after=after, limit=limit)

    monkeypatch.setattr(s3.S3Store, "page", failing)
    try:
        page = listings.answer("list")
    finally:
        cloud.trouble(storages["S3"].bucket, None)
    assert (len(page["data"]), page["hasMore"]) == (100, True)
    names = listings.names("list", cursor=page["cursor"])
    assert names[0] == "img_000100.jpg"
    assert len(names) == FLAT_COUNT - 100
