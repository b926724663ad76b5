"""/v1/datasets/{id}/contents/reading."""

from __future__ import annotations

import pytest

from datasets.models import Dataset
from datasources.models import Datasource
from jobs.models import Job
from teams.models import User
from tests.conftest import Call
from tests.contents.api.test_contents import Contents, contents
from tests.contents.index.conftest import sent, source
from tests.contents.index.memory import indexed
from tests.contents.media.making import jpeg, video
from tests.contents.reading.reading import Shelf, shelf_of
from tests.jobs.helpers import work_off

__all__ = ["contents", "sent", "source"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch, source: Datasource) -> Shelf:
    made = shelf_of(monkeypatch)
    for number in range(12):
        made.write(f"{number:02}.jpg", jpeg((640, 480)))
    made.fill(broken__jpg=jpeg((640, 480))[:1500], film__mp4=video())
    return made


def test_from_nothing_to_all(
    contents: Contents, call: Call, bob: User, shelf: Shelf, source: Datasource, dataset: Dataset
) -> None:
    assert contents.refusal("/reading")[0] == 404
    assert contents.script.post(f"{contents.path}/reading", {}).status_code == 404
    indexed(source)
    state = contents.get("/reading")
    assert (state["opened"], state["all"], state["share"], state["job"]) == (0, 14, 0.0, None)
    assert state["left"]["files"] == state["left"]["requests"] == 14
    assert call(bob).post(f"{contents.path}/reading", {}).status_code == 403

    answer = contents.script.post(f"{contents.path}/reading?files=5", {})
    job = Job.objects.get(kind="contents.reading")
    assert (answer.status_code, answer.json()) == (202, {"id": job.pk, "isNew": True})
    assert contents.script.post(f"{contents.path}/reading?depth=ALL", {}).json() == {"id": job.pk, "isNew": False}
    assert contents.get("/reading")["job"]["message"] == "Waiting for a worker"
    work_off(job)
    state = contents.get("/reading")
    assert (state["opened"], state["job"]["state"], state["job"]["message"]) == (5, "DONE", "5 files opened")
    assert contents.get("/overview")["index"]["shareRead"] == 5 / 14

    contents.script.post(f"{contents.path}/reading?depth=ALL", {})
    work_off(Job.objects.filter(kind="contents.reading").latest("created_at"))
    state = contents.get("/reading")
    assert (state["opened"], state["share"], state["left"]) == (14, 1.0, {"files": 0, "requests": 0, "bytes": 0})
    assert [(row["label"], row["files"]) for row in state["resolutions"]] == [("640 x 480", 13), ("160 x 96", 1)]
    assert [(row["label"], row["files"]) for row in state["widths"]] == [("256", 1), ("1024", 13)]
    assert [(row["label"], row["files"]) for row in state["durations"]] == [("10", 1)]
    assert [row["label"] for row in state["codecs"] + state["rates"] + state["modes"]] == ["h264", "25", "RGB"]
    assert (state["seconds"], state["frames"]) == (2.4, 60)


def test_its_problems(contents: Contents, shelf: Shelf, source: Datasource) -> None:
    indexed(source)
    assert contents.get("/problems")["problems"] == []
    contents.script.post(f"{contents.path}/reading?depth=ALL", {})
    work_off(Job.objects.get(kind="contents.reading"))
    told = {row["problem"]: row for row in contents.get("/problems")["problems"]}
    assert {name: (row["files"], row["lookedAt"], row["share"]) for name, row in told.items()} == {
        "truncated": (1, 14, 1.0),
        "slow-start": (1, 1, 1.0),
    }
    (file,) = contents.get("/files", problem="truncated")["files"]
    assert (file["fileName"], file["detail"]) == ("broken.jpg", "")


def test_pause(contents: Contents, shelf: Shelf, source: Datasource) -> None:
    indexed(source)
    assert contents.script.post(f"{contents.path}/reading/pause", {}).json() == {"isPaused": False}
    contents.script.post(f"{contents.path}/reading", {})
    assert contents.script.post(f"{contents.path}/reading/pause", {}).json() == {"isPaused": True}
    assert contents.get("/reading")["job"]["state"] == "CANCELLED"


@pytest.mark.parametrize("query", ["depth=SOME", "files=0", "files=10001", "files=x", "datasource=OTHER"])
def test_wrong_parameters(contents: Contents, source: Datasource, query: str) -> None:
    answer = contents.script.post(f"{contents.path}/reading?{query}", {})
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["error"]


def test_the_datasource_leads_elsewhere_by_now(contents: Contents, shelf: Shelf, source: Datasource) -> None:
    indexed(source)
    Datasource.objects.update(path="s3://acme-raw/other/")
    answer = contents.script.post(f"{contents.path}/reading", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "DATASET_DATASOURCE_UNKNOWN")
