"""A check with the store of an earlier one: quicker where all is granted, and never another verdict."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from clouds import Cause, Deadline, Endpoints, parse_config
from clouds.doctor.probe import Report, probe
from clouds.doctor.warm import WarmStore, WarmStores
from clouds.permissions import ALL, READ_ONLY, Permission, State
from clouds.provider import open_store
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import PROVIDERS
from tests.servers import ALL_RIGHTS, GCSCloud, Right, S3DelegatedCloud
from tests.servers.gate import Request
from tests.servers.gcs import State as GoogleState
from tests.servers.s3.delegated import trust_policy


@pytest.fixture
def stores() -> Iterator[WarmStores]:
    made = WarmStores()
    yield made
    made.close()


def states(report: Report) -> dict[Permission, State]:
    return {permission: verdict.state for permission, verdict in report.verdicts.items()}


def causes(report: Report, needs: frozenset[Permission]) -> set[Cause]:
    return {verdict.failure.cause for each in needs if (verdict := report.verdicts[each]).failure}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_all_is_granted_again(provider: str, make_place: MakePlace, stores: WarmStores) -> None:
    place = make_place(provider)
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config = parse_config(place.config, place.endpoints)
    cold = probe(config, ALL, place.endpoints, 15, stores)
    warm = stores.take(config, place.endpoints, Deadline(15))
    assert warm is not None
    assert warm.readable == "input/a.jpg"
    stores.keep(config, place.endpoints, warm)
    told: list[Report] = []
    before = len(place.gate.requests)
    again = probe(config, ALL, place.endpoints, 15, stores, told.append)
    assert states(cold) == states(again) == dict.fromkeys(Permission, State.GRANTED)
    assert again.verdicts[Permission.LIST].evidence == cold.verdicts[Permission.LIST].evidence
    assert len([each for each in place.gate.requests[before:] if place.bucket in each.path]) <= 6
    # What is told before the end differs in one thing only; in none where List and Read took longer than the clean-up.
    removed = [report.verdicts[Permission.WRITE].evidence.removed for report in (*told, again)]
    assert removed in ([False, True], [True, True])
    assert [states(report) for report in told] == [states(again)]
    assert stores.take(config, place.endpoints, Deadline(15)) is not None
    assert place.cloud.keys(place.bucket) == ["input/a.jpg"]


@pytest.mark.parametrize("gone", [Permission.LIST, Permission.READ, Permission.WRITE])
@pytest.mark.parametrize("provider", ["S3", "AZURE", "GCS", "OBS"])
def test_a_right_that_is_gone_since(provider: str, gone: Permission, make_place: MakePlace, stores: WarmStores) -> None:
    """A warm store of somebody who has fewer rights now: the same verdicts as by a new one, and it is not kept."""
    fewer = {Right.LIST, Right.READ} if gone is Permission.WRITE else ALL_RIGHTS - {Right(gone.value)}
    place = make_place(provider, fewer)
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config, deadline = parse_config(place.config, place.endpoints), Deadline(15)
    opened = open_store(config, place.endpoints, deadline)
    stores.keep(config, place.endpoints, WarmStore(opened, deadline, "input/a.jpg"))
    warm = states(probe(config, ALL, place.endpoints, 15, stores))
    assert warm == states(probe(config, ALL, place.endpoints, 15))
    assert warm[gone] is not State.GRANTED
    assert stores.take(config, place.endpoints, Deadline(15)) is None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_connections_that_broke_meanwhile(provider: str, make_place: MakePlace, stores: WarmStores) -> None:
    place = make_place(provider)
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config = parse_config(place.config, place.endpoints)
    probe(config, ALL, place.endpoints, 15, stores)
    warm = stores.take(config, place.endpoints, Deadline(15))
    assert warm is not None
    warm.store.close()
    stores.keep(config, place.endpoints, warm)
    assert set(states(probe(config, ALL, place.endpoints, 15, stores)).values()) == {State.GRANTED}


def test_a_file_that_is_gone_since(make_place: MakePlace, stores: WarmStores) -> None:
    place = make_place("S3")
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config = parse_config(place.config, place.endpoints)
    probe(config, READ_ONLY, place.endpoints, 15, stores)
    place.cloud.put(place.bucket, "input/b.jpg", b"x")
    kept = stores.take(config, place.endpoints, Deadline(15))
    assert kept is not None
    kept.store.delete("input/a.jpg")
    stores.keep(config, place.endpoints, kept)
    report = probe(config, READ_ONLY, place.endpoints, 15, stores)
    assert report.verdicts[Permission.READ].key == "input/b.jpg"
    assert not report.verdicts[Permission.READ].evidence.missing


def test_nothing_red_is_kept(make_place: MakePlace, stores: WarmStores) -> None:
    place = make_place("S3", {Right.LIST, Right.READ})
    config = parse_config(place.config, place.endpoints)
    assert states(probe(config, ALL, place.endpoints, 15, stores))[Permission.WRITE] is State.DENIED
    assert stores.take(config, place.endpoints, Deadline(15)) is None


def test_a_role_that_does_not_trust_us_any_more(make_place: MakePlace, stores: WarmStores) -> None:
    """Its session goes on for a quarter of an hour, and says nothing of that."""
    place = make_place("S3DelegatedAccess")
    cloud = place.cloud
    assert isinstance(cloud, S3DelegatedCloud)
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config = parse_config(place.config, place.endpoints)
    assert set(states(probe(config, ALL, place.endpoints, 15, stores)).values()) == {State.GRANTED}
    cloud.s3.set_trust(place.config["s3ARN"], trust_policy("arn:aws:iam::999999999999:root", "another"))
    report = probe(config, ALL, place.endpoints, 15, stores)
    assert State.GRANTED not in states(report).values()
    assert {verdict.failure and verdict.failure.cause for verdict in report.verdicts.values()} == {
        Cause.CANNOT_ASSUME_ROLE
    }


def test_a_key_of_google_that_was_disabled(make_place: MakePlace, stores: WarmStores) -> None:
    """Its token goes on for an hour."""
    place = make_place("GCS")
    cloud = place.cloud
    assert isinstance(cloud, GCSCloud)
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config = parse_config(place.config, place.endpoints)
    assert set(states(probe(config, ALL, place.endpoints, 15, stores)).values()) == {State.GRANTED}
    cloud.set_state(place.config, GoogleState.DISABLED)
    report = probe(config, ALL, place.endpoints, 15, stores)
    assert State.GRANTED not in states(report).values()


def test_the_deadline_is_that_of_the_check(make_place: MakePlace, stores: WarmStores) -> None:
    place = make_place("S3")
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config = parse_config(place.config, place.endpoints)
    probe(config, READ_ONLY, place.endpoints, 15, stores)
    go = threading.Event()

    def hold(_: Request) -> Any:
        go.wait(30)

    place.intercept(hold)
    report = probe(config, READ_ONLY, place.endpoints, 0.5, stores)
    go.set()
    assert causes(report, READ_ONLY) == {Cause.TIMEOUT}


def test_an_old_session_is_left(make_place: MakePlace, stores: WarmStores) -> None:
    place = make_place("S3DelegatedAccess")
    config = parse_config(place.config, place.endpoints)
    probe(config, READ_ONLY, place.endpoints, 15, stores)
    kept = stores.take(config, place.endpoints, Deadline(15))
    assert kept is not None
    kept.opened_at -= 900
    stores.keep(config, place.endpoints, kept)
    assert stores.take(config, place.endpoints, Deadline(15)) is None
    assert stores.take(config, Endpoints(), Deadline(15)) is None
