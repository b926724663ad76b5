"""Ranged and streaming reads on the real servers of all providers."""

from __future__ import annotations

import pytest

from clouds import Cause, Deadline, Store, StoreError, open_store, parse_config
from clouds import store as store_module
from clouds.store import CHUNK_BYTES
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import PROVIDERS, Place
from tests.servers.faults import cut
from tests.servers.gate import Request, Response

pytestmark = pytest.mark.parametrize("provider", PROVIDERS)
KEY = "input/größe a+b.bin"


def opened(place: Place) -> Store:
    store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(30))
    place.stack.callback(store.close)
    return store


def stored(place: Place, data: bytes) -> Store:
    place.cloud.put(place.bucket, KEY, data)
    return opened(place)


def bytes_of(size: int) -> bytes:
    """No two stretches alike, so that none can stand for another."""
    return b"".join(number.to_bytes(4, "big") for number in range(size // 4 + 1))[:size]


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, 1, b"0"),
        (0, 10, b"0123456789"),
        (3, 4, b"3456"),
        (7, 100, b"789"),
        (9, 1, b"9"),
        (10, 1, b""),
        (1000, 5, b""),
    ],
    ids=str,
)
def test_a_range(provider: str, make_place: MakePlace, start: int, length: int, expected: bytes) -> None:
    store = stored(make_place(provider), b"0123456789")
    assert store.read_range(KEY, start, length).data == expected


def test_an_empty_object_has_no_bytes(provider: str, make_place: MakePlace) -> None:
    store = stored(make_place(provider), b"")
    assert store.read_range(KEY, 0, 1).data == b""
    assert list(store.stream(KEY)) == []


def test_a_missing_object(provider: str, make_place: MakePlace) -> None:
    store = opened(make_place(provider))
    with pytest.raises(StoreError) as caught:
        store.read_range(KEY, 0, 1)
    # Ceph hides it from whoever may list this directory alone.
    cause = Cause.DENIED if provider == "S3Compatible" else Cause.NO_OBJECT
    assert caught.value.failure.cause is cause
    with pytest.raises(StoreError) as caught:
        next(store.stream(KEY))
    assert caught.value.failure.cause is cause


def test_a_large_object_comes_in_bounded_chunks(provider: str, make_place: MakePlace) -> None:
    place, data = make_place(provider), bytes_of(2 * CHUNK_BYTES + 1000)
    store = stored(place, data)
    place.cloud.requests.clear()
    chunks = list(store.stream(KEY))
    assert [len(chunk) for chunk in chunks] == [CHUNK_BYTES, CHUNK_BYTES, 1000]
    assert b"".join(chunks) == data
    reads = [
        exchange for exchange in place.cloud.requests if exchange.method == "GET" and place.bucket in exchange.path
    ]
    assert len(reads) == 3


@pytest.mark.parametrize("size", [999, 1000, 1001, 2000])
def test_sizes_around_that_of_a_chunk(
    provider: str, size: int, make_place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "CHUNK_BYTES", 1000)
    data = bytes_of(size)
    chunks = list(stored(make_place(provider), data).stream(KEY))
    assert b"".join(chunks) == data
    assert all(0 < len(chunk) <= 1000 for chunk in chunks)


def test_a_connection_that_is_cut_is_no_end_of_the_object(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    place.cloud.put(place.bucket, KEY, bytes_of(1_000_000))
    place.aim_at(place.stack.enter_context(cut(place.cloud.address, 300_000)).address)
    store = opened(place)
    with pytest.raises(StoreError) as caught:
        store.read_range(KEY, 0, 2_000_000)
    assert caught.value.failure.cause is Cause.UNREACHABLE
    with pytest.raises(StoreError) as caught:
        list(store.stream(KEY))
    assert caught.value.failure.cause is Cause.UNREACHABLE


def test_an_object_that_is_replaced_meanwhile_is_not_mixed(
    provider: str, make_place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "CHUNK_BYTES", 1000)
    place = make_place(provider)
    stream = stored(place, b"a" * 3000).stream(KEY)
    assert next(stream) == b"a" * 1000
    place.cloud.put(place.bucket, KEY, b"b" * 3000)
    with pytest.raises(StoreError) as caught:
        next(stream)
    assert caught.value.failure.cause is Cause.CHANGED


def test_a_server_that_knows_no_ranges_is_not_believed(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    store = stored(place, b"0123456789")

    def whole(request: Request) -> Response | None:
        return Response(200, b"0123456789", {"ETag": '"x"'}) if request.method == "GET" else None

    place.intercept(whole)
    with pytest.raises(StoreError) as caught:
        store.read_range(KEY, 3, 4)
    assert caught.value.failure.cause is Cause.UNKNOWN
    assert caught.value.failure.code == "NotStorage"
