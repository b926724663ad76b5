"""Videos on real storage servers: a player where browsers play them, stills and the reason where they do not."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from contents.filmstrips.files import STILLS, filmstrip_name, is_origin, still_name
from contents.models import Index, IndexedFile
from contents.tasks import make_filmstrip
from contents.thumbnails.cache import Cache, Entry, Facts, Picture, Refusal
from contents.thumbnails.files import Listed, listed
from contents.thumbnails.reasons import Reason, words_of
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from teams.models import User
from tests.conftest import Call, Login
from tests.contents.index.memory import made_index
from tests.contents.media.making import number_of, video
from tests.contents.support import READING, Storage, connect, fetch, on_every_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]
on_s3 = pytest.mark.parametrize("storage", ["S3"], indirect=True)


class Gate:
    """A bucket with videos, connected as Input."""

    def __init__(self, storage: Storage, dataset: Dataset, kept: Cache) -> None:
        self.cloud, self.bucket, self.dataset, self.kept = storage.cloud, storage.cloud.make_bucket(), dataset, kept
        self.source: Datasource = connect(dataset, Purpose.INPUT, self.cloud.grant(self.bucket, "in/", READING))

    def put(self, **videos: bytes) -> None:
        names = {name.replace("__", "."): data for name, data in videos.items()}
        for name, data in names.items():
            self.cloud.put(self.bucket, f"in/{name}", data)
        self.index: Index = made_index(self.source, list(names))
        for name, data in names.items():
            IndexedFile.objects.filter(index=self.index.pk, key=name).update(version="", size=len(data))

    def listed(self, name: str) -> Listed:
        found = listed(self.index.pk, IndexedFile.objects.get(index=self.index.pk, key=name).pk)
        assert found
        return found

    def made(self, name: str) -> Entry | None:
        make_filmstrip(str(self.index.pk), str(self.listed(name).file.pk))
        return self.kept.read(filmstrip_name(self.listed(name)))

    def facts(self, name: str) -> dict[str, Any]:
        entry = self.made(name)
        assert isinstance(entry, Facts), entry
        return entry.content

    def still(self, name: str, number: int) -> Image.Image:
        entry = self.kept.read(still_name(self.listed(name), number))
        assert isinstance(entry, Picture), entry
        return Image.open(io.BytesIO(entry.data))

    def part(self, client: Client, name: str, **query: str) -> Any:
        address = reverse("contents:filmstrip", args=[self.dataset.pk, "input", self.listed(name).file.pk])
        return client.get(address, query)

    def page(self, client: Client, name: str, **query: str) -> Any:
        return client.get(reverse("contents:file", args=[self.dataset.pk, "input"]), {"key": name, **query})


@pytest.fixture
def gate(storage: Storage, dataset: Dataset, kept: Cache) -> Gate:
    return Gate(storage, dataset, kept)


@on_every_server
def test_on_every_server(gate: Gate, login: Login, alice: User) -> None:
    """The player gets the file straight from the storage, whose address the page allows for media alone."""
    gate.put(a__mp4=video())
    facts = gate.facts("a.mp4")
    assert (facts["codec"], facts["unplayable"], facts["broken"]) == ("h264", "", "")
    assert is_origin(facts["origin"])
    client = login(alice)
    response = gate.page(client, "a.mp4")
    policy = dict(rule.split(maxsplit=1) for rule in response["Content-Security-Policy"].split("; ") if " " in rule)
    assert policy["media-src"] == f"'self' {facts['origin']}"
    assert policy["img-src"] == "'self' data:"
    assert policy["default-src"] == "'none'"
    (source,) = re.findall(r'<video[^>]* src="([^"]*)"', response.content.decode())
    answer = client.get(unescape(source))
    leads_to = client.get(answer["Location"])["Location"]
    assert "{0.scheme}://{0.netloc}".format(urlsplit(leads_to)) == facts["origin"]
    assert fetch(leads_to, client, Range="bytes=0-9").status_code == 206


@on_s3
def test_stills_are_spread_over_the_video(gate: Gate) -> None:
    """Also between two key frames that are far apart, and of containers that are not played."""
    gate.put(a__mp4=video(gop=500), b__avi=video("avi", "mpeg4"), c__webm=video("webm", "libvpx"))
    for name in ("a.mp4", "b.avi", "c.webm"):
        facts = gate.facts(name)
        assert len(facts["stills"]) == STILLS
        assert facts["stills"] == sorted(set(facts["stills"]))
        numbers = [number_of(gate.still(name, number)) for number in range(STILLS)]
        expected = [60 * number / STILLS for number in range(STILLS)]
        assert all(abs(one - other) <= 2 for one, other in zip(numbers, expected, strict=True)), (name, numbers)
    assert gate.facts("b.avi")["unplayable"].startswith("mpeg4, yuv420p, in AVI")


@on_s3
def test_without_a_length(gate: Gate) -> None:
    gate.put(a__hevc=video("hevc", "libx265"))
    facts = gate.facts("a.hevc")
    assert facts["unplayable"]
    assert 1 < len(facts["stills"]) <= STILLS
    numbers = [number_of(gate.still("a.hevc", number)) for number in range(len(facts["stills"]))]
    assert numbers == sorted(set(numbers))


@on_s3
def test_the_page_from_asking_to_the_stills(gate: Gate, login: Login, alice: User) -> None:
    gate.put(a__avi=video("avi", "mpeg4"), b__mp4=video(), c__mp4=video()[:900], d__mp4=b"<!doctype html>")
    client = login(alice)
    page = gate.page(client, "a.avi")
    assert "media-src" not in page["Content-Security-Policy"]
    assert "/filmstrip/" in page.content.decode()
    assert "delay:" in gate.part(client, "a.avi").content.decode()
    for name in ("a.avi", "b.mp4", "c.mp4", "d.mp4"):
        gate.made(name)
    part = gate.part(client, "a.avi")
    html = part.content.decode()
    assert "Browsers do not play it: mpeg4, yuv420p, in AVI" in html
    assert "HX-Refresh" not in part
    sources = re.findall(r'<img src="([^"]*)"', html)
    assert len(sources) == STILLS
    answer = client.get(sources[-1])
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert client.get(sources[-1].replace("/7/", "/9/")).status_code == 422
    assert "media-src" not in gate.page(client, "a.avi")["Content-Security-Policy"]
    # Of one that is played the page comes again, with another policy; not where it stands beside others.
    assert gate.part(client, "b.mp4")["HX-Refresh"] == "true"
    page = gate.page(client, "b.mp4")
    assert "data-player" in page.content.decode()
    assert page.content.decode().count("data-seek") == STILLS
    assert "media-src" not in gate.page(client, "b.mp4", beside="1")["Content-Security-Policy"]
    # Why there is none.
    for name, reasons in (("c.mp4", {Reason.TRUNCATED, Reason.CORRUPT}), ("d.mp4", {Reason.OTHER_CONTENT})):
        entry = gate.kept.read(filmstrip_name(gate.listed(name)))
        assert isinstance(entry, Refusal)
        assert entry.reason in reasons
        assert words_of(entry.reason) in unescape(gate.page(client, name).content.decode())


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("https://bucket.s3.eu-central-1.amazonaws.com", True),
        ("http://127.0.0.1:9000", True),
        ("https://*.example.com", False),
        ("https://a.example.com; script-src *", False),
        ("https://a.example.com/path", False),
        ("https://user@a.example.com", False),
        ("ftp://a.example.com", False),
        ("", False),
    ],
)
def test_what_may_stand_in_a_policy(text: str, passes: bool) -> None:
    assert is_origin(text) is passes


@on_s3
def test_the_same_for_scripts(gate: Gate, call: Call, alice: User) -> None:
    script, path = call(alice), f"/v1/datasets/{gate.dataset.pk}/contents/file"
    gate.put(a__mp4=video(), b__mp4=b"<!doctype html>", c__jpg=b"no video")
    waiting = script.get(f"{path}/video", {"fileName": "a.mp4"})
    assert (waiting.status_code, waiting["Retry-After"]) == (202, "1")
    facts = gate.facts("a.mp4")
    told = script.get(f"{path}/video", {"fileName": "a.mp4"}).json()
    assert (told["codec"], told["stills"], told["broken"]) == ("h264", facts["stills"], "")
    assert "origin" not in told
    still = script.get(f"{path}/still", {"fileName": "a.mp4", "number": "7"})
    assert (still.status_code, still["X-Content-Type-Options"]) == (200, "nosniff")
    assert Image.open(io.BytesIO(still.content)).size == gate.still("a.mp4", 7).size
    assert script.get(f"{path}/still", {"fileName": "a.mp4", "number": "8"}).status_code == 400
    gate.kept.forget(still_name(gate.listed("a.mp4"), 7))  # as if others had needed its room
    assert script.get(f"{path}/still", {"fileName": "a.mp4", "number": "7"}).status_code != 200
    gate.made("a.mp4")
    assert script.get(f"{path}/still", {"fileName": "a.mp4", "number": "7"}).status_code == 200
    gate.made("b.mp4")
    broken = script.get(f"{path}/video", {"fileName": "b.mp4"})
    assert (broken.status_code, broken.json()["code"]) == (422, "SAMPLE_THUMBNAME_UNKNOWN")
    assert script.get(f"{path}/video", {"fileName": "c.jpg"}).status_code == 422
