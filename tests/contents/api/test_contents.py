"""/v1/datasets/{id}/contents."""

from __future__ import annotations

from typing import Any

import pytest

from contents.labels import rows
from contents.labels.naming import Labelled, of_category, of_value
from contents.models import Problem
from contents.problems.words import PROBLEMS
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs.models import Job
from teams.models import User
from tests.conftest import Call
from tests.contents.annotation_reports.support import made_report
from tests.contents.index.conftest import memory, sent, source
from tests.contents.index.memory import Memory, connected, entry_of, indexed, made_index
from tests.jobs.helpers import work_off

__all__ = ["memory", "sent", "source"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


class Contents:
    def __init__(self, script: Any, dataset: Dataset) -> None:
        self.script = script
        self.path = f"/v1/datasets/{dataset.pk}/contents"

    def get(self, path: str = "", **query: str) -> Any:
        answer = self.script.get(self.path + path, query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def refusal(self, path: str, **query: str) -> tuple[int, str]:
        answer = self.script.get(self.path + path, query)
        return answer.status_code, answer.json()["error"]

    def all(self, **query: str) -> list[str]:
        found: list[str] = []
        after = ""
        while True:
            page = self.get("/files", **query, after=after)
            found += [file["fileName"] for file in page["files"]]
            after = page["next"]
            if not after:
                return found


@pytest.fixture
def contents(call: Call, alice: User, dataset: Dataset) -> Contents:
    return Contents(call(alice), dataset)


def test_from_nothing_to_an_index(
    contents: Contents, call: Call, bob: User, memory: Memory, source: Datasource, dataset: Dataset
) -> None:
    assert contents.get() == {"datasource": "INPUT", "index": None, "job": None}
    assert contents.refusal("/overview")[0] == 404
    memory.put("a.jpg")
    assert call(bob).post(f"{contents.path}/index", {}).status_code == 403
    answer = contents.script.post(f"{contents.path}/index", {})
    job = Job.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"id": job.pk, "isNew": True})
    assert contents.script.post(f"{contents.path}/index", {}).json() == {"id": job.pk, "isNew": False}
    state = contents.get()
    assert state["job"] == {
        "id": job.pk, "state": "QUEUED", "found": 0, "percent": None, "message": "Waiting for a worker", "error": "",
    }  # fmt: skip
    work_off(job)
    state = contents.get()
    assert (state["job"]["state"], state["job"]["message"]) == ("DONE", "1 file found")
    index = state["index"]
    assert index.pop("completedAt") > 1_700_000_000_000
    assert index == {
        "path": "s3://acme-raw/street/", "files": 1, "bytes": 2000, "shareListed": 1.0, "shareRead": 0.0,
        "isOfThisPlace": True,
    }  # fmt: skip


def test_the_overview(contents: Contents, memory: Memory, source: Datasource) -> None:
    memory.put("b/a.jpg", "b/b.jpg", "c.heic", entry_of("noextension", size=0), entry_of("x.mp4", size=2 * 10**9))
    indexed(source)
    found = contents.get("/overview")
    assert found["kinds"] == [
        {"label": "IMAGE", "files": 2, "bytes": 4000},
        {"label": "OTHER", "files": 2, "bytes": 2000},
        {"label": "VIDEO", "files": 1, "bytes": 2 * 10**9},
    ]
    assert [row["label"] for row in found["extensions"]] == ["jpg", "heic", "mp4", "none"]
    assert [(row["label"], row["files"]) for row in found["folders"]] == [("/", 3), ("b/", 2)]
    assert [(row["label"], row["files"]) for row in found["sizes"]] == [("1", 1), ("10000", 3), ("", 1)]
    assert found["months"] == [{"label": "2023-11", "files": 5, "bytes": 2 * 10**9 + 6000}]
    assert found["unsupported"] == [{"label": "heic", "files": 1, "bytes": 2000}]
    assert (found["oldest"], found["newest"], found["unprocessed"]) == (1_700_000_000, 1_700_000_000, 3)


def test_problems_and_changes(contents: Contents, memory: Memory, source: Datasource) -> None:
    memory.put("a.JPG", entry_of("b.jpg", size=0), "c.heic")
    indexed(source)
    found = contents.get("/problems")
    assert [(row["problem"], row["severity"], row["files"]) for row in found["problems"]] == [
        ("zero-bytes", "error", 1),
        ("unsupported", "warning", 1),
        ("upper-case-extension", "hint", 1),
    ]
    assert found["problems"][0]["fix"] == "Upload it again, or delete it."
    assert found["changes"] == []
    memory.put("d.jpg")
    memory.remove("a.JPG")
    indexed(source)
    assert [(row["problem"], row["files"]) for row in contents.get("/problems")["changes"]] == [("new", 1), ("gone", 1)]


class TestFiles:
    def test_all_page_by_page(self, contents: Contents, memory: Memory, source: Datasource) -> None:
        names = [f"dir{number % 3}/{number}.jpg" for number in range(25)] + ["ü.mp4", "😀.txt"]
        memory.put(*names)
        indexed(source)
        assert contents.all(limit="10") == sorted(names)
        assert contents.all(limit="9", prefix="dir1/") == sorted(name for name in names if name.startswith("dir1/"))
        assert contents.all(kind="VIDEO") == ["ü.mp4"]
        assert contents.all(problem="unsupported", limit="1") == ["😀.txt"]
        assert contents.all(contains="R2/1", limit="2") == sorted(name for name in names if "r2/1" in name)

    def test_narrowed_down(self, contents: Contents, memory: Memory, source: Datasource, dataset: Dataset) -> None:
        """By size and time, with a problem, and by what a report says: images and videos alone."""
        memory.put(
            *(entry_of(f"{size}.jpg", size=1000 * size, modified=1_700_000_000 + size) for size in range(1, 9)),
            entry_of("film.MP4", size=4000),
            entry_of("notes.txt", size=4000),
        )
        index = indexed(source)
        assert contents.all(minBytes="3000", maxBytes="5000", limit="2") == ["3.jpg", "4.jpg", "5.jpg", "film.MP4"]
        assert contents.all(minBytes="3000", maxBytes="5000", kind="VIDEO") == ["film.MP4"]
        assert contents.all(minBytes="1", problem="upper-case-extension") == ["film.MP4"]
        assert contents.all(modifiedFrom="1700000007") == ["7.jpg", "8.jpg"]
        assert contents.all(modifiedTo="1700000001", prefix="1") == ["1.jpg"]
        assert contents.all(task="boxes", category="1") == []  # nobody has checked
        report = made_report(index, made_index(connected(dataset, Purpose.LIGHTLY), []))
        found = [Labelled(of_category("boxes", 1), "2.jpg"), Labelled(of_value("weather", "wet"), "3.jpg")]
        rows.store(report.pk, found)
        assert contents.all(task="boxes", category="1") == ["2.jpg"]
        assert contents.all(task="boxes", category="2") == []
        assert contents.all(metadataPath="weather", metadataValue="wet") == ["3.jpg"]
        assert contents.all(metadataPath="weather", metadataValue="wet", minBytes="9000") == []

    def test_groups(self, contents: Contents, memory: Memory, source: Datasource) -> None:
        memory.put(entry_of("a.jpg", digest="d"), entry_of("b.jpg", digest="d"), "c.jpg")
        indexed(source)
        one, other = contents.get("/files", problem=PROBLEMS[Problem.SAME_CONTENT].slug)["files"]
        assert one["group"] == other["group"] != ""
        assert contents.get("/files")["files"][0]["group"] == ""

    @pytest.mark.parametrize(
        ("query", "error"),
        [
            ({"problem": "hidden", "kind": "IMAGE"}, "problem, kind, contains: only one of them at a time."),
            ({"contains": "a", "prefix": "b"}, "contains, prefix: only one of them at a time."),
            ({"contains": "a", "minBytes": "1"}, "contains: not together with sizes, times, task or metadataPath."),
            ({"task": "boxes"}, "category: needed with task, the id of a category of its schema."),
            ({"task": "a", "category": "1", "metadataPath": "b"}, "task, metadataPath: only one of them at a time."),
            ({"minBytes": "-1"}, "minBytes: Input should be greater than or equal to 0"),
            ({"problem": "no-such"}, "problem: Input should be 'zero-bytes'"),
            ({"limit": "0"}, "limit: Input should be greater than or equal to 1"),
            ({"datasource": "BOTH"}, "datasource: Input should be 'INPUT' or 'LIGHTLY'"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, contents: Contents, memory: Memory, source: Datasource, query: dict[str, str], error: str
    ) -> None:
        indexed(source)
        status, told = contents.refusal("/files", **query)
        assert (status, told[: len(error)]) == (400, error)


def test_no_such_datasource(contents: Contents, source: Datasource) -> None:
    status, error = contents.refusal("", datasource="LIGHTLY")
    assert (status, error) == (404, "The dataset has no Lightly datasource. Configure one first.")
