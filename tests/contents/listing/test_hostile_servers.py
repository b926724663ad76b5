"""Listing and signing where the storage server, or the name server before it, does its worst."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from clouds.calls import within
from clouds.calls.answers import MOST_BYTES, MOST_ELEMENTS
from contents.listing import opening
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from tests.contents.support import Listings, Storage, connect
from tests.servers.faults import Flood, Peer, drip, drip_tls, silent
from tests.servers.gate import Gate, Request, Response
from tests.servers.process import eventually

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]

SECONDS = 1.0
# A busy machine may take its time, but not so much.
SOON = 8.0
everywhere = pytest.mark.parametrize("storage", ["S3", "AZURE", "GCS", "OBS", "S3Compatible"], indirect=True)
# Of these, people choose the address.
anybodys = pytest.mark.parametrize("storage", ["OBS", "S3Compatible"], indirect=True)

Aim = Callable[[str], Datasource]


@pytest.fixture
def aim(dataset: Dataset, storage: Storage, settings: Settings) -> Aim:
    """Connects the dataset to whatever is at this `host:port`, as the provider under test."""

    def at(address: str) -> Datasource:
        for name, value in storage.cloud.environment(address).items():
            setattr(settings, name, value.split(",") if name == "LIGHTLY_ALLOWED_PRIVATE_HOSTS" else value)
        config = storage.cloud.at_address(storage.flat, address)
        return connect(dataset, Purpose.INPUT_OUTPUT, config)

    return at


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "DEADLINE_SECONDS", SECONDS)


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """What was given up has been ended, not only left behind."""
    before = within.abandoned()
    yield
    assert eventually(lambda: within.abandoned() <= before), f"{within.abandoned()} calls go on"


def assert_left_in_time(listings: Listings, path: str = "list", **query: object) -> None:
    started = time.monotonic()
    status, code, message = listings.refusal(path, **query)
    assert time.monotonic() - started < SOON
    assert (status, code) == (503, "DATASET_DATASOURCE_INVALID"), message


@everywhere
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("peer", [drip, silent])
def test_a_listing_ends_in_time(peer: Callable[..., Peer], aim: Aim, listings: Listings) -> None:
    with peer(*([0.1] if peer is drip else [])) as server:
        aim(server.address)
        assert_left_in_time(listings)
        started = time.monotonic()
        listings.ask("list/dnc", dncShards=4)  # one part, where only the order of names could not be asked
        assert time.monotonic() - started < SOON


@anybodys
@pytest.mark.usefixtures("impatient")
def test_so_does_one_whose_tls_never_stands(aim: Aim, storage: Storage, dataset: Dataset, listings: Listings) -> None:
    with drip_tls(0.1) as server:
        datasource = aim(server.address)
        field = {"OBS": "obsEndpoint", "S3Compatible": "s3Endpoint"}[datasource.provider]
        dataset.datasources.all().delete()
        connect(dataset, Purpose.INPUT_OUTPUT, storage.flat | {field: f"https://{server.address}"})
        assert_left_in_time(listings)


@anybodys
@pytest.mark.usefixtures("impatient")
def test_so_does_one_whose_name_is_looked_up_for_long(
    aim: Aim, listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, answer = socket.getaddrinfo, threading.Event()

    def slow(host: str, *arguments: Any, **options: Any) -> Any:
        if "slow.example" in host:
            answer.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return usual(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    aim("slow.example:80")
    try:
        assert_left_in_time(listings)
    finally:
        answer.set()


@anybodys
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("chunked", [False, True], ids=["long", "endless"])
def test_an_answer_without_end_does_not_take_time(chunked: bool, aim: Aim, listings: Listings) -> None:
    with Flood(gigabytes=1000, chunked=chunked) as server:
        aim(server.address)
        started = time.monotonic()
        status, code, _ = listings.refusal("list")
        assert time.monotonic() - started < SOON
        assert (status in {422, 503}, code) == (True, "DATASET_DATASOURCE_INVALID")


@anybodys
@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "500 Internal Server Error"])
def test_nor_memory_where_people_choose_the_server(
    status: str, aim: Aim, listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Flood(gigabytes=0.2, status=status) as server:
        aim(server.address)
        answer = listings.refusal("list")
        assert answer[:2] == (422, "DATASET_DATASOURCE_INVALID")
        assert "The server sent more than was asked for" in answer[2]
        # What was not taken in is on its way in buffers of the network.
        assert server.sent < 8 * MOST_BYTES


class Shelf(Gate):
    """Answers every listing with a page of so many objects, whatever was asked for."""

    def __init__(self, count: int, *, before: str = "", entry: str = "") -> None:
        super().__init__()
        usual = (
            "<Contents><Key>flat/{0:07}.jpg</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified>"
            "<ETag>1</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )
        entries = "".join((entry or usual).format(number) for number in range(count))
        self.page = (
            f"<?xml version='1.0'?>{before}<ListBucketResult><Name>b</Name><Prefix>flat/</Prefix>"
            f"<IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
        ).encode()

    def answer(self, request: Request) -> Response:
        return Response(200, self.page, {"Content-Type": "application/xml"})


@anybodys
def test_a_page_as_large_as_asked_for_is_fine(aim: Aim, listings: Listings) -> None:
    with Shelf(1000) as gate:
        aim(gate.address)
        assert len(listings.names("list")) == 1000


@anybodys
@pytest.mark.parametrize(
    "gate",
    [
        Shelf(1001),
        Shelf(20_000),
        Shelf(30_000, entry="<Contents><Key>k{0}</Key></Contents>"),
        Shelf(MOST_ELEMENTS, entry="<a/>"),
        Shelf(1, entry="<a>" * 5_000 + "</a>" * 5_000),
    ],
    ids=["one more", "many more", "thousands of short ones", "elements nobody knows", "deep"],
)
def test_a_larger_page_is_refused(gate: Shelf, aim: Aim, listings: Listings) -> None:
    with gate:
        aim(gate.address)
        started = time.process_time()
        answer = listings.refusal("list")
        assert time.process_time() - started < 3
        assert answer[:2] == (422, "DATASET_DATASOURCE_INVALID")
        assert "The server sent more than was asked for" in answer[2]


@anybodys
def test_entities_are_not_expanded(aim: Aim, listings: Listings) -> None:
    """Each of them ten of the one before, so that a few kilobytes would become gigabytes, or 100 times as many."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(9))
    with Shelf(1, before=f"<!DOCTYPE a [{entities}]>", entry="<Contents><Key>&e8;</Key></Contents>") as gate:
        aim(gate.address)
        assert listings.refusal("list")[:2] == (422, "DATASET_DATASOURCE_INVALID")
