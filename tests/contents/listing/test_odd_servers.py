"""Real storage servers that ignore where a listing shall begin, as old ones and imitations do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from pytest_django import Settings

from clouds.azure import store as azure
from contents.listing import pages
from datasets.models import Dataset
from datasources.models import Purpose
from tests.contents.support import FLAT_COUNT, Listings, Storage, connect
from tests.servers.gate import Gate, Request, Response

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]

ALL = [f"img_{number:06}.jpg" for number in range(FLAT_COUNT)]
# Not S3: its signatures cover the parameter.
SERVERS = [("AZURE", "startFrom"), ("GCS", "startOffset"), ("OBS", "marker")]


class IgnoringGate(Gate):
    """Takes a parameter out of every query before the server sees it."""

    def __init__(self, upstream: str, parameter: str) -> None:
        super().__init__(upstream)
        self.parameter = parameter
        self.ignored = 0

    def __enter__(self) -> IgnoringGate:
        super().__enter__()
        return self

    def answer(self, request: Request) -> Response:
        query = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
        kept = [(name, value) for name, value in query if name != self.parameter]
        if len(kept) < len(query):
            self.ignored += 1
            request = replace(request, target=f"{request.raw_path}?{urlencode(kept, quote_via=quote)}")
        return self.forward(request)


@pytest.fixture
def ignoring(
    dataset: Dataset, storages: dict[str, Storage], settings: Settings, request: pytest.FixtureRequest
) -> Iterator[IgnoringGate]:
    """In front of a provider's server; the dataset's datasource is there, and no other."""
    provider, parameter = request.param
    storage = storages[provider]
    with IgnoringGate(storage.cloud.address, parameter) as gate:
        for name, value in storage.cloud.environment(gate.address).items():
            setattr(settings, name, value.split(",") if name == "LIGHTLY_ALLOWED_PRIVATE_HOSTS" else value)
        connect(dataset, Purpose.INPUT_OUTPUT, storage.cloud.at_address(storage.flat, gate.address))
        yield gate


@pytest.mark.parametrize("ignoring", SERVERS, indirect=True, ids=[provider for provider, _ in SERVERS])
def test_four_shards_become_one_and_no_name_comes_twice(
    ignoring: IgnoringGate, listings: Listings, caplog: pytest.LogCaptureFixture
) -> None:
    assert listings.shards("list", 4) == [ALL]
    assert ignoring.ignored
    assert "its listings are not divided" in caplog.text


@pytest.mark.parametrize("ignoring", SERVERS, indirect=True, ids=[provider for provider, _ in SERVERS])
def test_cursors_given_out_before_still_give_no_name_twice(
    ignoring: IgnoringGate, listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a release that did not look, or from before the server was replaced by an older one."""
    monkeypatch.setattr(pages, "begins_where_asked", lambda store, prefix, after: True)
    shards = listings.shards("list", 4)
    assert len(shards) == 4
    assert [name for shard in shards for name in shard] == ALL
    assert ignoring.ignored >= 3


@pytest.mark.parametrize("ignoring", SERVERS, indirect=True, ids=[provider for provider, _ in SERVERS])
def test_more_than_one_page(ignoring: IgnoringGate, listings: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure's own marker leads on from the front. With the others a sentence says what is wrong, at once."""
    monkeypatch.setattr(pages, "PAGE_SIZE", 100)
    monkeypatch.setattr(azure, "MOST_PER_PAGE", 70)
    if ignoring.parameter == "startFrom":
        assert listings.shards("list", 4) == [ALL]
        return
    assert len(listings.answer("list/dnc", dncShards=4)["cursors"]) == 1
    status, code, error = listings.refusal("list")
    assert (status, code) == (422, "DATASET_DATASOURCE_INVALID")
    assert "says that there are more files, but does not list them" in error
    assert "datasource" in error
