"""What a browser gets for a picture: our bytes, or the reason, and never too many reads."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from contents.models import Index, IndexedFile
from contents.thumbnails import services, views
from contents.thumbnails.cache import Cache, Picture, Refusal, Started
from contents.thumbnails.files import TILE_SIDE, Listed, stored_name
from contents.thumbnails.reasons import Reason, words_of
from core import broker, pulse
from core.queues import Queue
from datasets.models import Dataset
from datasources.models import Datasource
from teams.models import User
from tests.conftest import Login
from tests.contents.index.memory import connected, made_index
from tests.contents.media.making import jpeg

pytestmark = pytest.mark.django_db
Sent = list[tuple[str, Queue]]


class Shown:
    """The pictures of an index, as alice sees them."""

    def __init__(self, client: Client, dataset: Dataset, index: Index, kept: Cache) -> None:
        self.client, self.dataset, self.index, self.kept = client, dataset, index, kept

    def file(self, key: str) -> IndexedFile:
        return IndexedFile.objects.get(index=self.index.pk, key=key)

    def name(self, key: str) -> str:
        datasource = Datasource.objects.get(pk=self.index.datasource_id)
        return stored_name(Listed(datasource, self.index, self.file(key)), TILE_SIDE)

    def get(self, key: str, name: str = "picture", **query: str) -> Any:
        address = reverse(f"contents:{name}", args=[self.dataset.pk, "input", "thumbnail", self.file(key).pk])
        return self.client.get(address, query)

    def tile(self, key: str, **query: str) -> str:
        response = self.get(key, "tile", **query)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        return str(response.content.decode())


@pytest.fixture
def shown(login: Login, alice: User, dataset: Dataset, source: Datasource, kept: Cache) -> Shown:
    pulse.leave_worker_signs([Queue.CONTENTS.value])
    names = [*(f"{number:03}.jpg" for number in range(10)), "notes.txt"]
    return Shown(login(alice), dataset, made_index(source, names), kept)


def test_a_picture_from_the_cache(shown: Shown, sent: Sent) -> None:
    shown.kept.write(shown.name("000.jpg"), Picture(jpeg(), "image/jpeg"))
    html = shown.tile("000.jpg")
    (source,) = re.findall(r'src="([^"]*)"', html)
    answer = shown.client.get(source)
    assert answer.status_code == 200
    assert answer.content == jpeg()
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer["Cache-Control"] == "private, max-age=86400, immutable"
    assert shown.get("000.jpg", v="other")["Cache-Control"] == "private, no-cache"
    assert sent == []


def test_a_file_is_asked_for_once_until_its_picture_is_there(shown: Shown, sent: Sent) -> None:
    answer = shown.get("000.jpg")
    assert (answer.status_code, answer["Retry-After"]) == (202, "1")
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    for _ in range(3):
        assert 'hx-trigger="load delay:400ms"' in shown.tile("000.jpg")
    assert sent == [(str(shown.index.pk), Queue.CONTENTS)]
    shown.kept.write(shown.name("000.jpg"), Started())
    assert "tries=3" in shown.tile("000.jpg", tries="2")
    assert shown.get("000.jpg").status_code == 202
    assert len(sent) == 1


def test_it_asks_less_and_less_often_and_gives_up(shown: Shown, sent: Sent) -> None:
    delays = []
    for tries in range(len(views.PAUSES)):
        (delay,) = re.findall(r"delay:(\d+)ms", shown.tile("000.jpg", tries=str(tries)))
        delays.append(int(delay))
    assert delays == sorted(delays)
    assert 60_000 < sum(delays) < 120_000
    assert words_of(Reason.BUSY) in shown.tile("000.jpg", tries=str(len(views.PAUSES)))
    for nonsense in ("-1", "x", "²", "9" * 5000, "1e9"):
        assert "hx-get" in shown.tile("000.jpg", tries=nonsense)


def test_so_many_reads_per_person_and_minute(
    shown: Shown, sent: Sent, login: Login, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_READS", 4)
    answers = [shown.get(f"{number:03}.jpg") for number in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 4 + [429] * 2
    assert answers[-1]["Retry-After"] == "15"
    html = shown.tile("005.jpg", tries="7")
    assert "this one comes in a minute" in html
    assert "tries=7" in html  # does not give up for that
    assert len(sent) == 4
    login(bob)
    assert shown.get("005.jpg").status_code == 202  # others are not held up
    assert len(sent) == 5


def test_no_worker_and_no_queue(shown: Shown, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    caches["pulse"].clear()
    shown.get("000.jpg")
    assert words_of(Reason.ABSENT) in shown.tile("000.jpg")
    monkeypatch.setattr(broker, "_send", lambda *_: 0)
    assert words_of(Reason.ABSENT) in shown.tile("001.jpg")


def test_reasons(shown: Shown, sent: Sent) -> None:
    shown.kept.write(shown.name("000.jpg"), Refusal(Reason.PERMISSION, "denied: <s3:GetObject>"))
    html = shown.tile("000.jpg")
    assert words_of(Reason.PERMISSION) in html.replace("&#x27;", "'")
    assert "denied: &lt;s3:GetObject&gt;" in html
    answer = shown.get("000.jpg")
    assert (answer.status_code, answer["Content-Type"]) == (422, "text/plain; charset=utf-8")
    assert words_of(Reason.NO_MEDIA) in shown.tile("notes.txt")
    IndexedFile.objects.filter(key="001.jpg").update(archived=True)
    assert words_of(Reason.ARCHIVED) in shown.tile("001.jpg")
    IndexedFile.objects.filter(key="002.jpg").update(size=0)
    assert words_of(Reason.EMPTY) in shown.tile("002.jpg")
    IndexedFile.objects.filter(key="003.jpg").update(size=10**9)
    assert words_of(Reason.TOO_LARGE) in shown.tile("003.jpg")
    Index.objects.update(path="s3://elsewhere/")
    assert words_of(Reason.ELSEWHERE) in shown.tile("000.jpg")
    assert sent == []


def test_of_an_older_index_and_of_another_dataset(
    shown: Shown, sent: Sent, alice: User, settings: Settings, source: Datasource
) -> None:
    address = reverse("contents:tile", args=[shown.dataset.pk, "input", "thumbnail", 10**17])
    assert words_of(Reason.OUTDATED) in shown.client.get(address).content.decode()
    from datasets.services import create_dataset

    other = made_index(connected(create_dataset(name="other", owner=alice)), ["000.jpg"])
    row = IndexedFile.objects.get(index=other.pk).pk
    for name, status in (("tile", 200), ("picture", 404)):
        answer = shown.client.get(reverse(f"contents:{name}", args=[shown.dataset.pk, "input", "thumbnail", row]))
        assert answer.status_code == status
    assert sent == []


def test_what_a_tile_costs(shown: Shown, sent: Sent) -> None:
    shown.kept.write(shown.name("000.jpg"), Picture(jpeg(), "image/jpeg"))
    shown.get("000.jpg")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown.get("000.jpg")
    assert len(queries) <= 12
