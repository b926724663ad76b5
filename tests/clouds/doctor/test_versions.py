"""Checks in buckets that keep versions: they remove their own versions where the key may, and never add a marker."""

from __future__ import annotations

import pytest

from clouds import Cause, Failure, StoreError, parse_config
from clouds.doctor.probe import PROBE_KEY, probe
from clouds.permissions import ALL, Permission, State
from clouds.store import Written
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import Place
from tests.servers import WORKING_RIGHTS, AzureCloud, GCSCloud, OBSCloud, S3Cloud

CLOUDS = ["S3", "AZURE", "GCS", "OBS"]
KEY = f"input/{PROBE_KEY}"


def cloud_of(place: Place) -> S3Cloud | AzureCloud | GCSCloud | OBSCloud:
    assert isinstance(place.cloud, S3Cloud | AzureCloud | GCSCloud | OBSCloud)
    return place.cloud


def checked(place: Place) -> set[State]:
    report = probe(parse_config(place.config, place.endpoints), ALL, place.endpoints, 15)
    return {report.verdicts[permission].state for permission in Permission}


@pytest.mark.parametrize("provider", CLOUDS)
def test_nothing_is_left(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    cloud = cloud_of(place)
    cloud.put(place.bucket, "input/a.jpg", b"1")
    cloud.keep_versions(place.bucket, place.config, removable=True)
    before = cloud.versions(place.bucket)
    for _ in range(3):
        assert checked(place) == {State.GRANTED}
        assert cloud.versions(place.bucket) == before
    assert cloud.keys(place.bucket) == ["input/a.jpg"]


@pytest.mark.parametrize("provider", ["S3", "OBS"])
def test_who_may_not_remove_versions_adds_one_per_check(provider: str, make_place: MakePlace) -> None:
    """Not three: the object stays in sight, so that it need not be written anew, and no marker hides it."""
    place = make_place(provider)
    cloud = cloud_of(place)
    cloud.keep_versions(place.bucket, place.config, removable=False)
    left = []
    for _ in range(3):
        assert checked(place) == {State.GRANTED}
        left.append(cloud.versions(place.bucket))
    assert left == [2, 3, 4]
    assert cloud.keys(place.bucket) == [KEY]


def test_a_token_that_may_not_remove_versions_is_green(make_place: MakePlace) -> None:
    place = make_place("AZURE")
    cloud = cloud_of(place)
    cloud.keep_versions(place.bucket, place.config, removable=False)
    assert checked(place) == {State.GRANTED}
    assert cloud.keys(place.bucket) == []


@pytest.mark.parametrize("provider", ["S3", "OBS", "AZURE"])
def test_who_may_delete_nothing_is_green(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider, rights=WORKING_RIGHTS)
    cloud = cloud_of(place)
    cloud.keep_versions(place.bucket, place.config, removable=False)
    assert checked(place) == {State.GRANTED}
    assert cloud.keys(place.bucket) == [KEY]


def refused(cause: Cause) -> StoreError:
    return StoreError(Failure(cause))


def test_a_bucket_whose_versioning_is_suspended_gets_a_plain_removal() -> None:
    written, done = Written(), []

    def remove_version(version: str) -> None:
        raise refused(Cause.DENIED)

    written.note("a", "null")
    written.erase("a", lambda: done.append("plain"), remove_version)
    assert done == ["plain"]
    written.note("a", "v1")
    with pytest.raises(StoreError):
        written.erase("a", lambda: done.append("plain"), remove_version)
    assert done == ["plain"]


def test_a_version_that_is_gone_keeps_nobody_from_the_next() -> None:
    written, done = Written(), []

    def remove_version(version: str) -> None:
        done.append(version)
        if version == "v2":
            raise refused(Cause.NO_OBJECT)

    for version in ("v1", None, "", "v2"):
        written.note("a", version)
    written.erase("a", lambda: done.append("plain"), remove_version)
    assert done == ["v2", "v1"]
    written.erase("a", lambda: done.append("plain"), remove_version)
    assert done == ["v2", "v1", "plain"]
