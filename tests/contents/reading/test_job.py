"""A reading from start to end: which files it opens, what it keeps of them, and what it costs when one is hostile."""

from __future__ import annotations

import pytest

from clouds.failures import Cause
from contents.index import services as index_services
from contents.index.totals import Totals
from contents.models import Depth, InsideProblem, Reading, ReadState
from contents.reading import job as reading_job
from contents.reading import rows, services
from contents.tasks import tidy_contents
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs import lifecycle, tasks
from jobs.models import JobState, ShardState
from jobs.runners import Slice
from teams.models import User
from tests.contents.index.memory import connected, indexed, jobs_of
from tests.contents.media.making import jpeg, video
from tests.contents.reading.reading import Shelf, begun, facts_of, problems_of, read, reading_of, shelf_of
from tests.jobs.helpers import end_pauses, expire_leases, texts, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return shelf_of(monkeypatch)


def pictures(shelf: Shelf, count: int) -> list[str]:
    names = [f"dir{number % 3}/{number:03}.jpg" for number in range(count)]
    for place, name in enumerate(names):
        shelf.write(name, jpeg((40 + place, 30)))
    return names


def test_all_files(shelf: Shelf, source: Datasource, dataset: Dataset, alice: User) -> None:
    names = pictures(shelf, 70)
    shelf.fill(film__mp4=video(options={"movflags": "faststart"}), zero__jpg=b"", notes__txt=b"x" * 200)
    indexed(source)
    job = work_off(services.start(source, sample=0, by=alice)[0])
    assert (job.state, job.done, job.total, job.message) == (JobState.DONE, 71, 71, "71 files opened")
    assert (job.dataset, job.requested_by, job.subject) == (dataset, alice, source.pk)
    facts = facts_of(reading_of(source))
    assert set(facts) == {*names, "film.mp4"}
    image, film = facts["dir0/000.jpg"], facts["film.mp4"]
    assert (image.state, image.format, image.pixels, image.width, image.height) == (1, "JPEG", "RGB", 40, 30)
    assert (image.bits, image.orientation, image.frames) == (8, 1, 0)
    assert (film.format, film.codec, film.pixels) == ("MP4", "h264", "yuv420p")
    assert (film.width, film.height, film.seconds, film.rate, film.frames) == (160, 96, 2.4, 25.0, 60)
    totals = reading_of(source).totals
    assert totals["kinds"]["2"] == [1, film.size]
    assert (totals["seconds"], totals["frames"], totals["codecs"]) == (2.4, 60, {"h264": [1, film.size]})
    assert totals["durations"] == {"1": [1, film.size]}
    assert totals["widths"]["0"][0] == 24  # those below 64 pixels


def test_a_sample_is_always_the_same_and_grows(shelf: Shelf, source: Datasource) -> None:
    names = pictures(shelf, 60)
    indexed(source)
    assert read(source, 10).done == 10
    first = set(facts_of(reading_of(source)))
    assert len(first) == 10
    assert read(source, 10).done == 0
    assert read(source, 25).done == 15
    assert set(facts_of(reading_of(source))) > first
    assert read(source).done == 35
    assert set(facts_of(reading_of(source))) == set(names)
    assert sorted(set(shelf.reads)) == sorted(names)
    assert len(shelf.reads) == 60  # each in one piece, and once


def test_parts_are_divided_by_names(shelf: Shelf, source: Datasource) -> None:
    pictures(shelf, 120)
    indexed(source)
    job = read(source)
    assert job.shards.filter(cursor__stage="read").count() == 4
    assert job.done == 120


def test_one_at_a_time_and_only_of_what_is_listed(shelf: Shelf, source: Datasource) -> None:
    with pytest.raises(services.NoIndexError):
        services.start(source, sample=0, by=None)
    pictures(shelf, 3)
    indexed(source)
    job = begun(source)
    assert services.start(source, sample=5, by=None) == (job, False)
    Datasource.objects.update(path="s3://acme-raw/other/")
    job = work_off(job)
    assert job.state == JobState.FAILED
    assert "another place" in job.error
    source.refresh_from_db()
    with pytest.raises(services.NoIndexError):
        services.start(source, sample=0, by=None)


def test_paused_and_gone_on(shelf: Shelf, source: Datasource, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_job, "FILES_OF_A_SLICE", 4)
    names = pictures(shelf, 20)
    indexed(source)
    job = begun(source)
    for _ in range(3):  # the plan, and two slices
        shard = job.shards.filter(state=ShardState.QUEUED).get()
        mine = lifecycle.claim(shard.pk, "w")
        assert mine
        assert lifecycle.store(mine, mine.runner.run(Slice(mine.job, 0, shard.cursor, float("inf"))))
    assert services.pause(source, by=alice)
    assert not services.pause(source, by=alice)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert len(facts_of(reading_of(source))) == 8
    assert read(source).done == 12
    assert set(facts_of(reading_of(source))) == set(names)


def test_what_can_not_be_opened(shelf: Shelf, source: Datasource) -> None:
    pictures(shelf, 6)
    indexed(source)
    shelf.failures = {"dir0/003.jpg": Cause.DENIED, "dir1/001.jpg": Cause.ARCHIVED}
    del shelf.contents["dir2/002.jpg"]
    shelf.contents["dir1/004.jpg"] = jpeg((9, 9))
    job = read(source)
    assert (job.state, job.done) == (JobState.DONE, 6)
    reading = reading_of(source)
    assert {key: each.state for key, each in facts_of(reading).items() if each.state != ReadState.READ} == {
        "dir0/003.jpg": ReadState.DENIED,
        "dir1/001.jpg": ReadState.ARCHIVED,
        "dir1/004.jpg": ReadState.CHANGED,
        "dir2/002.jpg": ReadState.MISSING,
    }
    assert reading.totals["kinds"]["1"][0] == 2
    # They are tried again by the next one, and what is known then takes the place of what was known before.
    shelf.failures = {}
    assert read(source).done == 4
    assert {each.state for each in facts_of(reading_of(source)).values()} == {
        ReadState.READ,
        ReadState.CHANGED,
        ReadState.MISSING,
    }


def test_who_may_read_nothing_is_told_so_at_once(shelf: Shelf, source: Datasource) -> None:
    names = pictures(shelf, 40)
    indexed(source)
    shelf.failures = dict.fromkeys(names, Cause.DENIED)
    job = read(source)
    assert job.state == JobState.FAILED
    assert "none of the first files" in job.error
    assert facts_of(reading_of(source)) == {}


@pytest.mark.parametrize(("cause", "is_final"), [(Cause.EXPIRED, True), (Cause.THROTTLED, False)])
def test_a_storage_that_fails_in_the_middle(shelf: Shelf, source: Datasource, cause: Cause, is_final: bool) -> None:
    """What passes is tried again, behind what was read; what does not ends the job with the reason."""
    names = sorted(pictures(shelf, 20))
    indexed(source)
    shelf.failures = {names[7]: cause}
    job = begun(source)
    if is_final:
        work_off(job)
        assert job.state == JobState.FAILED
        assert "expired" in job.error.lower()
        return
    for _ in range(6):
        for shard_id in job.shards.filter(state=ShardState.QUEUED).values_list("pk", flat=True):
            tasks.run_slice(shard_id)
    assert len(facts_of(reading_of(source))) == 7
    assert "Attempt 1 of 3" in texts(job)[0]
    shelf.failures = {}
    end_pauses()
    work_off(job)
    assert (job.state, job.done) == (JobState.DONE, 20)


def test_a_file_that_ends_its_worker_twice_is_given_up(shelf: Shelf, source: Datasource) -> None:
    """The shard's lease ends without a word, as when a process is killed. See tests.contents.test_careful."""
    pictures(shelf, 5)
    indexed(source)
    job = begun(source)
    tasks.run_slice(job.shards.get().pk)
    shard = job.shards.get(state=ShardState.QUEUED)
    for _ in range(2):
        assert lifecycle.claim(shard.pk, "w")
        expire_leases()
        assert lifecycle.take_back_lost() == 1
    work_off(job)
    assert (job.state, job.done) == (JobState.DONE, 5)
    told = problems_of(reading_of(source))
    assert told == {"dir0/000.jpg": {"timed_out": "opening it ended the worker: too much memory or time"}}
    assert "was not opened: it has ended two workers" in texts(job)[-1]


class TestNewIndex:
    def test_what_has_changed_or_is_gone_is_forgotten(
        self, shelf: Shelf, source: Datasource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "FACTS_AT_ONCE", 4)
        pictures(shelf, 20)
        shelf.fill(broken__jpg=jpeg((900, 700))[:3000], other__jpg=jpeg()[:300])
        indexed(source)
        read(source)
        assert reading_of(source).totals["problems"][str(InsideProblem.TRUNCATED.value)][0] == 2
        shelf.write("dir0/000.jpg", jpeg((500, 400)))
        shelf.write("broken.jpg", jpeg())
        shelf.remove("dir1/001.jpg", "dir2/002.jpg")
        indexed(source)
        reading = reading_of(source)
        assert len(facts_of(reading)) == 18
        assert list(problems_of(reading)) == ["other.jpg"]
        shelf.reads.clear()
        assert read(source).done == 2
        assert sorted(shelf.reads) == ["broken.jpg", "dir0/000.jpg"]
        assert facts_of(reading_of(source))["dir0/000.jpg"].width == 500

    def test_it_comes_while_files_are_read(self, shelf: Shelf, source: Datasource) -> None:
        """The reading goes on in the new one, and does not keep what was read of files that are others by now."""
        names = sorted(pictures(shelf, 8))
        indexed(source)
        job = begun(source)
        tasks.run_slice(job.shards.get().pk)
        shard = job.shards.get(state=ShardState.QUEUED)
        mine = lifecycle.claim(shard.pk, "w")
        assert mine
        step = mine.runner.run(Slice(mine.job, 1, shard.cursor, float("inf")))
        shelf.write(names[0], jpeg((300, 200)))
        indexed(source)
        assert lifecycle.store(mine, step)
        assert set(facts_of(reading_of(source))) == set(names[1:])
        work_off(job)
        read(source)
        assert facts_of(reading_of(source))[names[0]].width == 300

    def test_of_another_place(self, shelf: Shelf, source: Datasource) -> None:
        pictures(shelf, 3)
        indexed(source)
        read(source)
        old = reading_of(source)
        Datasource.objects.update(path="s3://acme-raw/other/")
        source.refresh_from_db()
        assert services.reading_of(source) is None
        indexed(source)
        tidy_contents()
        assert not Reading.objects.filter(pk=old.pk).exists()
        assert facts_of(old) == {}
        read(source)
        assert len(facts_of(reading_of(source))) == 3


def test_nothing_is_left_of_a_datasource_that_is_removed(shelf: Shelf, source: Datasource) -> None:
    pictures(shelf, 3)
    shelf.fill(broken__jpg=jpeg()[:300])
    indexed(source)
    read(source)
    reading = reading_of(source)
    source.delete()
    tidy_contents()
    assert not Reading.objects.exists()
    assert (facts_of(reading), problems_of(reading)) == ({}, {})


class TestSampleByItself:
    def test_after_the_index_of_an_input(self, shelf: Shelf, source: Datasource, dataset: Dataset) -> None:
        index_services.choose_depth(team=dataset.team, depth=Depth.SAMPLE, sample=12)
        pictures(shelf, 30)
        indexed(source)
        job = services.job_of(source)
        assert job
        assert work_off(job).done == 12
        indexed(source)
        again = services.job_of(source)
        assert again
        assert again.pk != job.pk
        assert work_off(again).done == 0

    @pytest.mark.parametrize(
        ("depth", "purpose", "count"),
        [(Depth.LISTING, Purpose.INPUT, 9), (Depth.SAMPLE, Purpose.LIGHTLY, 9), (Depth.SAMPLE, Purpose.INPUT, 0)],
    )
    def test_not_otherwise(self, shelf: Shelf, dataset: Dataset, depth: Depth, purpose: Purpose, count: int) -> None:
        index_services.choose_depth(team=dataset.team, depth=depth)
        pictures(shelf, count)
        source = connected(dataset, purpose)
        indexed(source)
        assert {job.kind for job in jobs_of(source)} == {"contents.index"}


def test_what_it_would_cost(shelf: Shelf, source: Datasource) -> None:
    pictures(shelf, 20)
    shelf.fill(zero__jpg=b"", film__mp4=video())
    index = indexed(source)
    totals = Totals.of(index.totals)
    sizes = sum(len(data) for data in shelf.contents.values())
    film = len(shelf.contents["film.mp4"])
    assert services.media_of(totals) == 21
    assert services.cost_of(totals, None) == services.Cost(21, 21, sizes + film)
    some = services.cost_of(totals, None, 7)
    assert (some.files, some.requests) == (7, 7)
    assert abs(some.bytes - (sizes + film) / 3) <= 1
    read(source, 20)
    left = services.cost_of(totals, reading_of(source))
    assert left.files == 1
    assert rows.planned(index.pk, reading_of(source).pk, rows.HIGHEST, 10**9)[::2] in {(1, 0), (0, 1)}
