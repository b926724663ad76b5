"""Objects that are written with a type and metadata, and what HEAD tells of them, on the real servers."""

from __future__ import annotations

import pytest

from clouds import Cause, StoreError, parse_config
from clouds.patient import PatientStore
from clouds.pool import StorePool
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import PROVIDERS
from tests.clouds.test_reading import opened
from tests.servers import Right

pytestmark = pytest.mark.parametrize("provider", PROVIDERS)
KEY = "input/.lightly/größe a+b_thumb.tiff"
TOLD = {"sourceversion": "%22d41d8cd98f%22", "sourcebytes": "12", "way": "1"}


def test_type_and_metadata_come_back(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    store = opened(place)
    store.write(KEY, b"first", content_type="image/jpeg", metadata=TOLD)
    first = store.head(KEY)
    assert (first.size, first.content_type, dict(first.metadata)) == (5, "image/jpeg", TOLD)
    piece = store.read_range(KEY, 0, 100, version=first.version)
    assert (piece.data, piece.version) == (b"first", first.version)


def test_what_was_there_is_replaced_with_all_that_was_said_of_it(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    store = opened(place)
    store.write(KEY, b"first", content_type="image/jpeg", metadata=TOLD)
    before = store.head(KEY)
    store.write(KEY, b"another", content_type="image/webp", metadata={"way": "2"})
    after = store.head(KEY)
    assert (after.size, after.content_type, dict(after.metadata)) == (7, "image/webp", {"way": "2"})
    assert after.version != before.version


def test_what_others_wrote_has_no_metadata(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    place.cloud.put(place.bucket, KEY, b"of somebody")
    found = opened(place).head(KEY)
    assert (found.size, dict(found.metadata)) == (11, {})


def test_a_missing_object_has_no_head(provider: str, make_place: MakePlace) -> None:
    with pytest.raises(StoreError) as caught:
        opened(make_place(provider)).head(KEY)
    # Ceph hides it from whoever may list this directory alone.
    assert caught.value.failure.cause is (Cause.DENIED if provider == "S3Compatible" else Cause.NO_OBJECT)


def test_whoever_may_only_read_writes_nothing(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider, {Right.LIST, Right.READ})
    store = opened(place)
    with pytest.raises(StoreError) as caught:
        store.write(KEY, b"x", content_type="image/jpeg", metadata=TOLD)
    assert caught.value.failure.cause is Cause.DENIED
    assert store.keys("input/", limit=10) == []


def test_a_patient_store_keeps_no_list_of_what_it_wrote(provider: str, make_place: MakePlace) -> None:
    """It writes a million thumbnails in its life. Only checks erase versions."""
    place = make_place(provider)
    pool = StorePool()
    place.stack.callback(pool.close)
    endpoints = place.endpoints
    with pool.borrowed(parse_config(place.config, endpoints), endpoints) as store:
        assert isinstance(store, PatientStore)
        store.write(KEY, b"x", content_type="image/png", metadata=TOLD)
        assert store.head(KEY).content_type == "image/png"
        assert store._opened().written.taken(KEY) == []  # type: ignore[attr-defined]
