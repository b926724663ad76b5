"""Who is known takes their place before the database is asked, and everybody leaves it again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clouds import CloudConfig
from contents.api import routes
from core.api import places
from core.api.lanes import LANES, LISTING
from core.api.places import Recent
from core.web import crowd
from core.web.crowd import Crowd
from datasets.models import Dataset
from datasources.models import Purpose
from datasources.services import save
from teams.models import ApiToken, User
from teams.services import create_token
from tests.conftest import Call, Login, fill

DATASETS = "/v1/datasets"


@pytest.fixture(autouse=True)
def nobody_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_people", Recent())
    monkeypatch.setattr(places, "_teams", Recent())
    # Other tests authenticate requests without the middleware, so those keep their places. This crowd has none.
    monkeypatch.setattr(crowd, "REQUESTS", Crowd(at_once=2, places=10, wait_seconds=5.0))


def nobody_inside() -> bool:
    return not any(lane._working or lane._waiting for lane in LANES) and not crowd.REQUESTS._inside


@pytest.fixture
def listing(dataset: Dataset, s3_config: CloudConfig, alice: User) -> str:
    save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    return f"{DATASETS}/{dataset.pk}/datasource/list"


@pytest.mark.django_db
class TestLanes:
    def test_who_was_here_is_refused_without_a_look_into_the_database(
        self, call: Call, alice: User, bob: User, listing: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert call(alice).get(DATASETS).status_code == 200  # any call will do
        create = call(bob)  # who was never here
        fill(monkeypatch, LISTING)
        with CaptureQueriesContext(connection) as queries:
            answer = call(alice).get(listing)
        assert (answer.status_code, queries.captured_queries) == (503, [])
        with CaptureQueriesContext(connection) as queries:
            assert create.get(listing).status_code == 503
        assert queries.captured_queries

    def test_nobody_gets_in_by_being_known(self, call: Call, alice: User, listing: str) -> None:
        assert call(alice).get(DATASETS).status_code == 200
        ApiToken.objects.filter(user=alice).delete()
        assert call(alice).get(listing).status_code == 401
        assert nobody_inside()

    @pytest.mark.parametrize("address", [f"{DATASETS}/{'0' * 24}/datasource/list", f"{DATASETS}/{'0' * 24}"])
    def test_places_are_left_whatever_happens(
        self, call: Call, alice: User, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(2):  # unknown at first, then known
            assert call(alice).get(address).status_code == 404
            assert nobody_inside()

        def crash(*_: object) -> None:
            raise RuntimeError("what nobody foresaw")

        monkeypatch.setattr(routes, "dataset_for", crash)
        assert call(alice).get(f"{DATASETS}/{'0' * 24}/datasource/list").status_code == 500
        assert nobody_inside()

    def test_a_request_holds_one_place_known_or_not(
        self, call: Call, alice: User, listing: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inside: list[int] = []
        whom: list[object] = []

        def look(*_: object, **__: object) -> object:
            inside.append(len(LISTING._working))
            whom.extend((ticket.person, ticket.team) for ticket in LISTING._working)
            raise RuntimeError("enough seen")

        monkeypatch.setattr(routes, "read_page", look)
        for _ in range(2):
            call(alice).get(listing)
        assert inside == [1, 1]
        assert whom == [((alice.pk, False), dataset.team_id)] * 2
        assert nobody_inside()


@pytest.mark.django_db
def test_other_calls_of_one_person_are_bounded(
    call: Call, login: Login, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Crowd(at_once=1, places=0, wait_seconds=0)
    monkeypatch.setattr(crowd, "REQUESTS", full)
    assert call(alice).get(DATASETS).status_code == 200
    with full.turn(alice.pk):
        assert login(alice).get("/").status_code == 429  # a page is one of them, too
        answer = call(alice).get(DATASETS)
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert answer.json()["code"] == "ILLEGAL_ACTION_RESOURCE_IN_USE"
        # Another token of the same person's is unknown at first, and then shares their room.
        other = create_token(user=alice, name="other")
        headers = {"Authorization": f"Bearer {other}"}
        assert Client().get(DATASETS, headers=headers).status_code == 200
        assert Client().get(DATASETS, headers=headers).status_code == 503
        assert call(bob).get(DATASETS).status_code == 200
    assert call(alice).get(DATASETS).status_code == 200


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_REMEMBERED", 3)
    recent = Recent()
    for key in "abcad":  # a second time makes it new again
        recent.set(key, key.upper())
    assert [recent.get(key) for key in "abcd"] == ["A", None, "C", "D"]


def test_remembering_from_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_REMEMBERED", 10)
    recent, start = Recent(), threading.Event()

    def remember(number: int) -> None:
        start.wait(10)
        for each in range(500):
            recent.set(f"{number} {each}", each)

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(remember, number) for number in range(8)]
        start.set()
        for each in done:
            each.result(30)
    assert len(recent._values) == 10
