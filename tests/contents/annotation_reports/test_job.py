"""A check of annotations from start to end: it finds what the command finds, once, whoever dies in between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds import Cause, Failure, StoreError
from contents import tidying
from contents.annotation_reports import files, opening, parts, planning, services
from contents.annotation_reports.services import Missing, RefusedError
from contents.index import services as indexing
from contents.models import (
    AnnotationFinding,
    AnnotationPart,
    AnnotationReport,
    FileFacts,
    Index,
    IndexedFile,
    IndexState,
    InsideProblem,
    Reading,
    ReadState,
    ReportDepth,
)
from datasets.models import Dataset, DatasetType
from datasources.models import CheckState, PermissionCheck, Purpose
from jobs import lifecycle, tasks
from jobs import services as jobs
from jobs.models import Job, JobState, ShardState
from jobs.runners import Slice
from tests.contents.annotation_reports.support import (
    SPOILT,
    checked,
    current,
    findings_of,
    ready,
    rows,
    spoilt,
    stored_findings,
)
from tests.contents.annotations.trees import Files, M, P, Tree, good, png
from tests.contents.index.memory import UNHURRIED, connected, indexed, made_index
from tests.jobs.helpers import end_pauses, expire_leases, work_off
from tests.servers import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]


@pytest.fixture
def s3(clouds: dict[str, Cloud]) -> Cloud:
    return clouds["S3"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many shards and slices for few files."""
    monkeypatch.setattr(planning, "NAMES_OF_A_SHARD", 2)
    monkeypatch.setattr(parts, "MOST_NAMES", 2)
    monkeypatch.setattr(parts, "MOST_READ", 2)
    monkeypatch.setattr(parts, "SPARE_SECONDS", 1000.0)
    monkeypatch.setattr(files, "PAGE", 3)
    monkeypatch.setattr(files, "LOOKED_UP", 3)


def snapshot(report: AnnotationReport) -> tuple[Any, ...]:
    counts = [report.files, report.read, report.errors, report.warnings, report.hints]
    return counts, report.summary, stored_findings(report), [row.task for row in rows(report)]


def test_it_finds_what_the_command_finds(s3: Cloud, dataset: Dataset) -> None:
    tree = spoilt()
    ready(s3, dataset, tree)
    report = checked(dataset)
    assert stored_findings(report) == findings_of(tree.report())
    assert {row["rule"] for row in stored_findings(report)} >= SPOILT
    whole = tree.report()
    assert (report.files, report.read) == (whole.files, whole.read)
    assert [row.number for row in rows(report)] == list(range(1, report.errors + report.warnings + report.hints + 1))
    tasks_of = {row.rule: row.task for row in rows(report)}
    assert tasks_of["category-unknown"] == "boxes"
    assert tasks_of["metadata-value"] == "(metadata)"
    assert report.summary["sized"] > 0
    (job,) = Job.objects.filter(kind=services.KIND)
    assert job.done == job.total
    assert not AnnotationPart.objects.exists()


@pytest.mark.usefixtures("small")
def test_in_many_parts_it_finds_the_same(s3: Cloud, dataset: Dataset) -> None:
    tree = spoilt()
    for number in range(3, 12):
        tree.samples[f"street/{number}.png"] = png()
        tree.files[f"{P}boxes/street/{number}.json"] = {"predictions": [{"category_id": number}]}
    ready(s3, dataset, tree)
    report = checked(dataset)
    assert stored_findings(report) == findings_of(tree.report())
    shards = Job.objects.get(kind=services.KIND).shards
    assert shards.filter(cursor__of=planning.PREDICTIONS, cursor__task=1).count() > 3
    assert shards.filter(cursor__of=planning.SAMPLES).count() > 3


@pytest.mark.usefixtures("small")
def test_each_shard_dies_once_and_it_finds_the_same(s3: Cloud, dataset: Dataset) -> None:
    """The slice is done, but its worker dies before it can store what it found; another one does it again."""
    ready(s3, dataset, spoilt())
    undisturbed = snapshot(checked(dataset))
    job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
    died: set[int] = set()
    while waiting := list(job.shards.filter(state=ShardState.QUEUED).order_by("number")):
        for shard in waiting:
            if shard.number in died:
                continue
            mine = lifecycle.claim(shard.pk, "dies")
            assert mine
            mine.runner.run(Slice(mine.job, shard.number, mine.shard.cursor, 0))
            died.add(shard.number)
        expire_leases()
        lifecycle.take_back_lost()
        for shard in waiting:
            tasks.run_slice(shard.pk)
    job.refresh_from_db()
    assert (job.state, len(died)) == (JobState.DONE, job.shards.count())
    assert len(died) > 10
    assert snapshot(current(job)) == undisturbed


def test_a_sample_of_many_files(s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SAMPLE_FILES", 10)
    tree = good()
    for number in range(3, 200):
        tree.samples[f"street/{number}.png"] = png()
        tree.files[f"{P}labels/street/{number}.json"] = {"predictions": []}
    ready(s3, dataset, tree)
    report = checked(dataset, reading=ReportDepth.SAMPLE)
    task = next(each for each in report.summary["tasks"] if each["name"] == "labels")
    assert task["files"] == 199
    assert 2 <= task["read"] <= 25
    others = [each for each in report.summary["tasks"] if each["name"] != "labels"]
    assert {(each["files"], each["read"]) for each in others} == {(2, 2)}
    assert snapshot(checked(dataset, reading=ReportDepth.SAMPLE)) == snapshot(report)


def test_the_old_report_is_read_until_the_new_one_is_there(s3: Cloud, dataset: Dataset) -> None:
    lightly = ready(s3, dataset, good())
    first = checked(dataset)
    job, is_new = services.start(dataset, reading=ReportDepth.SAMPLE, by=None)
    assert is_new
    assert services.start(dataset, reading=ReportDepth.SAMPLE, by=None) == (job, False)
    assert AnnotationReport.objects.get(datasource=lightly, state=IndexState.CURRENT) == first
    work_off(job)
    first.refresh_from_db()
    assert first.state == IndexState.OLD
    assert services.tidy(10)
    assert list(AnnotationReport.objects.all()) == [current(job)]


def test_rows_go_bit_by_bit(s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "ROWS_AT_ONCE", 2)
    lightly = ready(s3, dataset, spoilt())
    checked(dataset)
    assert AnnotationFinding.objects.count() > 5
    lightly.delete()
    assert AnnotationReport.objects.get().datasource is None
    assert not services.tidy(0)
    assert services.tidy(10)
    assert not AnnotationReport.objects.exists()
    assert not AnnotationFinding.objects.exists()


def test_listings_stay_while_they_are_looked_up(s3: Cloud, dataset: Dataset) -> None:
    lightly = ready(s3, dataset, good())
    job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
    old = Index.objects.get(datasource=lightly, state=IndexState.CURRENT)
    indexed(lightly)
    indexing.tidy(10)
    assert Index.objects.filter(pk=old.pk, state=IndexState.OLD).exists()
    work_off(job)
    assert job.state == JobState.DONE
    indexing.tidy(10)
    assert not Index.objects.filter(pk=old.pk).exists()
    assert not IndexedFile.objects.filter(index=old.pk).exists()


def test_cancelled(s3: Cloud, dataset: Dataset) -> None:
    ready(s3, dataset, good())
    job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
    tasks.run_slice(job.shards.get().pk)
    assert jobs.cancel(job)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert services.tidy(10)
    assert not AnnotationReport.objects.exists()
    assert not AnnotationPart.objects.exists()
    checked(dataset)


class TestWhatGoesWrong:
    def test_a_file_that_is_gone(self, s3: Cloud, dataset: Dataset) -> None:
        lightly = ready(s3, dataset, good())
        index = Index.objects.get(datasource=lightly)
        IndexedFile.objects.create(
            index=index, key=f"{P}boxes/street/3.json", size=9, modified=0, version="", storage_class="",
            archived=False, kind=3, extension="json", change=0, problems=0, content=0, twin=0,
        )  # fmt: skip
        report = checked(dataset)
        (finding,) = [row for row in stored_findings(report) if row["rule"] == "file-unreadable"]
        assert finding["path"] == f"{P}boxes/street/3.json"
        assert report.read == 20  # all others too

    @pytest.mark.parametrize("trouble", [MemoryError, SoftTimeLimitExceeded])
    def test_a_file_that_takes_too_much(
        self, s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, trouble: type[BaseException]
    ) -> None:
        ready(s3, dataset, good())
        honest = opening.Place.content

        def hostile(place: Any, store: Any, name: str, limit: int) -> Any:
            if name == f"{P}boxes/street/1.json":
                raise trouble
            return honest(place, store, name, limit)

        monkeypatch.setattr(opening.Place, "content", hostile)
        report = checked(dataset)
        (finding,) = [row for row in stored_findings(report) if row["rule"] == "file-unreadable"]
        assert (finding["path"], finding["found"]) == (f"{P}boxes/street/1.json", parts.TOO_MUCH)
        assert report.read == 19

    def test_a_file_that_ends_its_worker(self, s3: Cloud, dataset: Dataset) -> None:
        ready(s3, dataset, good())
        job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
        tasks.run_slice(job.shards.get().pk)
        shard = job.shards.get(cursor__of=planning.PREDICTIONS, cursor__task=1)
        for _ in range(2):  # once among others, once alone
            assert lifecycle.claim(shard.pk, "dies")
            expire_leases()
            lifecycle.take_back_lost()
        work_off(job)
        assert job.state == JobState.DONE, job.error
        found = [row for row in stored_findings(current(job)) if row["rule"] == "file-unreadable"]
        assert [row["path"] for row in found] == [f"{P}boxes/street/1.json"]

    def test_a_storage_that_fails(self, s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
        ready(s3, dataset, good())

        def failing(place: Any, store: Any, name: str, limit: int) -> Any:
            return place._fault(store, name, Failure(Cause.THROTTLED))

        monkeypatch.setattr(opening.Place, "content", failing)
        job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
        for _ in range(3):
            tasks.run_slice(job.shards.get().pk)
            end_pauses()
        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert "tried 3 times" in job.error

    def test_denied_files_among_others(self, s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
        ready(s3, dataset, good())
        honest = opening._beginning

        def denied(store: Any, key: str, limit: int) -> bytes:
            if key.endswith("boxes/street/2.json"):
                raise StoreError(Failure(Cause.DENIED, "AccessDenied", 403))
            return honest(store, key, limit)

        monkeypatch.setattr(opening, "_beginning", denied)
        found = [row for row in stored_findings(checked(dataset)) if row["rule"] == "file-unreadable"]
        assert [row["path"] for row in found] == [f"{P}boxes/street/2.json"]

    def test_credentials_that_end_in_the_middle(
        self, s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready(s3, dataset, good())
        job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
        tasks.run_slice(job.shards.get().pk)

        def denied(*_: object) -> bytes:
            raise StoreError(Failure(Cause.DENIED, "AccessDenied", 403))

        monkeypatch.setattr(opening, "_beginning", denied)
        monkeypatch.setattr(opening.Place, "_still_reads", lambda *_: False)
        work_off(job)
        assert job.state == JobState.FAILED
        assert "denied" in job.error.lower()

    def test_the_sizes_of_images_can_not_be_read(
        self, s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree = good()
        tree.samples = dict.fromkeys(tree.samples, b"no image at all")
        ready(s3, dataset, tree)
        report = checked(dataset)
        assert (report.summary["sized"], report.errors) == (0, 0)


class TestRefusals:
    def refused(self, dataset: Dataset) -> tuple[Missing, Purpose, str]:
        with pytest.raises(RefusedError) as caught:
            services.start(dataset, reading=ReportDepth.SAMPLE, by=None)
        refusal = caught.value.refusal
        assert str(caught.value) == refusal.sentence
        return refusal.missing, refusal.purpose, refusal.sentence

    def test_what_is_missing(self, dataset: Dataset) -> None:
        assert self.refused(dataset)[:2] == (Missing.DATASOURCE, Purpose.INPUT)
        raw = connected(dataset)
        assert self.refused(dataset)[:2] == (Missing.INDEX, Purpose.INPUT)
        made_index(raw, ["a.jpg"])
        assert self.refused(dataset)[:2] == (Missing.DATASOURCE, Purpose.LIGHTLY)
        lightly = connected(dataset, Purpose.LIGHTLY)
        assert self.refused(dataset)[:2] == (Missing.INDEX, Purpose.LIGHTLY)
        index = made_index(lightly, [f"{P}tasks.json"])
        Index.objects.filter(pk=index.pk).update(path="s3://elsewhere/")
        assert self.refused(dataset)[:2] == (Missing.INDEX_OF_THIS_PLACE, Purpose.LIGHTLY)
        Index.objects.filter(pk=index.pk).update(path=lightly.path)
        assert services.looks_at(dataset).refusal is None
        assert services.start(dataset, reading=ReportDepth.SAMPLE, by=None)[1]

    @pytest.mark.parametrize("permission", ["list", "read"])
    def test_a_red_bulb_is_named(self, dataset: Dataset, permission: str) -> None:
        made_index(connected(dataset), ["a.jpg"])
        lightly = connected(dataset, Purpose.LIGHTLY)
        made_index(lightly, [f"{P}tasks.json"])
        verdicts = {name: {"state": "granted", "summary": ""} for name in ("list", "read", "write", "overwrite")}
        verdicts[permission] = {"state": "denied", "summary": "s3:Something is not allowed"}
        check = PermissionCheck.objects.create(
            datasource=lightly, revision=0, provider="S3", path=lightly.path, state=CheckState.DONE, verdicts=verdicts
        )
        lightly.latest_check = check
        lightly.save()
        missing, purpose, words = self.refused(dataset)
        assert (missing, purpose) == (Missing.GREEN_BULB, Purpose.LIGHTLY)
        assert words.startswith(f"The bulb {permission.capitalize()} of the Lightly datasource is red: s3:Something")
        assert not AnnotationReport.objects.exists()

    def test_a_right_that_is_lost_since(self, s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
        ready(s3, dataset, good())

        def denied(*_: object) -> bytes:
            raise StoreError(Failure(Cause.DENIED, "AccessDenied", 403))

        monkeypatch.setattr(opening, "_beginning", denied)
        job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
        work_off(job)
        assert job.state == JobState.FAILED
        assert job.error

    def test_a_datasource_that_leads_elsewhere_meanwhile(self, s3: Cloud, dataset: Dataset) -> None:
        lightly = ready(s3, dataset, good())
        job, _ = services.start(dataset, reading=ReportDepth.ALL, by=None)
        type(lightly).objects.filter(pk=lightly.pk).update(path="s3://elsewhere/")
        work_off(job)
        assert (job.state, "Index it again" in job.error) == (JobState.FAILED, True)


LETTERS = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=12,
)
CONTENTS = st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode())
NAMED = st.sampled_from(
    [f"{P}tasks.json", f"{P}boxes/schema.json", f"{P}boxes/street/1.json", f"{P}labels/street/2.json",
     f"{M}schema.json", f"{M}street/1.json"]
)  # fmt: skip


@settings(UNHURRIED, max_examples=40)
@given(changes=st.dictionaries(NAMED, CONTENTS, max_size=4))
def test_no_content_ends_a_check(changes: dict[str, bytes], dataset: Dataset, fuzzed: Any) -> None:
    """Whatever stands in the files. They are in memory here; that storages give them is tested above."""
    tree = good()
    tree.files.update(changes)
    fuzzed(tree.lightly())
    report = checked(dataset)
    assert report.summary["rules"] == json.loads(json.dumps(report.summary["rules"]))
    assert report.files >= 3


@pytest.fixture
def fuzzed(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Any:
    tree = good()
    made_index(connected(dataset), list(tree.samples))
    made_index(connected(dataset, Purpose.LIGHTLY), list(tree.files))

    def use(source: Files) -> None:
        monkeypatch.setattr(
            opening.Place, "side_by_side", lambda self, work, things: [work(None, thing) for thing in things]
        )
        monkeypatch.setattr(opening.Place, "content", lambda self, store, name, limit: source.read(name, limit))
        monkeypatch.setattr(files.IndexSamples, "look_at", lambda self, names: None)

    return use


class TestWhatIsKnownOfTheInsides:
    """Of images and videos that were read before, by contents.reading."""

    def facts(self, dataset: Dataset, name: str, **values: Any) -> None:
        index = Index.objects.get(datasource__purpose=Purpose.INPUT)
        reading, _ = Reading.objects.get_or_create(
            datasource=index.datasource, defaults={"provider": index.provider, "path": index.path}
        )
        file = IndexedFile.objects.get(index=index.pk, key=name)
        usual = {"width": 0, "height": 0, "bits": 8, "orientation": 0, "rotation": 0, "seconds": 1.0, "rate": 25.0}
        usual |= {"state": ReadState.READ, "frames": 0, "problems": 0, "size": file.size, "modified": file.modified}
        FileFacts.objects.create(reading=reading, key=name, kind=file.kind, **(usual | values))

    def test_images_are_not_read_once_more(self, s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
        tree = good()
        ready(s3, dataset, tree)
        for name in tree.samples:
            self.facts(dataset, name, width=15, height=10)
        monkeypatch.setattr(files, "_head", lambda *_: pytest.fail("an image was read"))
        report = checked(dataset)
        assert report.summary["sized"] == 8
        rules = {row["rule"]: row["count"] for row in report.summary["rules"]}
        assert rules["mask-sum"] == 4
        assert rules["box-outside"] > 0

    def test_frames_of_videos(self, s3: Cloud, dataset: Dataset) -> None:
        dataset.type = DatasetType.VIDEOS
        dataset.save()
        tree = Tree(samples={"a.mp4": b"a", "b.mp4": b"b", "long.mp4": b"c"})
        tree.files[f"{P}tasks.json"] = ["labels"]
        categories = [{"id": 0, "name": "dog"}]
        tree.files[f"{P}labels/schema.json"] = {"task_type": "classification", "categories": categories}
        for name in ("a-0-mp4", "a-1-mp4", "a-7-mp4", "b-000-mp4", "long-0-mp4"):
            tree.files[f"{P}labels/{name}.json"] = {"predictions": [{"category_id": 0}]}
        ready(s3, dataset, tree)
        self.facts(dataset, "a.mp4", frames=3)
        self.facts(dataset, "b.mp4", frames=3, problems=1 << (InsideProblem.FRAME_COUNT - 200))
        self.facts(dataset, "long.mp4", frames=files.MOST_FRAMES + 1)
        found = [(row["rule"], row["path"], row["found"]) for row in stored_findings(checked(dataset))]
        assert ("frame-number", f"{P}labels/a-7-mp4.json", "7") in found
        assert ("sample-no-prediction", "a.mp4", "labels: 1 of 3 frames, such as a-2-mp4.json") in found
        assert not [each for each in found if each[1] in {"b.mp4", "long.mp4"}]
