"""What is not there is told apart from what may not be read, also where a server answers both alike."""

from __future__ import annotations

import pytest

from clouds import Cause, Failure, Store, StoreError, is_missing
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import PROVIDERS
from tests.clouds.test_reading import opened
from tests.servers import Right

THERE, MISSING = "input/there.json", "input/missing.json"
# Of these it has to be asked whether the object is there.
IN_DOUBT = {Cause.NO_OBJECT, Cause.DENIED, Cause.EXPLICIT_DENY, Cause.HIDDEN}


def failure_of(store: Store, key: str) -> Failure:
    with pytest.raises(StoreError) as caught:
        store.read_range(key, 0, 1)
    return caught.value.failure


@pytest.mark.parametrize("provider", PROVIDERS)
def test_who_may_list_its_folder_learns_that_it_is_missing(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider, {Right.LIST, Right.READ})
    place.cloud.put(place.bucket, THERE, b"{}")
    store = opened(place)
    assert store.read_range(THERE, 0, 2).data == b"{}"
    for key in (MISSING, THERE[:-1]):
        assert is_missing(store, key, failure_of(store, key))


@pytest.mark.parametrize("provider", ["S3", "S3Compatible"])
@pytest.mark.parametrize("rights", [{Right.LIST}, {Right.CREATE}], ids=["list", "create"])
def test_what_may_not_be_read_is_not_missing(provider: str, make_place: MakePlace, rights: set[Right]) -> None:
    place = make_place(provider, rights)
    place.cloud.put(place.bucket, THERE, b"{}")
    store = opened(place)
    failure = failure_of(store, THERE)
    assert failure.cause in IN_DOUBT
    assert not is_missing(store, THERE, failure)


def test_nothing_else_is_taken_for_missing(make_place: MakePlace) -> None:
    store = opened(make_place("S3", {Right.LIST, Right.READ}))
    for cause in set(Cause) - IN_DOUBT:
        assert not is_missing(store, MISSING, Failure(cause))
