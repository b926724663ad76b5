"""Lists of files: with a problem, changed, found by name. As pages, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contents.index import queries
from contents.models import InsideProblem, Problem, Topic
from contents.names import shown
from contents.problems import views
from contents.problems.inside_words import INSIDE
from contents.problems.words import BY_SLUG, PROBLEMS, TOPICS, label_of
from datasets.models import Dataset
from datasources.models import Datasource
from teams.models import AuditAction, AuditEntry, User
from tests.conftest import Login
from tests.contents.index.memory import Memory, entry_of, findings, indexed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def address(dataset: Dataset, slug: str, tab: str = "input") -> str:
    return reverse("contents:files", args=[dataset.pk, tab, slug])


def exported(client: Client, dataset: Dataset, slug: str, shape: str, **query: str) -> str:
    response = client.get(reverse("contents:export", args=[dataset.pk, "input", slug, shape]), query)
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="street-scenes-input-{slug}.{shape}"'
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def names_in(html: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'<code class="break" dir="auto">(.*?)</code>', html)]


def walked(client: Client, first: str) -> list[str]:
    """All names of a list, by its links to the next page."""
    found: list[str] = []
    query = "?"
    while query:
        html = client.get(first + query).content.decode()
        found += names_in(html)
        link = re.search(r'rel="next" href="(\?[^"]*)"', html)
        query = unescape(link[1]) if link else ""
    return found


def test_every_problem_is_explained_once() -> None:
    assert set(PROBLEMS) == set(Problem)
    assert set(TOPICS) == set(Topic)
    assert set(INSIDE) == set(InsideProblem)
    assert len(BY_SLUG) == len(Problem) + len(InsideProblem) + len(Topic)
    assert all(label_of(what) for what in BY_SLUG.values())


def test_page_by_page(login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset) -> None:
    names = [f"dir{number % 3}/a&b {number}.JPG" for number in range(173)]
    memory.put(*names, "good.jpg")
    indexed(source)
    client = login(alice)
    assert walked(client, address(dataset, "upper-case-extension")) == sorted(names)
    html = client.get(address(dataset, "upper-case-extension")).content.decode()
    assert "173 files" in html
    assert "Take care that predictions and metadata use the same spelling." in html
    assert names_in(client.get(address(dataset, "zero-bytes")).content.decode()) == []


def test_filtered_by_how_names_begin(
    login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put(*(f"dir{number % 3}/{number}.JPG" for number in range(300)))
    indexed(source)
    client = login(alice)
    html = client.get(address(dataset, "upper-case-extension"), {"prefix": "dir1/"}).content.decode()
    assert len(names_in(html)) == views.PAGE_SIZE
    assert all(name.startswith("dir1/") for name in names_in(html))
    assert "prefix=dir1%2F&amp;after=" in html
    assert len(json.loads(exported(client, dataset, "upper-case-extension", "json", prefix="dir1/"))) == 100
    assert "No name begins so." in client.get(address(dataset, "hidden"), {"prefix": "x"}).content.decode()


def test_the_way_back_to_the_beginning(
    login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put(*(f"{number:04}.JPG" for number in range(120)))
    indexed(source)
    html = login(alice).get(address(dataset, "upper-case-extension"), {"after": "0049.JPG"}).content.decode()
    assert names_in(html)[0] == "0050.JPG"
    back = re.search(r'<a href="([^"]*)">', html.partition('<nav class="pagination"')[2])
    assert back
    assert back[1] == "?"  # an empty one would stay on this very page


def test_csv_and_json(login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset) -> None:
    memory.put(
        entry_of('=HYPERLINK("http://x").JPG', size=1),
        entry_of("+1.JPG", digest="d"),
        entry_of('comma, "quotes".JPG', digest="d"),
        entry_of("line\nfeed.JPG"),
    )
    indexed(source)
    client = login(alice)
    rows = list(csv.reader(io.StringIO(exported(client, dataset, "upper-case-extension", "csv"), newline="")))
    assert rows[0] == ["name", "bytes", "modified", "group", "detail"]
    assert [row[0] for row in rows[1:]] == [
        "'+1.JPG",
        '\'=HYPERLINK("http://x").JPG',
        'comma, "quotes".JPG',
        "line\nfeed.JPG",
    ]
    found = json.loads(exported(client, dataset, "same-content", "json"))
    assert [row["name"] for row in found] == ["+1.JPG", 'comma, "quotes".JPG']
    assert found[0]["group"] == found[1]["group"] != ""
    assert json.loads(exported(client, dataset, "zero-bytes", "json")) == []
    told = set(AuditEntry.objects.filter(action=AuditAction.EXPORTED).values_list("target", flat=True))
    labels = ["Extension in capital letters", "Same content", "Empty file"]
    assert told == {f"a list of files of street-scenes: {label}" for label in labels}


def test_an_export_of_many(
    login: Login,
    alice: User,
    memory: Memory,
    source: Datasource,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "EXPORTED_AT_ONCE", 10)
    names = [f"{number:04}.JPG" for number in range(45)]
    memory.put(*names)
    indexed(source)
    assert [row["name"] for row in json.loads(exported(login(alice), dataset, "upper-case-extension", "json"))] == names


class TestSearch:
    def found(self, client: Client, dataset: Dataset, text: str) -> list[str]:
        html = client.get(reverse("contents:search", args=[dataset.pk, "input"]), {"q": text}).content.decode()
        return names_in(html)

    def test_parts_of_names(
        self, login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
    ) -> None:
        memory.put("street/Night_01.jpg", "street/night%01.jpg", "day/x.jpg", "night/y.jpg", "back\\slash.jpg")
        indexed(source)
        client = login(alice)
        assert self.found(client, dataset, "NIGHT_0") == ["street/Night_01.jpg"]
        assert self.found(client, dataset, "t%0") == ["street/night%01.jpg"]
        assert self.found(client, dataset, "k\\s") == ["back\\slash.jpg"]
        assert self.found(client, dataset, "night/") == ["night/y.jpg", "night/y.jpg"]  # begins with it, and has it
        assert self.found(client, dataset, "zzz") == []
        assert self.found(client, dataset, "") == []
        assert self.found(client, dataset, "\0") == []

    def test_all_of_many_by_its_links(
        self, login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
    ) -> None:
        names = [f"{number:04}-img.jpg" for number in range(130)]
        memory.put(*names, "zz.jpg")
        indexed(source)
        first = reverse("contents:search", args=[dataset.pk, "input"])
        client = login(alice)
        html = client.get(first, {"q": "IMG"}).content.decode()
        found = names_in(html)
        while link := re.search(r'rel="next" href="(\?[^"]*)"', html):
            html = client.get(first + unescape(link[1])).content.decode()
            found += names_in(html)
        assert found == names

    def test_it_ends_in_time_and_goes_on(
        self, memory: Memory, source: Datasource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queries, "NAMES_AT_ONCE", 10)
        memory.put(*(f"{number:04}.jpg" for number in range(95)), "needle.jpg")
        index = indexed(source)
        found = queries.search(index, "needle", limit=50, seconds=0)
        assert (len(found.files), found.searched_until) == (0, "0009.jpg")
        rounds = 1
        while found.searched_until and not found.files:
            found = queries.search(index, "needle", found.searched_until, limit=50, seconds=0)
            rounds += 1
        assert [row.key for row in found.files] == ["needle.jpg"]
        assert rounds == 10

    def test_what_was_not_searched_yet_is_said(
        self,
        login: Login,
        alice: User,
        memory: Memory,
        source: Datasource,
        dataset: Dataset,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(views, "search_names", lambda *_, **__: queries.Found([], "a.jpg"))
        memory.put("a.jpg", "b.jpg")
        indexed(source)
        client = login(alice)
        html = client.get(reverse("contents:search", args=[dataset.pk, "input"]), {"q": "needle"}).content.decode()
        assert "Not found among the names searched so far." in html
        assert "?q=needle&amp;after=a.jpg" in html


def test_who_sees_them(
    login: Login, charlie: User, bob: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put("a.JPG")
    indexed(source)
    addresses = [
        address(dataset, "upper-case-extension"),
        reverse("contents:search", args=[dataset.pk, "input"]),
        reverse("contents:export", args=[dataset.pk, "input", "new", "csv"]),
    ]
    for each in addresses:
        assert login(bob).get(each).status_code == 200
        assert login(charlie).get(each).status_code == 404


def test_what_is_not_there(login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset) -> None:
    client = login(alice)
    assert client.get(address(dataset, "new")).status_code == 404  # no index yet
    indexed(source)
    assert client.get(address(dataset, "no-such-thing")).status_code == 404
    assert client.get(address(dataset, "new", "lightly")).status_code == 404
    assert client.get(address(dataset, "new"), {"after": "\0" * 9}).status_code == 200
    assert client.get(address(dataset, "new") + "?prefix=%ED%A0%80&after=%ff").status_code == 200
    assert client.get(address(dataset, "new"), {"prefix": "\U0010ffff"}).status_code == 200


def test_the_cost_does_not_grow(
    login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put("a.JPG", "b.jpg")
    indexed(source)
    client = login(alice)

    def cost(path: str, **query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get(path, query)
        return len(caught)

    search = reverse("contents:search", args=[dataset.pk, "input"])
    client.get(search)
    few = cost(address(dataset, "upper-case-extension")), cost(search, q="jpg")
    memory.put(*(f"{number}.JPG" for number in range(400)))
    indexed(source)
    assert (cost(address(dataset, "upper-case-extension")), cost(search, q="jpg")) == few


def test_names_are_shown_for_what_they_are() -> None:
    assert shown("a\u202egpj.exe") == "a⟨right-to-left override⟩gpj.exe"
    assert shown("a\nb\x07") == "a⟨line feed⟩b⟨u+0007⟩"
    assert shown("ünï/☃😀 深.tiff") == "ünï/☃😀 深.tiff"


def test_findings_of_gone_files(
    login: Login, alice: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    memory.put("a.jpg", "b.jpg")
    indexed(source)
    memory.remove("a.jpg")
    index = indexed(source)
    assert findings(index, Topic.GONE) == ["a.jpg"]
    html = login(alice).get(address(dataset, "gone")).content.decode()
    assert names_in(html) == ["a.jpg"]
    assert "Files that are gone" in html
