"""An index from start to end: what it holds, how it stands to the one before, and whatever ends it early."""

from __future__ import annotations

import random
from typing import ClassVar

import pytest
from django.utils import timezone

from clouds import Cause, Failure, Page, StoreError
from contents.index import finishing, listing, opening, rows, services
from contents.models import Change, FileKind, Index, IndexState, Problem, Topic
from contents.runners import IndexContents
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs import lifecycle, tasks
from jobs import services as jobs
from jobs.models import Job, JobState, ShardState
from jobs.runners import Slice
from teams.models import User
from tests.contents.index.memory import (
    Memory,
    connected,
    current,
    entry_of,
    files,
    findings,
    indexed,
    jobs_of,
    snapshot,
    use,
)
from tests.contents.listing.stores import IgnoresTheStart, SaysMoreAtTheEnd, by_directory, utf_16
from tests.jobs.helpers import end_pauses, expire_leases, texts, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "ROWS_OF_A_SLICE", 15)
    monkeypatch.setattr(listing, "PAGE_SIZE", 10)
    monkeypatch.setattr(listing, "FEW_PAGES", 2)
    monkeypatch.setattr(finishing, "FILES_OF_A_SLICE", 20)
    monkeypatch.setattr(finishing, "GROUPS_OF_A_SLICE", 3)


def many(count: int = 200) -> list[str]:
    return [f"dir{number % 7}/img_{number:04}.jpg" for number in range(count)]


def test_all_files_with_their_facts(memory: Memory, source: Datasource, dataset: Dataset, alice: User) -> None:
    memory.put(
        entry_of("a.jpg", size=5000, modified=1_700_000_001, version="e1", storage_class="GLACIER", archived=True),
        entry_of("b/clip.MP4"),
        entry_of("b/", size=0),
        entry_of("c.jpg", directory=True),
    )
    index = indexed(source, by=alice)
    assert (index.files, index.bytes, index.base_seen_at) == (2, 7000, None)
    found = files(index)
    assert list(found) == ["a.jpg", "b/clip.MP4"]
    image, video = found.values()
    assert (image.size, image.modified, image.version) == (5000, 1_700_000_001, "e1")
    assert (image.kind, image.extension) == (FileKind.IMAGE, "jpg")
    assert (image.storage_class, image.archived) == ("GLACIER", True)
    assert (image.change, image.problems) == (Change.SAME, 1 << Problem.ARCHIVED)
    assert (video.kind, video.problems) == (FileKind.VIDEO, 1 << Problem.UPPER_CASE)
    assert findings(index, Problem.ARCHIVED) == ["a.jpg"]
    assert index.totals["kinds"] == {"1": [1, 5000], "2": [1, 2000]}
    (job,) = jobs_of(source)
    assert (job.message, job.done, job.dataset, job.requested_by) == ("2 files found", 2, dataset, alice)


def test_an_empty_bucket(memory: Memory, source: Datasource) -> None:
    index = indexed(source)
    assert (index.files, index.totals["kinds"]) == (0, {})


@pytest.mark.usefixtures("small_slices")
def test_it_is_divided_and_complete(memory: Memory, source: Datasource) -> None:
    memory.put(*many())
    index = indexed(source)
    assert list(files(index)) == sorted(many())
    (job,) = jobs_of(source)
    assert job.shards.filter(cursor__stage="list").count() == listing.PARTS
    counts = {f"dir{number}/": len(many()[number::7]) for number in range(7)}
    assert index.totals["folders"] == {folder: [count, 2000 * count] for folder, count in counts.items()}
    assert index.files == 200


@pytest.mark.usefixtures("small_slices")
class TestRefresh:
    def test_new_changed_and_gone(self, memory: Memory, source: Datasource) -> None:
        memory.put(*many(50))
        first = indexed(source)
        assert {row.change for row in files(first).values()} == {Change.SAME}
        memory.put(entry_of("dir1/img_0001.jpg", version="v2"), entry_of("aaa.jpg"), entry_of("zzz.jpg"))
        memory.put(entry_of("dir2/img_0002.jpg", modified=1_800_000_000))  # its metadata alone was written
        memory.remove("dir3/img_0003.jpg", "dir0/img_0000.jpg")
        second = indexed(source)
        found = files(second)
        assert [key for key, row in found.items() if row.change == Change.NEW] == ["aaa.jpg", "zzz.jpg"]
        assert [key for key, row in found.items() if row.change == Change.CHANGED] == ["dir1/img_0001.jpg"]
        assert findings(second, Topic.NEW) == ["aaa.jpg", "zzz.jpg"]
        assert findings(second, Topic.CHANGED) == ["dir1/img_0001.jpg"]
        assert findings(second, Topic.GONE) == ["dir0/img_0000.jpg", "dir3/img_0003.jpg"]
        assert second.totals["changes"] == {"1": [2, 4000], "2": [1, 2000], str(Topic.GONE.value): [2, 4000]}
        assert (second.base_id, second.base_seen_at) == (first.pk, first.completed_at)
        third = indexed(source)
        assert third.totals["changes"] == {}
        assert findings(third, Topic.GONE) == []

    def test_all_gone_and_all_new(self, memory: Memory, source: Datasource) -> None:
        memory.put(*many(50))
        indexed(source)
        memory.remove(*many(50))
        assert findings(indexed(source), Topic.GONE) == sorted(many(50))
        memory.put(*many(50))
        assert findings(indexed(source), Topic.NEW) == sorted(many(50))

    @pytest.mark.parametrize("order", [utf_16, by_directory], ids=["utf-16", "directories"])
    def test_servers_with_an_order_of_their_own(
        self, monkeypatch: pytest.MonkeyPatch, source: Datasource, order: object
    ) -> None:
        names = ["a/x.jpg", "a-b.jpg", "a.jpg", "\ufb01.jpg", "😀.jpg", *many(40)]
        store = Memory(*names, order=order, directories=order is by_directory)  # type: ignore[arg-type]
        use(monkeypatch, store)
        assert list(files(indexed(source))) == sorted(names)
        store.remove("a-b.jpg", "😀.jpg")
        store.put("a/a.jpg")
        second = indexed(source)
        assert findings(second, Topic.GONE) == ["a-b.jpg", "😀.jpg"]
        assert findings(second, Topic.NEW) == ["a/a.jpg"]

    def test_of_another_place_nothing_is_compared(self, memory: Memory, source: Datasource) -> None:
        memory.put("a.jpg")
        indexed(source)
        Datasource.objects.update(path="s3://acme-raw/other/")
        memory.put("b.jpg")
        second = indexed(source)
        assert (second.base_id, second.totals["changes"]) == (None, {})

    def test_the_old_one_is_read_until_the_new_one_is_complete(self, memory: Memory, source: Datasource) -> None:
        memory.put(*many(50))
        first = indexed(source)
        job, _ = services.start(source, by=None)
        while job.is_open:
            if not job.shards.filter(cursor__stage="forget").exists():
                assert current(source) == first
                assert len(files(first)) == 50
            services.tidy(60)
            for shard in job.shards.filter(state=ShardState.QUEUED)[:1]:
                tasks.run_slice(shard.pk)
            job.refresh_from_db()
        assert current(source) != first
        assert services.tidy(60)
        assert not Index.objects.filter(pk=first.pk).exists()
        assert files(first) == {}
        assert len(files(current(source))) == 50


@pytest.mark.usefixtures("small_slices")
class TestGroups:
    def test_names_that_look_the_same(self, memory: Memory, source: Datasource) -> None:
        memory.put("A.jpg", "a.jpg", "b.jpg", "caf\u00e9.jpg", "cafe\u0301.jpg", "x/one.jpg", "X/one.jpg", "x/One.jpg")
        index = indexed(source)
        assert findings(index, Problem.TWIN) == sorted(set(memory.entries) - {"b.jpg"})
        assert index.totals["problems"][str(Problem.TWIN.value)] == [7, 14_000]
        assert not files(index)["b.jpg"].problems

    def test_same_content(self, memory: Memory, source: Datasource) -> None:
        for number in range(40):
            memory.put(entry_of(f"{number}/one.jpg", digest=f"d{number % 20}"))
        memory.put(entry_of("other-size.jpg", digest="d1", size=1), entry_of("a.jpg", digest="only"), entry_of("b.jpg"))
        index = indexed(source)
        assert findings(index, Problem.SAME_CONTENT) == sorted(f"{number}/one.jpg" for number in range(40))
        marked = {key for key, row in files(index).items() if row.problems & 1 << Problem.SAME_CONTENT}
        assert marked == {f"{number}/one.jpg" for number in range(40)}


class TestTrouble:
    def test_never_twice_at_a_time(self, memory: Memory, source: Datasource, alice: User) -> None:
        first, is_new = services.start(source, by=alice)
        again, is_new_again = services.start(source, by=None)
        assert (is_new, is_new_again, again) == (True, False, first)
        assert Index.objects.count() == 1

    @pytest.mark.usefixtures("small_slices")
    def test_cancelled(self, memory: Memory, source: Datasource) -> None:
        memory.put(*many())
        job, _ = services.start(source, by=None)
        for _ in range(2):
            for shard in job.shards.filter(state=ShardState.QUEUED):
                tasks.run_slice(shard.pk)
        jobs.cancel(job)
        job.refresh_from_db()
        assert (job.state, 0 < job.done < 200) == (JobState.CANCELLED, True)
        assert services.tidy(60)
        assert not Index.objects.exists()
        assert rows.count_findings(0, [Topic.GONE]) == []
        memory.put("one-more.jpg")
        assert indexed(source).files == 201

    @pytest.mark.usefixtures("small_slices")
    @pytest.mark.parametrize("seed", range(5))
    def test_workers_that_die_change_nothing(self, memory: Memory, source: Datasource, seed: int) -> None:
        """They stop before they store what they found, or before anybody is told; another one goes on."""
        chance = random.Random(seed)
        memory.put(*many(), *(entry_of(f"same{number}.jpg", digest="d") for number in range(9)), "DIR0/IMG_0000.jpg")
        undisturbed = snapshot(indexed(source))
        Index.objects.all().delete()
        job, _ = services.start(source, by=None)
        deaths = 0
        while job.is_open:
            for shard in job.shards.filter(state=ShardState.QUEUED):
                if chance.random() < 0.3 and shard.attempts < lifecycle.MOST_ATTEMPTS - 1:
                    deaths += 1
                    mine = lifecycle.claim(shard.pk, "dying")
                    assert mine
                    if chance.random() < 0.5:
                        mine.runner.run(Slice(mine.job, mine.shard.number, mine.shard.cursor, 1e12))
                    expire_leases()
                    lifecycle.take_back_lost()
                    end_pauses()
                    continue
                tasks.run_slice(shard.pk)
            job.refresh_from_db()
        assert (job.state, deaths > 0) == (JobState.DONE, True), job.error
        assert snapshot(current(source)) == undisturbed

    def test_the_datasource_changes_meanwhile(self, memory: Memory, source: Datasource) -> None:
        job, _ = services.start(source, by=None)
        Datasource.objects.update(revision=7)
        work_off(job)
        assert job.state == JobState.FAILED
        assert job.error == "The datasource was changed or removed while it was indexed. Start again."

    def test_what_the_cloud_refuses_is_told_with_its_fix(
        self, monkeypatch: pytest.MonkeyPatch, source: Datasource
    ) -> None:
        class Refuses(Memory):
            def page(self, prefix: str, *, after: str, limit: int) -> Page:
                raise StoreError(Failure(Cause.DENIED, "AccessDenied", 403))

        use(monkeypatch, Refuses())
        job, _ = services.start(source, by=None)
        work_off(job)
        assert job.state == JobState.FAILED
        assert "s3:ListBucket" in job.error

    @pytest.mark.usefixtures("small_slices")
    def test_what_passes_is_tried_again_and_what_was_found_is_kept(
        self, monkeypatch: pytest.MonkeyPatch, source: Datasource
    ) -> None:
        class Flaky(Memory):
            """Each page comes when it is asked for again, in whatever order the parts are done."""

            is_busy = False
            refused: ClassVar[set[str]] = set()

            def page(self, prefix: str, *, after: str, limit: int) -> Page:
                if self.is_busy and after not in self.refused:
                    self.refused.add(after)
                    raise StoreError(Failure(Cause.THROTTLED, "SlowDown", 503))
                return super().page(prefix, after=after, limit=limit)

        store = Flaky(*many())
        use(monkeypatch, store)
        job, _ = services.start(source, by=None)
        tasks.run_slice(job.shards.get().pk)  # the plan
        store.is_busy = True
        for _ in range(200):
            end_pauses()
            for shard in job.shards.filter(state=ShardState.QUEUED):
                tasks.run_slice(shard.pk)
            job.refresh_from_db()
            if not job.is_open:
                break
        assert job.state == JobState.DONE, job.error
        assert list(files(current(source))) == sorted(many())
        assert texts(job)

    @pytest.mark.parametrize("server", [SaysMoreAtTheEnd, IgnoresTheStart])
    def test_servers_that_can_not_be_listed(
        self, monkeypatch: pytest.MonkeyPatch, source: Datasource, server: type
    ) -> None:
        use(monkeypatch, server([f"street/{number:04}.jpg" for number in range(1500)]))
        job, _ = services.start(source, by=None)
        work_off(job)
        assert job.state == JobState.FAILED
        assert "does not list them" in job.error

    def test_names_no_database_takes_as_they_are(self, memory: Memory, source: Datasource) -> None:
        memory.put("a\0b.jpg", "tab\there\\n.jpg", "new\nline.jpg", "ü" * 3000 + ".jpg", "'; DROP TABLE x; --.jpg")
        index = indexed(source)
        found = files(index)
        assert len(found) == index.files == 5
        assert {"a\x01b.jpg", "tab\there\\n.jpg", "new\nline.jpg", "'; DROP TABLE x; --.jpg"} < set(found)
        assert findings(index, Problem.LONG) == [key for key in found if key.startswith("üü")]


class TestGoneThings:
    def test_an_index_goes_with_its_dataset(self, memory: Memory, source: Datasource, dataset: Dataset) -> None:
        memory.put(*many(30))
        index = indexed(source)
        dataset.delete()
        assert Index.objects.get().datasource is None
        assert services.tidy(60)
        assert files(index) == {}
        assert not Index.objects.exists()

    def test_tidying_takes_no_longer_than_it_may(self, memory: Memory, source: Datasource) -> None:
        memory.put(*many(30))
        index = indexed(source)
        Index.objects.update(datasource=None)
        assert not services.tidy(0)
        assert len(files(index)) == 30

    def test_what_is_compared_with_stays(self, memory: Memory, source: Datasource) -> None:
        memory.put(*many(30))
        first = indexed(source)
        services.start(source, by=None)
        Index.objects.filter(pk=first.pk).update(state=IndexState.OLD)
        assert services.tidy(60)
        assert len(files(first)) == 30

    def test_a_job_that_is_pruned_leaves_the_index(self, memory: Memory, source: Datasource) -> None:
        index = indexed(source)
        Job.objects.update(finished_at=timezone.now() - lifecycle.JOBS_KEPT * 2)
        lifecycle.prune()
        assert services.tidy(60)
        assert current(source) == index


def test_both_datasources_of_a_dataset(memory: Memory, source: Datasource, dataset: Dataset) -> None:
    other = connected(dataset, Purpose.LIGHTLY, fullPath="s3://acme-raw/lightly/")
    memory.put("a.jpg")
    assert indexed(source).datasource_id == source.pk
    memory.entries.clear()
    memory._sort()
    assert indexed(other).files == 0
    assert current(source).files == 1


def test_slices_are_as_short_as_the_queue_wants() -> None:
    assert opening.LONGEST_CALL_SECONDS < IndexContents().slice_seconds <= 30
