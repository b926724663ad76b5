"""Objects that are too large for one request, on the real servers of all providers."""

from __future__ import annotations

import pytest

from clouds import Cause, StoreError
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import PROVIDERS
from tests.clouds.test_reading import bytes_of, opened
from tests.servers import Right

KEY, BESIDE = "input/.lightly/größe a+b.csv", "input/.lightly/runs/one/"
# S3 takes no smaller part, but for the last one.
PART = 5 * 1024 * 1024


@pytest.mark.parametrize("provider", PROVIDERS)
def test_parts_become_one_object_that_replaces_what_was_there(provider: str, make_place: MakePlace) -> None:
    store = opened(make_place(provider))
    store.write(KEY, b"before", content_type="text/plain", metadata={})
    content = bytes_of(PART + 1000)
    upload = store.begin_parts(KEY, content_type="text/csv", beside=BESIDE)
    first = store.write_part(KEY, upload, 1, b"x" * PART)
    first = store.write_part(KEY, upload, 1, content[:PART])
    second = store.write_part(KEY, upload, 2, content[PART:])
    assert store.read_range(KEY, 0, 100).data == b"before"
    store.end_parts(KEY, upload, [first, second], content_type="text/csv")
    assert b"".join(store.stream(KEY)) == content
    assert store.head(KEY).content_type == "text/csv"
    assert [key for key in store.keys("input/", limit=100) if not key.startswith(BESIDE)] == [KEY]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_upload_that_is_given_up_leaves_nothing_to_read(provider: str, make_place: MakePlace) -> None:
    store = opened(make_place(provider))
    upload = store.begin_parts(KEY, content_type="text/csv", beside=BESIDE)
    store.write_part(KEY, upload, 1, b"some")
    if provider.startswith("S3"):  # there it is a right of its own, s3:AbortMultipartUpload, which runs don't need
        with pytest.raises(StoreError) as caught:
            store.drop_parts(KEY, upload)
        assert caught.value.failure.cause is Cause.DENIED
    else:
        store.drop_parts(KEY, upload)
        with pytest.raises(StoreError):
            store.end_parts(KEY, upload, ["0" * 32], content_type="text/csv")
    assert KEY not in store.keys("input/", limit=100)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_whoever_may_only_read_writes_none(provider: str, make_place: MakePlace) -> None:
    store = opened(make_place(provider, {Right.LIST, Right.READ}))

    def write() -> None:
        upload = store.begin_parts(KEY, content_type="text/csv", beside=BESIDE)
        store.write_part(KEY, upload, 1, b"some")  # where nothing is asked before

    with pytest.raises(StoreError) as caught:
        write()
    assert caught.value.failure.cause is Cause.DENIED


@pytest.mark.parametrize("provider", ["GCS"])
def test_google_puts_groups_together_first(provider: str, make_place: MakePlace) -> None:
    store = opened(make_place(provider))
    upload = store.begin_parts(KEY, content_type="text/csv", beside=BESIDE)
    parts = [store.write_part(KEY, upload, number, f"{number},".encode()) for number in range(1, 71)]
    store.end_parts(KEY, upload, parts, content_type="text/csv")
    assert b"".join(store.stream(KEY)) == "".join(f"{number}," for number in range(1, 71)).encode()
