"""The page that tests relevant filenames: from a file or a pasted text to what each line matches, and a correction."""

from __future__ import annotations

from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds import Cause, Failure, StoreError
from contents.index import services as indexing
from contents.models import Index, IndexState, RelevantTest
from contents.relevant_tests import saving, services, testing
from datasets.models import Dataset
from datasources.models import CheckState, Datasource, PermissionCheck, Purpose
from jobs.models import Job, JobState
from teams.models import User
from tests.conftest import Call, Login
from tests.contents.index.memory import UNHURRIED, connected, indexed, made_index
from tests.contents.support import READING, connect
from tests.jobs.helpers import work_off
from tests.servers import WORKING_RIGHTS, Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
NAMES = ["day/1.jpg", "day/2.jpg", "night/1.jpg", "night/2.png", "root.jpg", "clip.mp4"]
TEXT = "day/*\nday/1.jpg\n/night/1.jpg\nnight/3.jpg\n  root.jpg\n"
FIXED = "day/*\nday/1.jpg\nnight/1.jpg\nnight/3.jpg\nroot.jpg\n"


def page(dataset: Dataset, name: str = "relevant") -> str:
    return reverse(f"contents:{name}", args=[dataset.pk])


@pytest.fixture
def raw(dataset: Dataset) -> Datasource:
    source = connected(dataset)
    made_index(source, NAMES)
    return source


def outcome_of(client: Client, dataset: Dataset, **form: str) -> tuple[RelevantTest, str]:
    """The test of what was sent, when a worker has done it, and the page then."""
    assert client.post(page(dataset), form).status_code == 302
    job = Job.objects.get(kind=services.KIND, relevant_test__isnull=False)
    assert "The file is being tested" in client.get(page(dataset)).content.decode()
    work_off(job)
    return RelevantTest.objects.get(), client.get(page(dataset)).content.decode()


def test_a_pasted_text(login: Login, alice: User, dataset: Dataset, raw: Datasource) -> None:
    client = login(alice)
    test, html = outcome_of(client, dataset, text=TEXT)
    outcome = test.outcome
    assert (outcome["files"], outcome["relevant"]) == (5, 3)  # a video is no sample here
    assert [(line["number"], line["matches"], line["new"]) for line in outcome["lines"]] == [
        (1, 2, 2), (2, 1, 0), (3, 0, 0), (4, 0, 0), (5, 1, 1),
    ]  # fmt: skip
    assert "3 of 5 files are relevant" in html
    assert "1 folder falls out as a whole" in html
    assert "none of 2" in html
    assert "A line matches no file." in html
    assert "/night/1.jpg" in html
    assert bytes(test.text) == b""  # the text is not kept
    assert client.get(page(dataset, "download_relevant")).content.decode() == FIXED
    strip = client.get(page(dataset, "relevant_progress")).content.decode()
    assert "hx-trigger" not in strip


def test_a_text_that_is_right(login: Login, alice: User, dataset: Dataset, raw: Datasource) -> None:
    client = login(alice)
    test, html = outcome_of(client, dataset, text="day/*\nroot.jpg\n")
    assert not test.outcome["changed"]
    assert "Corrected file" not in html
    assert client.get(page(dataset, "download_relevant")).status_code == 404
    response = client.post(page(dataset, "save_relevant"), {"name": ".lightly/x.txt"})
    assert (response.status_code, "Test one first." in response.content.decode()) == (422, True)


def test_many_lines(
    login: Login, alice: User, dataset: Dataset, raw: Datasource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "MOST_LINES", 3)
    lines = [f"day/{number}.jpg" for number in range(1, 8)]
    test, html = outcome_of(login(alice), dataset, text="\r\n".join(lines))
    assert (test.outcome["lines_count"], len(test.outcome["lines"])) == (7, 3)
    assert "The first 3 of 7 lines." in html
    assert {finding["line"] for finding in test.outcome["findings"]} == {1, 4, 5, 6, 7}
    assert "Lines end as on Windows (CR LF)." in html


@pytest.mark.usefixtures("endpoints")
@pytest.mark.parametrize("provider", ["S3", "AZURE", "GCS", "OBS", "S3Compatible"])
def test_a_file_is_read_and_its_correction_written(
    login: Login, alice: User, dataset: Dataset, clouds: dict[str, Cloud], provider: str, raw: Datasource
) -> None:
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    cloud.put(bucket, "out/.lightly/relevant.txt", TEXT.encode())
    cloud.put(bucket, "out/.lightly/taken.txt", b"something else")
    indexed(connect(dataset, Purpose.LIGHTLY, cloud.grant(bucket, "out/", WORKING_RIGHTS)))
    client = login(alice)
    assert '<option value=".lightly/relevant.txt">' in client.get(page(dataset)).content.decode()
    _, html = outcome_of(client, dataset, path=".lightly/relevant.txt")
    assert 'value=".lightly/relevant-corrected.txt"' in html

    def written(name: str) -> tuple[Job, str]:
        assert client.post(page(dataset, "save_relevant"), {"name": name}).status_code == 302
        job = Job.objects.filter(kind=saving.KIND).order_by("-created_at", "-pk").first()
        assert job
        work_off(job)
        return job, client.get(page(dataset)).content.decode()

    job, html = written(".lightly/taken.txt")
    assert job.state == JobState.FAILED
    assert "There is another file called .lightly/taken.txt. Nothing was written" in html
    job, html = written(".lightly/relevant-corrected.txt")
    assert (job.state, job.error) == (JobState.DONE, "")
    assert "Written to .lightly/relevant-corrected.txt" in html
    written(".lightly/relevant-corrected.txt")  # of the same content: harmless
    store = connect_again(dataset)
    assert store(".lightly/relevant-corrected.txt") == FIXED.encode()
    assert store(".lightly/relevant.txt") == TEXT.encode()
    assert store(".lightly/taken.txt") == b"something else"


def connect_again(dataset: Dataset) -> Any:
    """Reads files of the Lightly datasource."""
    from contents.annotation_reports.files import IndexFiles
    from contents.annotation_reports.opening import place_of

    index = Index.objects.get(datasource__purpose=Purpose.LIGHTLY)
    return lambda name: IndexFiles(index.pk, place_of(index)).read(name, 1000)


class TestRefusals:
    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({}, "Choose a file, or paste its lines."),
            ({"text": "  \n"}, "Choose a file, or paste its lines."),
            ({"text": "x" * 1_000_001}, "This is more than 1 MB."),
            ({"path": "relevant.txt"}, "below .lightly/ only"),
            ({"path": ".lightly/../secret"}, "below .lightly/ only"),
            ({"path": ".lightly/a\nb"}, "below .lightly/ only"),
            ({"path": ".lightly/" + "x" * 1000}, "below .lightly/ only"),
            ({"path": ".lightly/x.txt"}, "The Lightly datasource is not connected yet."),
        ],
    )
    def test_what_was_sent(
        self, login: Login, alice: User, dataset: Dataset, raw: Datasource, form: dict[str, str], words: str
    ) -> None:
        response = login(alice).post(page(dataset), form)
        assert response.status_code == 422
        assert words in response.content.decode()
        assert not RelevantTest.objects.exists()

    def test_without_a_listing(self, login: Login, alice: User, dataset: Dataset) -> None:
        client = login(alice)
        assert "The Input datasource is not indexed yet" in client.get(page(dataset)).content.decode()
        response = client.post(page(dataset), {"text": "a.jpg"})
        assert (response.status_code, RelevantTest.objects.exists()) == (422, False)

    @pytest.mark.parametrize(
        "name",
        ["x.txt", ".lightly/../x", ".lightly//x", ".lightly/predictions/x.txt", ".lightly/metadata/x", "",
         ".lightly/a\x07b", ".lightly/" + "x" * 1000],
    )  # fmt: skip
    def test_names_to_write_to(self, login: Login, alice: User, dataset: Dataset, raw: Datasource, name: str) -> None:
        client = login(alice)
        outcome_of(client, dataset, text=TEXT)
        connected(dataset, Purpose.LIGHTLY)
        response = client.post(page(dataset, "save_relevant"), {"name": name})
        assert response.status_code == 422
        assert "For example: .lightly/relevant-2.txt" in response.content.decode()

    def test_a_red_bulb(self, login: Login, alice: User, dataset: Dataset, raw: Datasource) -> None:
        client = login(alice)
        outcome_of(client, dataset, text=TEXT)
        lightly = connected(dataset, Purpose.LIGHTLY)
        verdicts = {name: {"state": "granted", "summary": ""} for name in ("list", "read", "overwrite")}
        verdicts["write"] = {"state": "denied", "summary": "s3:PutObject is not allowed"}
        lightly.latest_check = PermissionCheck.objects.create(
            datasource=lightly, revision=0, provider="S3", path=lightly.path, state=CheckState.DONE, verdicts=verdicts
        )
        lightly.save()
        response = client.post(page(dataset, "save_relevant"), {"name": ".lightly/new.txt"})
        assert response.status_code == 422
        assert "The bulb Write of the Lightly datasource is red: s3:PutObject" in response.content.decode()

    def test_who_may(
        self, login: Login, alice: User, bob: User, charlie: User, dataset: Dataset, raw: Datasource
    ) -> None:
        outcome_of(login(alice), dataset, text=TEXT)
        assert "3 of 5" not in login(bob).get(page(dataset)).content.decode()  # each has their own
        assert login(bob).post(page(dataset), {"text": TEXT}).status_code == 403
        assert login(bob).post(page(dataset, "save_relevant"), {"name": ".lightly/x"}).status_code == 403
        assert login(charlie).get(page(dataset)).status_code == 404


class TestWhatGoesWrong:
    @pytest.mark.usefixtures("endpoints")
    def test_a_file_that_is_not_there(
        self, login: Login, alice: User, dataset: Dataset, clouds: dict[str, Cloud], raw: Datasource
    ) -> None:
        cloud = clouds["S3"]
        bucket = cloud.make_bucket()
        cloud.put(bucket, "out/x", b"x")
        indexed(connect(dataset, Purpose.LIGHTLY, cloud.grant(bucket, "out/", READING)))
        _, html = outcome_of(login(alice), dataset, path=".lightly/nothing.txt")
        assert "The test failed" in html
        assert ".lightly/nothing.txt can&#x27;t be read" in html

    @pytest.mark.parametrize("trouble", [MemoryError, SoftTimeLimitExceeded])
    def test_too_much(
        self,
        login: Login,
        alice: User,
        dataset: Dataset,
        raw: Datasource,
        monkeypatch: pytest.MonkeyPatch,
        trouble: type[BaseException],
    ) -> None:
        def hostile(*_: object) -> None:
            raise trouble

        monkeypatch.setattr(testing, "check_relevant_filenames", hostile)
        _, html = outcome_of(login(alice), dataset, text="a")
        assert "takes too much time or memory" in html

    def test_a_storage_that_denies_the_write(
        self, login: Login, alice: User, dataset: Dataset, raw: Datasource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def denied(*_: object) -> None:
            raise StoreError(Failure(Cause.DENIED, "AccessDenied", 403))

        monkeypatch.setattr(saving, "_write", denied)
        client = login(alice)
        outcome_of(client, dataset, text=TEXT)
        connected(dataset, Purpose.LIGHTLY)
        client.post(page(dataset, "save_relevant"), {"name": ".lightly/new.txt"})
        job = Job.objects.get(kind=saving.KIND)
        work_off(job)
        assert (job.state, "s3:PutObject" in job.error) == (JobState.FAILED, True)

    def test_a_listing_stays_while_it_is_tested(
        self, login: Login, alice: User, dataset: Dataset, raw: Datasource
    ) -> None:
        login(alice).post(page(dataset), {"text": TEXT})
        Index.objects.update(state=IndexState.OLD)
        assert indexing.tidy(10)
        assert Index.objects.exists()
        work_off(Job.objects.get())
        indexing.tidy(10)
        assert not Index.objects.exists()


@settings(UNHURRIED, max_examples=60)
@given(content=st.binary(max_size=80) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_no_content_ends_a_test(content: bytes, dataset: Dataset, alice: User, raw: Datasource) -> None:
    job, _ = services.start(dataset, by=alice, text="a.jpg")
    RelevantTest.objects.update(text=content)
    work_off(job)
    assert job.state == JobState.DONE, job.error
    outcome = RelevantTest.objects.get().outcome
    is_text = content.decode("utf-8-sig", "replace").encode() == content.removeprefix(b"\xef\xbb\xbf")
    assert outcome["files"] == (5 if is_text else 0)
    assert is_text or not outcome["changed"]


def test_old_ones_go(dataset: Dataset, alice: User, raw: Datasource) -> None:
    services.start(dataset, by=alice, text="a.jpg")
    services.tidy()
    assert RelevantTest.objects.exists()
    RelevantTest.objects.update(created_at="2020-01-01T00:00:00Z")
    services.tidy()
    assert not RelevantTest.objects.exists()


def test_the_same_for_scripts(call: Call, alice: User, bob: User, dataset: Dataset, raw: Datasource) -> None:
    script, path = call(alice), f"/v1/datasets/{dataset.pk}/contents/relevantFilenames"
    assert script.get(path).status_code == script.get(f"{path}/corrected").status_code == 404
    refused = script.post(path, {"path": ".lightly/relevant.txt"})
    assert (refused.status_code, refused.json()["code"]) == (422, "MALFORMED_REQUEST")
    started = script.post(path, {"text": TEXT})
    assert (started.status_code, started.json()["isNew"]) == (202, True)
    state = script.get(path).json()
    assert (state["path"], state["outcome"], state["writing"]) == ("", None, None)
    assert state["job"]["id"] == started.json()["id"]
    work_off(Job.objects.get(pk=started.json()["id"]))
    outcome = script.get(path).json()["outcome"]
    assert (outcome["files"], outcome["relevant"], outcome["linesCount"]) == (5, 3, 5)
    assert [line["matches"] for line in outcome["lines"]] == [2, 1, 0, 0, 1]
    assert ("relevant-nothing", 4) in {(note["rule"], note["line"]) for note in outcome["notes"]}
    assert {folder["folder"]: folder["relevant"] for folder in outcome["folders"]} == {"day": 2, "night": 0, "": 1}
    assert outcome["isCorrected"]
    assert script.get(f"{path}/corrected").content.decode() == FIXED
    refused = script.post(f"{path}/corrected", {"name": ".lightly/better.txt"})
    assert refused.status_code == 422  # there is no Lightly datasource to write to
    assert call(bob).get(path).status_code == 404  # everybody has tests of their own
