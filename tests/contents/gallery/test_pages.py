"""The gallery and the page of one file: what they show, how one gets on, and what they cost."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contents.models import FileFacts, FileKind, Index, IndexedFile, InsideProblem, Reading, ReadState
from contents.overview.figures import size_words
from contents.thumbnails.cache import Cache, Picture
from contents.thumbnails.files import TILE_SIDE, Listed, stored_name
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from teams.models import User
from tests.conftest import Login
from tests.contents.index.memory import made_index
from tests.contents.media.making import jpeg
from tests.contents.support import Storage, connect, fetch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "kept")]


def page(client: Client, dataset: Dataset, name: str = "gallery", **query: str) -> str:
    response = client.get(reverse(f"contents:{name}", args=[dataset.pk, "input"]), query)
    assert response.status_code == 200, response
    return response.content.decode()


def tiles(html: str) -> list[str]:
    """The names, by the links they have."""
    links = re.findall(r'class="tile__link" href="([^"]*)"', html)
    return [parse_qs(urlsplit(unescape(link)).query)["key"][0] for link in links]


def walked(client: Client, dataset: Dataset, **query: str) -> list[str]:
    address = reverse("contents:gallery", args=[dataset.pk, "input"])
    response: Any = client.get(address, query)
    found: list[str] = []
    while True:
        html = response.content.decode()
        found += tiles(html)
        link = re.search(r'rel="next" href="([^"]*)"', html)
        if not link:
            return found
        response = client.get(address + unescape(link[1]))


def test_a_thousand_files(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    names = [f"dir{number % 3}/{number:04}.{'jpg' if number % 9 else 'mp4'}" for number in range(1000)]
    made_index(source, [*names, "notes.txt", ".lightly/predictions/boxes/1.json"])
    client = login(alice)
    assert walked(client, dataset) == sorted(names)
    assert walked(client, dataset, kind="videos") == sorted(name for name in names if name.endswith("mp4"))
    assert walked(client, dataset, prefix="dir2/01") == sorted(name for name in names if name.startswith("dir2/01"))
    html = page(client, dataset)
    assert "Images (888)" in html
    assert html.count('hx-trigger="intersect once"') == 60


def test_folders(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    made_index(source, ["a/b/1.jpg", "a/b/2.jpg", "a/3.jpg", "c/4.jpg", "5.jpg", "d/notes.txt"])
    client = login(alice)
    html = page(client, dataset, view="folders")
    assert tiles(html) == ["5.jpg"]
    assert re.findall(r'dir="auto">([^<]*/)<', html) == ["a/", "c/", "d/"]
    inside = page(client, dataset, view="folders", prefix="a/")
    assert tiles(inside) == ["a/3.jpg"]
    assert "All folders" in inside
    assert walked(client, dataset, view="folders", prefix="a/b/") == ["a/b/1.jpg", "a/b/2.jpg"]


def test_what_there_is_already_is_shown_at_once(
    login: Login, alice: User, source: Datasource, dataset: Dataset, kept: Cache
) -> None:
    index = made_index(source, ["1.jpg", "2.jpg"])
    listed = Listed(source, index, IndexedFile.objects.get(key="1.jpg"))
    kept.write(stored_name(listed, TILE_SIDE), Picture(jpeg(), "image/jpeg"))
    html = page(login(alice), dataset)
    assert html.count('<img class="picture') == 1
    assert html.count('hx-trigger="intersect once"') == 1


def test_names_mean_no_good(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    names = ["<script>alert(1)</script>.jpg", "a\u202egpj.jpg", "../../etc/passwd.jpg", "a&b=c?d#e.jpg", "\u05d0.jpg"]
    made_index(source, names)
    client = login(alice)
    html = page(client, dataset)
    assert sorted(tiles(html)) == sorted(names)
    assert "<script>alert" not in html
    assert "\u202e" not in re.sub(r'href="[^"]*"', "", html)
    for name in names:
        shown = page(client, dataset, "file", key=name)
        assert "<script>alert" not in shown
        assert "\u202e" not in re.sub(r'(href|src)="[^"]*"', "", shown)
    assert "Open the original" not in page(client, dataset, "file", key="../../etc/passwd.jpg")
    assert "Open the original" in page(client, dataset, "file", key="\u05d0.jpg")


def test_states_without_tiles(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    client = login(alice)
    address = reverse("contents:gallery", args=[dataset.pk, "input"])
    assert client.get(address)["Location"] == reverse("contents:contents", args=[dataset.pk, "input"])
    made_index(source, ["notes.txt"])
    assert "There are no images or videos" in page(client, dataset)
    assert "No file fits" in page(client, dataset, prefix="x")
    for nonsense in ({"kind": "x"}, {"problem": "new"}, {"view": "x"}, {"after": "\0"}, {"prefix": "\0"}):
        assert "There are no images or videos" in page(client, dataset, **nonsense) or "after" in nonsense
    assert client.get(reverse("contents:file", args=[dataset.pk, "input"]), {"key": "no.jpg"}).status_code == 404


def test_one_file_and_those_beside_it(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    made_index(source, ["a/1.jpg", "a/2.JPG", "a/3.mp4", "a/4.jpg", "b/5.jpg"])
    client = login(alice)

    def ways(**query: str) -> list[str]:
        html = page(client, dataset, "file", **query)
        links = re.findall(r'rel="(?:prev|next)" href="([^"]*)"', html)
        return [parse_qs(urlsplit(unescape(link)).query)["key"][0] for link in links]

    assert ways(key="a/2.JPG") == ["a/1.jpg", "a/3.mp4"]
    assert ways(key="a/2.JPG", kind="images") == ["a/1.jpg", "a/4.jpg"]
    assert ways(key="a/4.jpg", prefix="a/") == ["a/3.mp4"]
    assert ways(key="b/5.jpg") == ["a/4.jpg"]
    html = page(client, dataset, "file", key="a/2.JPG")
    assert "Extension in capital letters" in html
    assert size_words(2000) in html
    assert "2023-11-14 22:13 UTC" in html
    back = re.search(r'<a href="([^"]*)" data-back>', html)
    assert back
    row = IndexedFile.objects.get(key="a/2.JPG").pk
    assert unescape(back[1]).endswith(f"?after=a%2F1.jpg#tile-{row}")
    assert tiles(client.get(unescape(back[1]).partition("#")[0]).content.decode())[0] == "a/2.JPG"


def test_by_size_and_date(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    made_index(source, ["1.jpg", "2.jpg", "3.jpg"])  # 2,000 bytes, written on 2023-11-14
    IndexedFile.objects.filter(key="2.jpg").update(size=1_500_000)
    IndexedFile.objects.filter(key="3.jpg").update(modified=1_700_006_400)  # the first second of the next day
    client = login(alice)
    for query, expected in (
        ({"size-from": "1.5 MB"}, ["2.jpg"]),
        ({"size-from": "1,5mb", "size-to": "1500000"}, ["2.jpg"]),
        ({"size-to": "2 kB"}, ["1.jpg", "3.jpg"]),
        ({"date-to": "2023-11-14"}, ["1.jpg", "2.jpg"]),
        ({"date-from": "2023-11-15", "date-to": "2023-11-15"}, ["3.jpg"]),
        ({"date-from": "2023-11-14", "size-to": "2 kB", "kind": "images"}, ["1.jpg", "3.jpg"]),
        ({"date-from": "yesterday", "size-from": "-1", "size-to": "9" * 60}, ["1.jpg", "2.jpg", "3.jpg"]),
    ):
        assert walked(client, dataset, **query) == expected, query
    html = page(client, dataset, **{"size-from": "1.5 MB", "view": "folders"})
    assert 'value="1.5 MB"' in html
    assert "size-from=1.5+MB&amp;key=2.jpg" in html  # the way on is in the same choice
    assert "No file fits" in page(client, dataset, **{"size-from": "1 TB"})


def test_what_a_reading_found_inside(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    """Of this very version of the file, and of no other."""
    made_index(source, ["a.jpg"])
    row = IndexedFile.objects.get(key="a.jpg")
    reading = Reading.objects.create(datasource=source, provider=source.provider, path=source.path)
    inside = 1 << (InsideProblem.ROTATED - 200)
    facts = FileFacts.objects.create(
        reading=reading,
        key="a.jpg",
        size=row.size,
        modified=row.modified,
        version=row.version,
        kind=FileKind.IMAGE,
        state=ReadState.READ,
        format="JPEG",
        codec="",
        pixels="RGB",
        bits=8,
        width=640,
        height=480,
        orientation=6,
        rotation=0,
        seconds=0,
        rate=0,
        frames=0,
        problems=inside,
    )
    client = login(alice)
    html = page(client, dataset, "file", key="a.jpg")
    assert "640 × 480, EXIF 6" in html
    assert "JPEG, RGB" in html
    assert str(InsideProblem.ROTATED.label) in html
    FileFacts.objects.filter(pk=facts.pk).update(version="other")
    assert "640 × 480" not in page(client, dataset, "file", key="a.jpg")


def test_the_read_url_is_shown_to_who_asks(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    made_index(source, ["a b.jpg"])
    client = login(alice)
    assert "publicToken" not in page(client, dataset, "file", key="a b.jpg")
    response = client.get(reverse("contents:read_url", args=[dataset.pk, "input"]), {"key": "a b.jpg"})
    assert response["Cache-Control"] == "no-store"
    (url,) = re.findall(r'id="read-url-text">([^<]*)<', response.content.decode())
    assert unescape(url).startswith(
        f"http://testserver/v1/datasets/{dataset.pk}/datasource/readurlRedirect?path=a+b.jpg"
    )


def test_side_by_side(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    made_index(source, ["1.jpg", "2.jpg", "3.mp4"])
    client = login(alice)
    alone, beside = (page(client, dataset, "file", key="2.jpg", **more) for more in ({}, {"beside": "1"}))
    assert (alone.count("/preview/"), alone.count("load delay:800ms")) == (3, 2)
    assert beside.count('<figure class="viewer__one"') == 3
    assert [parse_qs(urlsplit(unescape(link)).query) for link in re.findall(r'rel="next" href="([^"]*)"', beside)] == [
        {"key": ["3.mp4"], "beside": ["1"]}
    ]
    assert "There is none." in page(client, dataset, "file", key="1.jpg", beside="1")


def test_what_pages_cost(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    """The same number of queries for a few files and for many."""
    client, costs = login(alice), []
    for count in (2, 1000):
        Index.objects.filter(datasource=source).delete()
        made_index(source, [f"{number:04}.jpg" for number in range(count)])
        for name, query in (("gallery", {}), ("file", {"key": "0001.jpg"})):
            page(client, dataset, name, **query)
            with CaptureQueriesContext(connection) as asked:
                page(client, dataset, name, **query)
            costs.append(len(asked))
    assert costs[:2] == costs[2:]
    assert max(costs) <= 18


@pytest.mark.usefixtures("endpoints")
@pytest.mark.parametrize("storage", ["S3"], indirect=True)
def test_the_original_comes_from_the_storage(login: Login, alice: User, dataset: Dataset, storage: Storage) -> None:
    made_index(connect(dataset, Purpose.INPUT, storage.input), ["plain.jpg"])
    client = login(alice)
    html = page(client, dataset, "file", key="plain.jpg")
    assert "publicToken" not in html
    (link,) = re.findall(r'<a href="([^"]*)" target="_blank" rel="noopener noreferrer">', html)
    answer = client.get(unescape(link))
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    assert fetch(f"http://testserver{answer['Location']}", client).content.startswith(b"this is ")
