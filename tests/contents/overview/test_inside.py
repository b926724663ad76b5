"""What the Contents tab says of the insides of files: how much it rests on, what more would cost, and who may ask."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contents.index import services as index_services
from contents.models import Depth, Reading
from contents.reading import services
from contents.templatetags.contents_names import share_words
from datasets.models import Dataset
from datasources.models import Datasource
from jobs.models import Job, JobShard, JobState
from teams.models import User
from tests.conftest import Login
from tests.contents.index.memory import indexed
from tests.contents.media.making import encoded, jpeg, picture, video
from tests.contents.reading.reading import Shelf, begun, read, reading_of, shelf_of
from tests.jobs.helpers import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch, source: Datasource) -> Shelf:
    made = shelf_of(monkeypatch)
    for number in range(30):
        made.write(f"{number:02}.jpg", jpeg((640, 480)))
    made.fill(broken__jpg=jpeg((640, 480))[:1500], wrong__jpg=encoded(picture(), "PNG"), notes__txt=b"x" * 200)
    made.fill(film__mp4=video(options={"movflags": "faststart"}))
    indexed(source)
    return made


def address(dataset: Dataset, name: str = "contents", *more: str) -> str:
    return reverse(f"contents:{name}", args=[dataset.pk, "input", *more])


def page(client: Client, dataset: Dataset) -> str:
    return text_of(client.get(address(dataset)).content)


def text_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", content.decode())


class TestWhatItRestsOn:
    def test_nothing_was_opened(self, login: Login, alice: User, dataset: Dataset, shelf: Shelf) -> None:
        html = page(login(alice), dataset)
        assert "0 of 33 images and videos were opened." in html
        assert "No file was opened: whether they can be decoded is not known yet." in html
        assert "What is inside" not in html
        # A sample has 200 files, which is more than there are.
        assert "Open all 33…" in html
        assert "Open a sample" not in html

    def test_a_sample(self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf) -> None:
        index_services.choose_depth(team=dataset.team, depth=Depth.LISTING, sample=10)
        client = login(alice)
        assert "Open a sample of 10" in page(client, dataset)
        read(source, 10)
        html = page(client, dataset)
        assert "10 of 33 images and videos were opened (30 %)." in html
        assert "The others may have problems that nobody has seen yet." in html
        assert "rests on 10 of 33 files" in html
        assert "Open the 23 that are left…" in html

    def test_all(self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf) -> None:
        read(source)
        html = page(login(alice), dataset)
        assert "33 of 33 images and videos were opened (all)." in html
        assert "nobody has seen yet" not in html
        assert "The videos opened have 60 frames and last 2 seconds together." in html
        for words in ("640 x 480", "By true format", "h264", "1 second to 10 seconds", "512 to 1,024 pixels"):
            assert words in html, words
        assert "File that breaks off" in html
        assert "of 33 opened" in html
        assert "of 34 listed" in html
        assert "Open the" not in html

    def test_files_that_were_not_there(
        self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf
    ) -> None:
        del shelf.contents["03.jpg"]
        read(source)
        assert "It was not there any more: 1 file" in page(login(alice), dataset)

    def test_share_words_never_round_up_to_all(self) -> None:
        assert [share_words(x) for x in (0, 0.2, 1.26, 99.96, 100)] == ["none", "under 1 %", "1.2 %", "99 %", "all"]


class TestActing:
    def test_what_it_costs_is_said_first(
        self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf
    ) -> None:
        client = login(alice)
        html = text_of(client.get(address(dataset, "read-all"), headers=HTMX).content)
        assert "33 images and videos are read from the storage: about 33 requests" in html
        assert "You can pause at any time." in html
        assert services.job_of(source) is None
        response = client.post(address(dataset, "read-all"), headers=HTMX)
        assert response["HX-Redirect"] == address(dataset)
        job = services.job_of(source)
        assert job
        assert job.arguments["sample"] == 0
        work_off(job)
        assert reading_of(source).files == 33

    def test_from_sample_to_the_end(
        self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf
    ) -> None:
        index_services.choose_depth(team=dataset.team, depth=Depth.LISTING, sample=10)
        client = login(alice)
        response = client.post(address(dataset, "read-sample"), headers=HTMX)
        html = text_of(response.content)
        assert html.strip().startswith('<section class="card contents__progress" id="reading"')
        assert "Waiting for a worker" in html
        job = services.job_of(source)
        assert job
        Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, started_at=timezone.now(), done=4, total=10)
        html = text_of(client.get(address(dataset, "reading"), headers=HTMX).content)
        assert "4 of 10 files opened" in html
        assert 'max="100" value="40"' in html
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, done=0)
        work_off(job)
        response = client.get(address(dataset, "reading"), headers=HTMX)
        assert response["HX-Retarget"] == "#contents"
        html = text_of(response.content)
        assert 'data-announce="The files were opened."' in html
        assert "10 of 33 images and videos were opened" in html

    def test_paused(self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf) -> None:
        job = begun(source)
        client = login(alice)
        assert address(dataset, "pause") in page(client, dataset)
        html = text_of(client.post(address(dataset, "pause"), headers=HTMX).content)
        assert "Paused. What was read is kept: go on whenever you like." in html
        assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED
        assert "What was read is kept." in text_of(client.post(address(dataset, "pause"), follow=True).content)

    def test_failed(self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf) -> None:
        begun(source)
        JobShard.objects.update(cursor={"stage": "read", "after": "", "until": "", "end": 0})
        Job.objects.update(state=JobState.FAILED, error="The secret access key is wrong.")
        html = page(login(alice), dataset)
        assert "Opening the files failed" in html
        assert "The secret access key is wrong." in html

    def test_who_may_only_look(
        self, login: Login, alice: User, bob: User, dataset: Dataset, source: Datasource, shelf: Shelf
    ) -> None:
        job = begun(source)
        client = login(bob)
        html = page(client, dataset)
        assert "Waiting for a worker" in html
        assert address(dataset, "pause") not in html
        assert client.post(address(dataset, "pause")).status_code == 403
        work_off(job)
        Reading.objects.all().delete()
        html = page(client, dataset)
        assert "0 of 33 images and videos were opened." in html
        assert "Open all" not in html
        for name in ("read-sample", "read-all"):
            assert client.post(address(dataset, name)).status_code == 403

    def test_without_an_index(self, login: Login, alice: User, dataset: Dataset, source: Datasource) -> None:
        client = login(alice)
        for name in ("read-sample", "read-all", "pause"):
            assert client.post(address(dataset, name)).status_code == 404


class TestProblemPages:
    def test_what_was_seen(self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf) -> None:
        read(source)
        client = login(alice)
        html = text_of(client.get(address(dataset, "files", "wrong-extension")).content)
        assert "Looked for in 33 of 33 files that may have it (all)." in html
        assert '<td data-label="What was seen">PNG</td>' in html
        assert "wrong.jpg" in html
        csv = client.get(address(dataset, "export", "wrong-extension", "csv")).getvalue().decode()
        assert csv.splitlines()[1].endswith(",PNG")
        assert csv.startswith("name,bytes,modified,group,detail")
        told = json.loads(client.get(address(dataset, "export", "wrong-extension", "json")).getvalue())
        assert [(row["name"], row["detail"]) for row in told] == [("wrong.jpg", "PNG")]

    def test_as_a_filter_of_the_gallery(
        self, login: Login, alice: User, dataset: Dataset, source: Datasource, shelf: Shelf
    ) -> None:
        read(source)
        html = text_of(login(alice).get(address(dataset, "gallery") + "?problem=truncated").content)
        assert "broken.jpg" in html
        assert "05.jpg" not in html
