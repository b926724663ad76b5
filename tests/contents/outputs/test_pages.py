"""The page of thumbnails and frames: what it says, what it costs, and what it starts; and the same over REST."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contents.frames import parts as frame_parts
from contents.frames.parts import Choice
from contents.models import WrittenFrame
from contents.outputs.services import start_frames, start_thumbnails
from contents.places import Hindrance, words_of
from contents.thumbnails import parts as thumbnail_parts
from datasets.models import Dataset
from datasources.models import Datasource
from jobs.models import Job, JobState
from teams.models import User
from tests.conftest import Call, Login
from tests.contents.index.memory import indexed
from tests.contents.media.making import jpeg, video
from tests.contents.thumbnails.buckets import Bucket
from tests.jobs.helpers import work_off

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("endpoints", "sent"),
    pytest.mark.parametrize("storage", ["S3"], indirect=True),
]


@pytest.fixture
def filled(bucket: Bucket) -> Bucket:
    bucket.put("in/a.jpg", jpeg((640, 480)))
    bucket.put("in/broken.jpg", b"<html>")
    bucket.put("in/street/clip.mp4", video(frames=30))
    bucket.put("in/=odd.mp4", video(frames=5))
    indexed(bucket.input)
    return bucket


@pytest.fixture
def page(filled: Bucket, login: Login, alice: User) -> Page:
    return Page(login(alice), filled.dataset)


class Page:
    def __init__(self, client: Client, dataset: Dataset) -> None:
        self.client, self.dataset = client, dataset

    def address(self, name: str) -> str:
        return reverse(f"contents:{name}", args=[self.dataset.pk, "lightly"])

    def text(self, name: str = "outputs", **query: str) -> str:
        response = self.client.get(self.address(name), query)
        assert response.status_code == 200
        return str(response.content.decode())

    def post(self, name: str, status: int = 302, **data: Any) -> str:
        response = self.client.post(self.address(name), data)
        assert response.status_code == status, response.content.decode()
        return str(response.content.decode())


def newest(kind: str) -> Job:
    return Job.objects.filter(kind=kind).latest("created_at")


def test_thumbnails_from_the_button_to_the_result(page: Page) -> None:
    assert "Write thumbnails of all 4 files…" in page.text()
    question = page.text("write-thumbnails")
    assert "4 images and videos are read" in question
    assert "requests and" in question
    assert not Job.objects.filter(kind=thumbnail_parts.KIND).exists()
    page.post("write-thumbnails")
    job = newest(thumbnail_parts.KIND)
    working = page.text("thumbnails")
    assert "Waiting for a worker" in working
    assert "hx-get" in working
    assert "Write thumbnails of all" not in working
    work_off(job)
    done = page.text("thumbnails")
    assert "It is no image or video that can be shown" in done
    assert "broken.jpg" in done
    assert "hx-trigger" not in done
    assert page.text().count("<dd>3 (") == 1
    page.post("write-thumbnails")  # somebody may look again
    assert newest(thumbnail_parts.KIND).pk != job.pk
    page.post("write-thumbnails")
    assert Job.objects.filter(kind=thumbnail_parts.KIND).count() == 2  # one at a time


def test_frames_by_numbers_from_a_file(page: Page) -> None:
    upload = SimpleUploadedFile("numbers.txt", b"\xef\xbb\xbf0\r\n3-4  # the crossing\r\n29, 28", "text/plain")
    question = page.post("write-frames", 200, numbers_file=upload, videos="street/clip.mp4", format="jpg")
    assert "Frames 0, 3-4, 28-29" in question
    assert "at most" in question
    assert not Job.objects.filter(kind=frame_parts.KIND).exists()
    page.post("write-frames", confirmed="1", numbers="0, 3-4, 28-29", videos="\r\nstreet/clip.mp4", format="jpg")
    job = work_off(newest(frame_parts.KIND))
    assert job.state == JobState.DONE, job.error
    assert Choice.of(job.arguments["choice"]) == Choice(0, ((0, 0), (3, 4), (28, 29)), ("street/clip.mp4",), "jpg")
    listed = page.text("frame-list")
    assert listed.count("street/clip-") == 5
    assert "List of the 5 frames" in page.text()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Choose either every n-th frame or numbers"),
        ({"every": "5", "numbers": "1"}, "Choose either every n-th frame or numbers"),
        ({"every": "0"}, "greater than or equal to 1"),
        ({"every": "x"}, "whole number"),
        ({"numbers": "1, two"}, "Line 1: “two” is no number"),
        ({"numbers": "1\n9-3"}, "Line 2: “9-3” ends before it begins"),
        ({"numbers": "99999999"}, "no video has a frame 99999999"),
        ({"every": "5", "videos": "a.jpg"}, "has no video of this name: a.jpg"),
        ({"every": "5", "format": "bmp"}, "This is not one of the choices"),
        ({"numbers_file": SimpleUploadedFile("x.txt", b"\xff\xfe\x00")}, "no text file in UTF-8"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_beside_the_field(page: Page, data: dict[str, Any], words: str) -> None:
    assert words in page.post("write-frames", 422, **data)
    assert not Job.objects.filter(kind=frame_parts.KIND).exists()


def test_why_nothing_can_be_written(page: Page, filled: Bucket) -> None:
    Datasource.objects.filter(pk=filled.lightly.pk).update(latest_check=None)
    text = page.text()
    assert text.count(words_of(Hindrance.UNWRITABLE)) == 2
    assert "Write thumbnails of all" not in text
    assert "See what it costs" not in text
    page.post("write-thumbnails")
    page.post("write-frames", every="5")
    assert not Job.objects.exclude(kind="contents.index").exists()
    assert words_of(Hindrance.UNWRITABLE) in page.text()


def test_who_may_only_look_sees_no_button(page: Page, login: Login, bob: User) -> None:
    page.client = login(bob)
    text = page.text()
    assert "Thumbnails" in text
    assert "Write thumbnails of all" not in text
    assert "See what it costs" not in text


def written(filled: Bucket, alice: User) -> None:
    job, _ = start_frames(filled.dataset, Choice(every=4), by=alice)
    work_off(job)


def test_the_list_as_csv(page: Page, filled: Bucket, alice: User) -> None:
    written(filled, alice)
    response = page.client.get(page.address("frame-csv"))
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode())))
    assert len(rows) == WrittenFrame.objects.count() == 2 + 8
    assert rows[0]["video"] == "'=odd.mp4"  # no formula
    assert rows[0]["frame"] == "'=odd-0-mp4.png"
    assert rows[3] == {
        "video": "street/clip.mp4",
        "number": "4",
        "frame": "street/clip-04-mp4.png",
        "key": ".lightly/frames/street/clip-04-mp4.png",
        "prediction": "street/clip-04-mp4.json",
        "frames": "30",
        "width": "160",
        "height": "96",
        "bytes": rows[3]["bytes"],
    }
    assert page.text("frame-list", prefix="street/").count("street/clip-") == 8
    assert "begins so" in page.text("frame-list", prefix="nothing")


def test_over_rest(filled: Bucket, call: Call, alice: User) -> None:
    script, path = call(alice), f"/v1/datasets/{filled.dataset.pk}/contents"
    state = script.get(f"{path}/thumbnails").json()
    assert state["hindrance"] == ""
    assert (state["cost"]["files"], state["newest"]) == (4, None)
    started = script.post(f"{path}/thumbnails", {})
    assert started.status_code == 202
    assert started.json()["isNew"]
    assert not script.post(f"{path}/thumbnails", {}).json()["isNew"]
    assert script.post(f"{path}/thumbnails/cancel", {}).json() == {"isCancelled": True}
    assert script.post(f"{path}/thumbnails/cancel", {}).json() == {"isCancelled": False}
    work_off(start_thumbnails(filled.dataset, by=alice)[0])
    found = script.get(f"{path}/thumbnails").json()["newest"]
    assert (found["written"], found["fresh"], found["job"]["state"]) == (3, 0, "DONE")
    assert [(row["reason"], row["files"], row["examples"]) for row in found["failed"]] == [
        ("other_content", 1, ["broken.jpg"])
    ]
    assert script.post(f"{path}/frames", {"every": 10}).status_code == 202
    work_off(newest(frame_parts.KIND))
    assert script.get(f"{path}/frames/state").json()["written"] == 4
    first = script.get(f"{path}/frames", {"limit": "3"}).json()
    rest = script.get(f"{path}/frames", {"limit": "3", "after": first["next"]}).json()
    names = [row["frameName"] for row in first["frames"] + rest["frames"]]
    assert names == ["=odd-0-mp4.png", *(f"street/clip-{number:02}-mp4.png" for number in (0, 10, 20))]
    assert (rest["next"], rest["frames"][0]["prediction"]) == ("", "street/clip-20-mp4.json")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"every": 5, "numbers": "1"}, 400),
        ({"numbers": "1-x"}, 400),
        ({"every": 0}, 400),
        ({"every": 5, "format": "gif"}, 400),
        ({"every": 5, "videos": ["a\0b"]}, 400),
    ],
    ids=str,
)
def test_wrong_bodies(filled: Bucket, call: Call, alice: User, body: dict[str, Any], status: int) -> None:
    path = f"/v1/datasets/{filled.dataset.pk}/contents/frames"
    assert call(alice).post(path, body).status_code == status
    assert not Job.objects.filter(kind=frame_parts.KIND).exists()


def test_over_rest_it_says_why_not(filled: Bucket, call: Call, alice: User) -> None:
    Datasource.objects.filter(pk=filled.lightly.pk).update(latest_check=None)
    script, path = call(alice), f"/v1/datasets/{filled.dataset.pk}/contents"
    for name, body in (("thumbnails", {}), ("frames", {"every": 5})):
        answer = script.post(f"{path}/{name}", body)
        assert (answer.status_code, answer.json()["error"]) == (422, words_of(Hindrance.UNWRITABLE))


def test_a_read_url_leads_to_the_thumbnail_while_it_is_fresh(filled: Bucket, call: Call, alice: User) -> None:
    script, path = call(alice), f"/v1/datasets/{filled.dataset.pk}/contents/readurl"
    query = {"fileName": "a.jpg", "type": "thumbnail"}
    full = script.get(path, query).json()
    assert (full["type"], full["thumbName"]) == ("full", None)
    assert "/in/a.jpg" in full["readUrl"]
    work_off(start_thumbnails(filled.dataset, by=alice)[0])
    small = script.get(path, query).json()
    assert (small["type"], small["thumbName"]) == ("thumbnail", ".lightly/thumbnails/a_thumb.jpg")
    assert "/out/.lightly/thumbnails/a_thumb.jpg" in small["readUrl"]
    filled.put("in/a.jpg", jpeg((100, 100)))
    indexed(filled.input)
    assert script.get(path, query).json()["type"] == "full"
    assert script.get(path, {"fileName": "a.jpg"}).json()["type"] == "full"
