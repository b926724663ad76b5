"""Overlays of images on real storage servers, made as workers make them."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contents.models import Index, IndexedFile
from contents.overlays import documents
from contents.overlays.files import lightly_of, overlay_name
from contents.tasks import make_overlay
from contents.thumbnails.cache import Cache, Entry, Facts, Refusal
from contents.thumbnails.files import listed
from contents.thumbnails.reasons import Reason, words_of
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from teams.models import User
from tests.conftest import Call, Login
from tests.contents.index.memory import made_index
from tests.contents.media.making import jpeg, rotated_jpeg, video
from tests.contents.support import READING, Storage, connect, on_every_server
from tests.servers import WORKING_RIGHTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]
on_s3 = pytest.mark.parametrize("storage", ["S3"], indirect=True)
BOXES = {"task_type": "object-detection", "categories": [{"id": 3, "name": "car"}]}
BOX = {"category_id": 3, "bbox": [8, 4, 16, 12], "score": 0.75}
P, M = ".lightly/predictions/", ".lightly/metadata/"


class Street:
    """A bucket with an Input and a Lightly datasource."""

    def __init__(self, storage: Storage, dataset: Dataset, kept: Cache) -> None:
        self.cloud, self.bucket, self.dataset, self.kept = storage.cloud, storage.cloud.make_bucket(), dataset, kept
        self.source: Datasource = connect(dataset, Purpose.INPUT, self.cloud.grant(self.bucket, "in/", READING))
        connect(dataset, Purpose.LIGHTLY, self.cloud.grant(self.bucket, "out/", WORKING_RIGHTS))

    def put(self, **images: bytes) -> None:
        names = {name.replace("__", "."): data for name, data in images.items()}
        for name, data in names.items():
            self.cloud.put(self.bucket, f"in/{name}", data)
        self.index: Index = made_index(self.source, list(names))
        IndexedFile.objects.filter(index=self.index.pk).update(version="")  # as of a cloud that tells none

    def say(self, name: str, content: Any) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.cloud.put(self.bucket, f"out/{name}", data)

    def row(self, name: str) -> str:
        return str(IndexedFile.objects.get(index=self.index.pk, key=name).pk)

    def made(self, name: str) -> Entry | None:
        make_overlay(str(self.index.pk), self.row(name))
        return self.kept_of(name)

    def kept_of(self, name: str) -> Entry | None:
        found = listed(self.index.pk, int(self.row(name)))
        assert found
        lightly = lightly_of(found)
        return self.kept.read(overlay_name(found, lightly)) if lightly else None

    def told(self, name: str) -> dict[str, Any]:
        entry = self.made(name)
        assert isinstance(entry, Facts), entry
        return entry.content

    def part(self, client: Client, name: str, **query: str) -> str:
        address = reverse("contents:overlay", args=[self.dataset.pk, "input", self.row(name)])
        response = client.get(address, query)
        assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
        return unescape(response.content.decode())


@pytest.fixture
def street(storage: Storage, dataset: Dataset, kept: Cache) -> Street:
    return Street(storage, dataset, kept)


@on_every_server
def test_on_every_server(street: Street) -> None:
    """A picture turned by EXIF; a task with a box, one without a file, one whose file is broken; metadata."""
    street.put(a__jpg=rotated_jpeg(6))
    street.say(f"{P}tasks.json", ["boxes", "none", "broken"])
    for task in ("boxes", "none", "broken"):
        street.say(f"{P}{task}/schema.json", BOXES)
    street.say(f"{P}boxes/a.json", {"file_name": "a.jpg", "predictions": [BOX]})
    street.say(f"{P}broken/a.json", b'{"predictions": [\n  {"category_id": 3,,}\n]}')
    street.say(f"{M}a.json", {"type": "image", "metadata": {"weather": "wet", "car": {"speed": [3, None]}}})
    told = street.told("a.jpg")
    assert (told["width"], told["height"], told["orientation"]) == (48, 64, 6)
    boxes, none, broken = told["tasks"]
    assert (boxes["missing"], boxes["findings"], boxes["objects"][0]["box"]) == (False, [], [32, 8, 12, 16])
    assert (none["missing"], none["findings"]) == (True, [])
    assert broken["missing"] is False
    assert {(each["path"], each["line"]) for each in broken["findings"]} == {(f"{P}broken/a.json", 2)}
    values = [(each["path"], each["value"]) for each in told["metadata"]["values"]]
    assert values == [("weather", "wet"), ("car.speed[0]", "3"), ("car.speed[1]", "null")]


@on_s3
def test_the_page_from_asking_to_the_shapes(street: Street, login: Login, alice: User) -> None:
    street.put(a__jpg=jpeg(), b__jpg=jpeg())
    street.say(f"{P}tasks.json", ["boxes"])
    street.say(f"{P}boxes/schema.json", BOXES)
    hostile = {"task_type": "object-detection", "categories": [{"id": 3, "name": "<script>alert(1)</script>"}]}
    street.say(f"{P}boxes/a.json", {"predictions": [BOX, BOX | {"category_id": 8}]})
    client = login(alice)
    address = reverse("contents:file", args=[street.dataset.pk, "input"])
    page = client.get(address, {"key": "a.jpg"}).content.decode()
    assert page.count('hx-trigger="load"') == 1
    assert "delay:" in street.part(client, "a.jpg")
    street.made("a.jpg")
    part = street.part(client, "a.jpg")
    assert 'hx-swap-oob="true"' in part
    assert 'viewBox="0 0 64 48"' in part
    assert '<rect class="shape__line" x="8" y="4" width="16" height="12"/>' in part
    assert "car 0.75" in part
    assert "category_id is not an id of the schema." in part
    alone = street.part(client, "a.jpg", only="shapes")
    assert "shape__line" in alone
    assert "Metadata" not in alone
    # At once, from the cache; and once again, when it is too old.
    assert "shape__line" in client.get(address, {"key": "a.jpg"}).content.decode()
    beside = client.get(address, {"key": "b.jpg", "beside": "1"}).content.decode()
    assert beside.count("shape__line") == 2
    assert beside.count('<figure class="viewer__one"') == 2
    street.say(f"{P}boxes/schema.json", hostile)
    street.kept.forget(_name(street, "a.jpg"))
    street.made("a.jpg")
    response = client.get(reverse("contents:overlay", args=[street.dataset.pk, "input", street.row("a.jpg")]))
    assert b"<script>" not in response.content


def _name(street: Street, name: str) -> str:
    found = listed(street.index.pk, int(street.row(name)))
    assert found
    lightly = lightly_of(found)
    assert lightly
    return overlay_name(found, lightly)


@on_s3
def test_predictions_are_read_anew(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    street.put(a__jpg=jpeg())
    assert street.told("a.jpg")["tasks"] == []
    street.say(f"{P}tasks.json", ["boxes"])
    assert street.told("a.jpg")["tasks"] == []  # fresh enough
    monkeypatch.setattr("contents.overlays.files.FRESH_SECONDS", -1.0)
    assert len(street.told("a.jpg")["tasks"]) == 1


@on_s3
def test_what_can_not_be_read(street: Street, login: Login, alice: User) -> None:
    street.put(broken__jpg=b"no image", c__mp4=video())
    street.say(f"{P}tasks.json", ["boxes"])
    street.say(f"{P}boxes/schema.json", BOXES)
    street.say(f"{P}boxes/broken.json", {"predictions": [BOX]})
    street.say(f"{M}c.json", {"type": "video", "metadata": {"place": "gate"}})
    told = street.told("broken.jpg")
    assert (told["width"], told["tasks"][0]["objects"]) == (0, [{"class": 0, "score": 0.75}])
    told = street.told("c.mp4")
    assert (told["tasks"], told["metadata"]["values"]) == ([], [{"path": "place", "value": "gate"}])
    client = login(alice)
    assert "files of its single frames" in street.part(client, "c.mp4")
    Datasource.objects.filter(purpose=Purpose.LIGHTLY).delete()
    assert "not connected yet" in street.part(client, "c.mp4")


@on_s3
def test_a_storage_that_refuses(street: Street, login: Login, alice: User) -> None:
    street.put(a__jpg=jpeg())
    nobody = street.cloud.grant(street.bucket, "else/", READING)
    Datasource.objects.filter(purpose=Purpose.LIGHTLY).delete()
    connect(street.dataset, Purpose.LIGHTLY, street.cloud.grant(street.bucket, "out/", set()))
    assert nobody
    entry = street.made("a.jpg")
    assert isinstance(entry, Refusal)
    assert entry.reason is Reason.PERMISSION
    part = street.part(login(alice), "a.jpg")
    assert words_of(Reason.PERMISSION) in part
    assert not re.search(r"shape__", part)


def test_a_file_that_is_too_large() -> None:
    def read(name: str, limit: int) -> bytes | None:
        return b" " * limit if name.endswith("/a.json") else None

    told = documents.metadata_of(read, "a.jpg")
    assert [each["rule"] for each in told["findings"]] == ["json-too-large"]
    assert told["missing"] is False


@on_s3
def test_the_same_for_scripts(street: Street, call: Call, alice: User) -> None:
    script, path = call(alice), f"/v1/datasets/{street.dataset.pk}/contents/file/annotations"
    street.put(a__jpg=jpeg(), b__heic=b"no image")
    street.say(f"{P}tasks.json", ["boxes", "none"])
    for task in ("boxes", "none"):
        street.say(f"{P}{task}/schema.json", BOXES)
    street.say(f"{P}boxes/a.json", {"predictions": [BOX, BOX | {"category_id": 8, "score": 0.5}]})
    street.say(f"{M}a.json", {"type": "image", "metadata": {"weather": "wet"}})
    waiting = script.get(path, {"fileName": "a.jpg"})
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "1")
    street.made("a.jpg")
    told = script.get(path, {"fileName": "a.jpg"}).json()
    assert (told["width"], told["height"], told["orientation"]) == (64, 48, 1)
    boxes, none = told["tasks"]
    assert (boxes["name"], boxes["isMissing"], boxes["count"]) == ("boxes", False, 2)
    first, second = boxes["objects"]
    assert (first["categoryId"], first["category"], first["score"], first["box"]) == (3, "car", 0.75, [8, 4, 16, 12])
    assert (second["categoryId"], second["category"]) == (8, "")
    assert boxes["findings"][0]["path"] == f"{P}boxes/a.json"
    assert (none["isMissing"], none["objects"]) == (True, [])
    assert told["metadata"]["values"] == [{"path": "weather", "value": "wet"}]
    assert script.get(path, {"fileName": "z.jpg"}).json()["code"] == "SAMPLE_UNKNOWN"
    street.dataset.datasources.filter(purpose=Purpose.LIGHTLY).delete()
    assert script.get(path, {"fileName": "a.jpg"}).json()["code"] == "DATASET_DATASOURCE_UNKNOWN"
