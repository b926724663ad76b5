"""Pages of a gallery: every image once, in order of names, however they lie."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from contents.gallery import queries
from contents.gallery.queries import Chosen, Found, Range, flat, in_folder, neighbours
from contents.models import FileKind, Finding, Index, IndexedFile, Problem
from datasets.models import Dataset
from datasources.models import Datasource
from tests.contents.index.memory import UNHURRIED, connected, made_index

pytestmark = pytest.mark.django_db
IMAGES = Chosen((int(FileKind.IMAGE),))
VIDEOS = Chosen((int(FileKind.VIDEO),))


def walked(index: Index, chosen: Chosen, limit: int) -> list[str]:
    names: list[str] = []
    after = ""
    while True:
        found = flat(index, chosen, after, limit=limit)
        assert len(found.files) <= limit
        names += [file.key for file in found.files]
        if not found.next:
            return names
        assert found.next > after
        after = found.next


def levels(index: Index, folder: str, limit: int, chosen: Chosen = Chosen()) -> tuple[list[str], list[str]]:  # noqa: B008
    """Folders and files of one level, page by page."""
    folders: list[str] = []
    files: list[str] = []
    after, pages = "", 0
    while pages < 1000:
        pages += 1
        found: Found = in_folder(index, chosen, folder, after, limit=limit)
        folders += found.folders
        files += [file.key for file in found.files]
        if not found.next:
            return folders, files
        after = found.next
    raise AssertionError("no end")


def thousand() -> list[str]:
    return [f"{'abc'[number % 3]}/{number % 7}/{number:04}.{'jpg' if number % 10 else 'mp4'}" for number in range(1000)]


def test_a_thousand_in_order(source: Datasource) -> None:
    names = thousand()
    index = made_index(source, names)
    assert walked(index, Chosen(), 60) == sorted(names)
    assert walked(index, VIDEOS, 7) == sorted(name for name in names if name.endswith("mp4"))
    assert walked(index, Chosen(prefix="b/3/"), 5) == sorted(name for name in names if name.startswith("b/3/"))


def test_few_among_many(source: Datasource, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bounded time: what was not reached is on the next page."""
    names = [f"{number:04}.txt" for number in range(1000)] + ["0500.jpg", "9999.jpg"]
    index = made_index(source, names)
    assert walked(index, IMAGES, 10) == ["0500.jpg", "9999.jpg"]
    monkeypatch.setattr(queries, "NAMES_AT_ONCE", 50)
    assert walked(index, IMAGES, 10) == ["0500.jpg", "9999.jpg"]
    monkeypatch.setattr(queries, "SEARCH_SECONDS", 0.0)
    first = flat(index, IMAGES, "", limit=10)
    assert (first.files, first.next != "") == ([], True)
    assert walked(index, IMAGES, 10) == ["0500.jpg", "9999.jpg"]


def test_lightlys_own_folder_is_passed_over(source: Datasource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "NAMES_AT_ONCE", 50)
    names = [f".lightly/predictions/boxes/{number:04}.json" for number in range(2000)]
    index = made_index(source, [*names, "+.jpg", ".lightly.jpg", ".lightly0.jpg", "a.jpg"])
    with CaptureQueriesContext(connection) as asked:
        found = flat(index, Chosen(), "", limit=10)
    assert [file.key for file in found.files] == ["+.jpg", ".lightly.jpg", ".lightly0.jpg", "a.jpg"]
    assert len(asked) <= 4
    with CaptureQueriesContext(connection) as asked:
        assert levels(index, "", 10) == ([], ["+.jpg", ".lightly.jpg", ".lightly0.jpg", "a.jpg"])
    assert len(asked) <= 6


def test_by_problem(source: Datasource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "FINDINGS_AT_ONCE", 9)
    names = [f"{number:03}.{'JPG' if number % 3 else 'txt'}" for number in range(100)]
    index = made_index(source, names)
    Finding.objects.bulk_create(Finding(index=index, what=Problem.TWIN, key=name, size=1, modified=1) for name in names)
    chosen = Chosen(problem=int(Problem.TWIN))
    expected = [name for name in names if name.endswith("JPG")]
    assert walked(index, chosen, 7) == expected
    assert walked(index, Chosen(problem=int(Problem.TINY)), 7) == []
    assert neighbours(index, chosen, "001.JPG") == ("", "002.JPG")
    assert neighbours(index, chosen, "002.JPG") == ("001.JPG", "004.JPG")


_sizes = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=30)
_ends = st.one_of(st.none(), st.integers(0, 9))


@UNHURRIED
@given(rows=_sizes, ends=st.tuples(_ends, _ends, _ends, _ends), limit=st.integers(1, 5))
def test_sizes_and_times_against_every_row(
    dataset: Dataset, rows: list[tuple[int, int, bool]], ends: tuple[int | None, ...], limit: int
) -> None:
    source = Datasource.objects.filter(dataset=dataset).first() or connected(dataset)
    Index.objects.all().delete()
    names = [f"{'a' if is_first else 'b'}/{number:02}.jpg" for number, (_, _, is_first) in enumerate(rows)]
    index = made_index(source, names)
    for name, (size, modified, _) in zip(names, rows, strict=True):
        IndexedFile.objects.filter(index=index.pk, key=name).update(size=size, modified=modified)
    sizes, times = Range(ends[0], ends[1]), Range(ends[2], ends[3])
    fitting = sorted(
        name
        for name, (size, modified, _) in zip(names, rows, strict=True)
        if (sizes.least is None or size >= sizes.least)
        and (sizes.most is None or size <= sizes.most)
        and (times.least is None or modified >= times.least)
        and (times.most is None or modified <= times.most)
    )
    chosen = Chosen(sizes=sizes, times=times)
    assert walked(index, chosen, limit) == fitting
    assert walked(index, chosen._replace(prefix="a/"), limit) == [name for name in fitting if name.startswith("a/")]
    for before, behind in pairwise(fitting):
        assert neighbours(index, chosen, before)[1] == behind
        assert neighbours(index, chosen, behind)[0] == before
    if fitting:
        assert neighbours(index, chosen, fitting[0])[0] == ""
        assert neighbours(index, chosen, fitting[-1])[1] == ""


def test_few_of_a_size_are_found_in_steps(source: Datasource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page looks at so many names. It says how far it came, and the next one goes on there."""
    names = [f"{number:04}.jpg" for number in range(500)]
    index = made_index(source, names)
    IndexedFile.objects.filter(index=index.pk, key__in=["0100.jpg", "0450.jpg"]).update(size=7)
    monkeypatch.setattr(queries, "NAMES_AT_ONCE", 50)
    monkeypatch.setattr(queries, "SEARCH_SECONDS", 0.0)
    chosen = Chosen(sizes=Range(7, 7))
    first = flat(index, chosen, "", limit=10)
    assert (first.files, first.is_stopped, first.next > "") == ([], True, True)
    assert walked(index, chosen, 10) == ["0100.jpg", "0450.jpg"]
    monkeypatch.setattr(queries, "SEARCH_SECONDS", 60.0)
    assert neighbours(index, chosen, "0100.jpg") == ("", "0450.jpg")
    assert neighbours(index, chosen, "0450.jpg") == ("0100.jpg", "")
    found = flat(index, chosen, "", limit=10)
    assert ([file.key for file in found.files], found.next, found.is_stopped) == (["0100.jpg", "0450.jpg"], "", False)


def test_sizes_with_a_problem(source: Datasource) -> None:
    index = made_index(source, ["1.JPG", "2.JPG", "3.JPG"])
    IndexedFile.objects.filter(index=index.pk, key="2.JPG").update(size=7)
    chosen = Chosen(problem=int(Problem.UPPER_CASE), sizes=Range(None, 10))
    assert walked(index, chosen, 2) == ["2.JPG"]


def test_folders_are_skipped_in_one_step(source: Datasource) -> None:
    names = [f"{folder:02}/{number:03}.jpg" for folder in range(20) for number in range(150)]
    index = made_index(source, [*names, "00.jpg", "zz.mp4"])
    with CaptureQueriesContext(connection) as asked:
        found = in_folder(index, Chosen(), "", "", limit=60)
    assert list(found.folders) == [f"{folder:02}/" for folder in range(20)]
    assert [file.key for file in found.files] == ["00.jpg", "zz.mp4"]
    assert found.next == ""
    assert len(asked) <= 24
    assert levels(index, "07/", 60) == ([], [f"07/{number:03}.jpg" for number in range(150)])
    assert levels(index, "nothing/", 60) == ([], [])


_part = st.text(alphabet="ab/0.\U0010ffff~é", min_size=1, max_size=5)
_names = st.lists(_part.map(lambda text: f"{text}.jpg"), unique=True, max_size=25)


@UNHURRIED
@given(names=_names, limit=st.integers(1, 6))
def test_every_level_of_any_tree(dataset: Dataset, names: list[str], limit: int) -> None:
    """Names with empty parts, and with the last character there is."""
    source = Datasource.objects.filter(dataset=dataset).first() or connected(dataset)
    Index.objects.all().delete()
    index = made_index(source, names)
    queue, seen = [""], []
    while queue:
        folder = queue.pop()
        folders, files = levels(index, folder, limit)
        assert len(set(folders)) == len(folders)
        queue += folders
        seen += files
    assert sorted(seen) == sorted(name for name in names if not name.startswith(".lightly/"))
    assert walked(index, Chosen(), limit) == sorted(names, key=str.encode)


def test_neighbours(source: Datasource) -> None:
    names = thousand()
    index = made_index(source, names)
    ordered = sorted(names)
    for before, behind in list(pairwise(ordered))[:20]:
        assert neighbours(index, Chosen(), before)[1] == behind
        assert neighbours(index, Chosen(), behind)[0] == before
    assert neighbours(index, Chosen(), ordered[0])[0] == ""
    assert neighbours(index, Chosen(), ordered[-1])[1] == ""
    with CaptureQueriesContext(connection) as asked:
        neighbours(index, Chosen(prefix="a/"), "a/0/0000.mp4")
    assert len(asked) <= 3
