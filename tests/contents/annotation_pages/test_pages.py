"""The Annotations page: from never checked to a report with its findings, their filters and exports."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contents.annotation_pages import findings
from contents.annotation_reports import services
from contents.annotations.catalogue import RULES
from contents.annotations.findings import Notes
from contents.annotations.report import Report
from contents.models import AnnotationReport, ReportDepth
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs.models import Job, JobState
from teams.models import AuditAction, AuditEntry, User
from tests.conftest import Login
from tests.contents.annotation_reports.support import checked, made_report, ready, spoilt
from tests.contents.annotations.trees import M, P
from tests.contents.index.memory import connected, made_index
from tests.servers import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
ODD = "<b>odd</b>\u202e"


def page(dataset: Dataset, name: str = "annotations", *arguments: str) -> str:
    return reverse(f"contents:{name}", args=[dataset.pk, *arguments])


def html_of(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def sources(dataset: Dataset) -> tuple[Datasource, Datasource]:
    """Listed, with an image and annotations of it."""
    raw, lightly = connected(dataset), connected(dataset, Purpose.LIGHTLY)
    made_index(raw, ["street/1.jpg", "street/2.jpg", "clip.mp4"])
    made_index(lightly, [f"{P}tasks.json", f"{P}boxes/schema.json", f"{P}boxes/street/1.json"])
    return raw, lightly


def report_with(sources: tuple[Datasource, Datasource], *found: tuple[str, str, str]) -> AnnotationReport:
    """Findings: rule, path, what was found there."""
    report = Report()
    report.task("boxes")
    for rule, path, what in found:
        notes = Notes(path)
        notes.add(RULES[rule], found=what)
        report.add_findings(notes)
    raw, lightly = (datasource.indexes.get() for datasource in sources)
    return made_report(raw, lightly, report)


def test_never_checked(login: Login, alice: User, bob: User, dataset: Dataset, sources: object) -> None:
    html = html_of(login(alice), page(dataset))
    assert "Predictions and metadata were not checked yet" in html
    assert ".lightly/" in html
    assert "Check a sample" in html
    assert "Check a sample" not in html_of(login(bob), page(dataset))  # who may only look


def test_what_is_missing_is_said(login: Login, alice: User, dataset: Dataset) -> None:
    client = login(alice)
    html = html_of(client, page(dataset))
    assert "The Input datasource is not connected yet." in html
    assert reverse("datasources:wizard", args=[dataset.pk, "input"]) in html
    assert "Check a sample" not in html
    response = client.post(page(dataset, "check_annotations"), follow=True)
    assert "The Input datasource is not connected yet." in response.content.decode()
    made_index(connected(dataset), ["a.jpg"])
    assert "The Lightly datasource is not connected yet." in html_of(client, page(dataset))
    assert not Job.objects.exists()


def test_names_are_listed_first(login: Login, alice: User, dataset: Dataset) -> None:
    """One click: nobody has to know that a check needs an index."""
    made_index(connected(dataset), ["a.jpg"])
    connected(dataset, Purpose.LIGHTLY)
    client = login(alice)
    assert "Check a sample" in html_of(client, page(dataset))
    response = client.post(page(dataset, "check_annotations"), headers={"HX-Request": "true"})
    html = response.content.decode()
    assert "First the names are listed: 0 so far" in html
    job = Job.objects.get(kind="contents.index")
    assert reverse("jobs:cancel", args=[job.pk]) in html
    assert not Job.objects.filter(kind=services.KIND).exists()
    Job.objects.update(state=JobState.FAILED, error="The secret access key is wrong.")
    html = html_of(client, page(dataset))
    assert "The last check failed" in html
    assert "The secret access key is wrong." in html


def test_starting_a_check(login: Login, alice: User, dataset: Dataset, sources: object) -> None:
    client = login(alice)
    response = client.post(page(dataset, "check_annotations"), {"reading": "ALL"}, headers={"HX-Request": "true"})
    html = response.content.decode()
    assert "The annotations are being checked" in html
    assert "Waiting for a worker" in html
    (job,) = Job.objects.filter(kind=services.KIND)
    assert (job.requested_by, job.annotation_report.reading) == (alice, ReportDepth.ALL)
    assert client.post(page(dataset, "check_annotations"), {"reading": "SAMPLE"}).status_code == 302
    assert Job.objects.filter(kind=services.KIND).count() == 1
    assert client.post(page(dataset, "check_annotations"), {"reading": "HALF"}).status_code == 400
    strip = client.get(page(dataset, "annotations_progress"), headers={"HX-Request": "true"}).content.decode()
    assert "Waiting for a worker" in strip
    assert reverse("jobs:cancel", args=[job.pk]) in strip
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, error="The storage is down.")
    ended = client.get(page(dataset, "annotations_progress"), headers={"HX-Request": "true"})
    assert ended["HX-Retarget"] == "#annotations"
    assert "The storage is down." in ended.content.decode()


@pytest.mark.usefixtures("endpoints")
def test_a_report_of_a_real_bucket(login: Login, alice: User, clouds: dict[str, Cloud], dataset: Dataset) -> None:
    ready(clouds["S3"], dataset, spoilt())
    report = checked(dataset)
    client = login(alice)
    html = html_of(client, page(dataset))
    assert f"{report.errors} errors" in html
    for row in report.summary["rules"]:
        assert row["rule"] in html
    assert "object-detection" in html
    assert "boxes by score" in html
    assert "scene.weather" in html
    assert "rain" in html
    assert "<rect" in html
    listed = html_of(client, page(dataset, "annotation_findings"))
    assert "category_id is not an id of the schema." in unescape(listed)
    assert "line 5, column" in listed
    link = re.search(r'href="([^"]*file/[^"]*)"', listed)
    assert link
    shown = client.get(unescape(link[1]))
    assert shown.status_code == 200
    assert parse_qs(urlsplit(unescape(link[1])).query)["key"][0].startswith("street/")


def test_an_empty_report_teaches(
    login: Login, alice: User, dataset: Dataset, sources: tuple[Datasource, Datasource]
) -> None:
    raw, lightly = (datasource.indexes.get() for datasource in sources)
    made_report(raw, lightly)
    assert "There are no predictions and no metadata yet" in html_of(login(alice), page(dataset))


def test_newer_listings_are_told(
    login: Login, alice: User, dataset: Dataset, sources: tuple[Datasource, Datasource]
) -> None:
    report_with(sources)
    client = login(alice)
    assert "was listed again since" not in html_of(client, page(dataset))
    AnnotationReport.objects.update(lightly_index=1_000_000)
    assert "was listed again since" in html_of(client, page(dataset))


class TestFindings:
    def test_page_by_page(
        self,
        login: Login,
        alice: User,
        dataset: Dataset,
        sources: tuple[Datasource, Datasource],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(findings, "PAGE_SIZE", 10)
        paths = [f"{P}boxes/{number:03}.json" for number in range(35)]
        report_with(sources, *(("score", path, "7") for path in paths))
        client, address = login(alice), page(dataset, "annotation_findings")
        html, found = html_of(client, address), []
        while True:
            found += re.findall(r"\.lightly/predictions/boxes/\d+\.json", html)
            link = re.search(r'rel="next" href="(\?[^"]*)"', html)
            if not link:
                break
            html = html_of(client, address + unescape(link[1]))
        assert found == paths
        assert "To the beginning" in html

    def test_filters(self, login: Login, alice: User, dataset: Dataset, sources: tuple[Datasource, Datasource]) -> None:
        report_with(
            sources,
            ("score", f"{P}boxes/street/1.json", "98"),
            ("box-outside", f"{P}boxes/street/2.json", "far"),
            ("metadata-value", f"{M}street/1.json", "fast"),
        )
        client = login(alice)

        def rules(**query: str) -> set[str]:
            html = html_of(client, page(dataset, "annotation_findings"), **query)
            return set(re.findall(r'<p class="finding__rule muted"><code>([^<]*)', html))

        assert rules() == {"score", "box-outside", "metadata-value"}
        assert rules(severity="warning") == {"box-outside"}
        assert rules(rule="score") == {"score"}
        assert rules(task="boxes") == {"score", "box-outside"}
        assert rules(task="(metadata)") == {"metadata-value"}
        assert rules(task="boxes", severity="error") == {"score"}
        assert rules(task="\0") == set(rules())
        assert rules(severity="nonsense", rule="none", after="x") == rules()
        assert rules(task="nothing like this") == set()

    def test_the_way_to_the_file(
        self, login: Login, alice: User, dataset: Dataset, sources: tuple[Datasource, Datasource]
    ) -> None:
        report_with(
            sources,
            ("score", f"{P}boxes/street/1.json", "98"),
            ("score", f"{P}boxes/gone.json", "98"),
            ("sample-no-prediction", "street/2.jpg", "boxes: street/2.json"),
            ("schema-key", f"{P}boxes/schema.json", "colour"),
        )
        html = html_of(login(alice), page(dataset, "annotation_findings"))
        assert sorted(re.findall(r"/file/\?key=([^\"]*)", html)) == ["street%2F1.jpg", "street%2F2.jpg"]

    def test_what_files_say_is_shown_for_what_it_is(
        self, login: Login, alice: User, dataset: Dataset, sources: tuple[Datasource, Datasource]
    ) -> None:
        report_with(sources, ("score", f"{P}boxes/{ODD}.json", ODD))
        client = login(alice)
        for html in (html_of(client, page(dataset)), html_of(client, page(dataset, "annotation_findings"))):
            assert ODD not in html
            assert "\u202e" not in html
        assert "&lt;b&gt;odd&lt;/b&gt;" in html

    def test_csv_and_json(
        self, login: Login, alice: User, dataset: Dataset, sources: tuple[Datasource, Datasource]
    ) -> None:
        report_with(
            sources,
            ("score", f"{P}boxes/=1.json", '=HYPERLINK("http://x")'),
            ("box-outside", f"{P}boxes/2.json", "+1"),
        )
        client = login(alice)
        told = client.get(page(dataset, "export_annotation_findings", "csv"))
        rows = list(csv.reader(io.StringIO(b"".join(told).decode(), newline="")))
        assert rows[0] == findings.COLUMNS
        assert [row[7] for row in rows[1:]] == ['\'=HYPERLINK("http://x")', "'+1"]
        told = client.get(page(dataset, "export_annotation_findings", "json"), {"severity": "warning"})
        (found,) = json.loads(b"".join(told))
        assert (found["rule"], found["severity"], found["task"], found["line"]) == (
            "box-outside",
            "warning",
            "boxes",
            0,
        )
        told = client.get(page(dataset, "export_annotation_findings", "json"), {"task": "none"})
        assert json.loads(b"".join(told)) == []
        assert AuditEntry.objects.filter(action=AuditAction.EXPORTED).count() == 3

    def test_without_a_report(self, login: Login, alice: User, dataset: Dataset, sources: object) -> None:
        client = login(alice)
        assert client.get(page(dataset, "annotation_findings")).status_code == 404
        assert client.get(page(dataset, "export_annotation_findings", "csv")).status_code == 404


def test_the_cost_does_not_grow(
    login: Login, alice: User, dataset: Dataset, sources: tuple[Datasource, Datasource]
) -> None:
    client = login(alice)

    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            html_of(client, address)
        return len(caught)

    report = report_with(sources, *(("score", f"{P}boxes/{number}.json", "98") for number in range(60)))
    html_of(client, page(dataset))
    few = cost(page(dataset)), cost(page(dataset, "annotation_findings"))
    report.delete()
    report_with(sources, *(("score", f"{P}boxes/{number}.json", "98") for number in range(300)))
    assert (cost(page(dataset)), cost(page(dataset, "annotation_findings"))) == few


def test_who_sees_it(
    login: Login, bob: User, charlie: User, dataset: Dataset, sources: tuple[Datasource, Datasource]
) -> None:
    report_with(sources, ("score", f"{P}boxes/street/1.json", "98"))
    addresses = [
        page(dataset),
        page(dataset, "annotation_findings"),
        page(dataset, "export_annotation_findings", "csv"),
    ]
    for address in addresses:
        assert login(bob).get(address).status_code == 200
        assert login(charlie).get(address).status_code == 404
    assert login(bob).post(page(dataset, "check_annotations")).status_code == 403
