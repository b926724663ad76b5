"""One store for the probe of a check and for what is asked beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from clouds import Deadline, parse_config
from clouds.doctor.asides import SideQuestions
from clouds.doctor.cors import CorsState
from clouds.doctor.probe import probe
from clouds.doctor.shared import SharedStore
from clouds.doctor.warm import WarmStores
from clouds.permissions import ALL, READ_ONLY, Permission, State
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import PROVIDERS
from tests.clouds.doctor.scenarios.places import Place
from tests.servers import Right
from tests.servers.gate import Request

SITE = "https://lightly.example.com"


@pytest.fixture
def stores() -> Iterator[WarmStores]:
    made = WarmStores()
    yield made
    made.close()


def checked(place: Place, stores: WarmStores) -> CorsState:
    """A whole check, as a worker makes it."""
    config, shared = parse_config(place.config, place.endpoints), SharedStore()
    beside = SideQuestions(config, place.endpoints, SITE, 15, shared)
    report = probe(config, ALL, place.endpoints, 15, stores, None, shared)
    assert {verdict.state for verdict in report.verdicts.values()} == {State.GRANTED}
    return beside.results(wait=True).cors


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_is_opened_once(provider: str, make_place: MakePlace, stores: WarmStores) -> None:
    """Sessions of roles and tokens of Google are asked for once, and a second check finds them there."""
    place = make_place(provider)
    place.cloud.put(place.bucket, "input/a.jpg", b"x")

    def openings() -> int:
        """Of the session or the token: all else is sent to the bucket."""
        posted = [asked.path for asked in place.gate.requests if asked.method == "POST"]
        return len([path for path in posted if place.bucket not in path])

    before = openings()
    probe(parse_config(place.config, place.endpoints), ALL, place.endpoints, 15)
    alone = openings() - before
    assert alone == (1 if provider in {"S3DelegatedAccess", "GCS"} else 0)
    assert checked(place, stores) is not CorsState.ALLOWED
    assert openings() - before == 2 * alone
    assert stores.take(parse_config(place.config, place.endpoints), place.endpoints, Deadline(15)) is not None


@pytest.mark.parametrize("is_red", [True, False])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_stays_open_for_a_question_that_takes_longer(
    provider: str, is_red: bool, make_place: MakePlace, stores: WarmStores
) -> None:
    place = make_place(provider, {Right.LIST} if is_red else {Right.LIST, Right.READ})
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config, shared, go = parse_config(place.config, place.endpoints), SharedStore(), threading.Event()

    def hold(request: Request) -> Any:
        """The questions about CORS, by method or by the name of the subresource."""
        if request.method == "OPTIONS" or "cors" in request.query or request.path.endswith(f"/b/{place.bucket}"):
            go.wait(30)

    place.intercept(hold)
    beside = SideQuestions(config, place.endpoints, SITE, 15, shared)
    report = probe(config, READ_ONLY, place.endpoints, 15, stores, None, shared)
    assert (report.verdicts[Permission.READ].state is State.GRANTED) is not is_red
    assert stores.take(config, place.endpoints, Deadline(15)) is None  # it is neither kept nor closed yet
    go.set()
    assert beside.results(wait=True).cors is CorsState.REFUSED
    assert (stores.take(config, place.endpoints, Deadline(15)) is None) is is_red


def test_who_takes_too_long_is_not_waited_for(make_place: MakePlace, stores: WarmStores) -> None:
    place = make_place("S3")
    place.cloud.put(place.bucket, "input/a.jpg", b"x")
    config, shared, go = parse_config(place.config, place.endpoints), SharedStore(), threading.Event()

    def hold(request: Request) -> Any:
        if request.method == "OPTIONS" or "cors" in request.query:
            go.wait(30)

    place.intercept(hold)
    beside = SideQuestions(config, place.endpoints, SITE, 15, shared)
    probe(config, READ_ONLY, place.endpoints, 15, stores, None, shared)
    assert beside.results(wait=False).cors is CorsState.UNKNOWN
    assert stores.take(config, place.endpoints, Deadline(15)) is not None
    go.set()
