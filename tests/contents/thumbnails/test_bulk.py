"""Thumbnails of a whole Input, written by the job as workers do it."""

from __future__ import annotations

import io

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image

from clouds import parse_config
from contents.index.queries import look_at
from contents.media.thumbnails import Thumbnail
from contents.models import IndexedFile
from contents.outputs.services import HinderedError, start_thumbnails
from contents.outputs.words import failed_of
from contents.places import Hindrance
from contents.thumbnails import bulk, parts, transfer
from contents.thumbnails.reasons import Reason
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose
from jobs import services as jobs
from jobs import tasks
from jobs.models import Job, JobShard, JobState, ShardState
from teams.models import User
from tests.contents.index.memory import indexed
from tests.contents.media.making import jpeg, png_of, video
from tests.contents.support import READING, on_every_server
from tests.contents.thumbnails.buckets import Bucket
from tests.jobs.helpers import end_pauses, expire_leases, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]
on_s3 = pytest.mark.parametrize("storage", ["S3"], indirect=True)


def started(bucket: Bucket, alice: User) -> Job:
    job, is_new = start_thumbnails(bucket.dataset, by=alice)
    assert is_new
    return job


def fill(bucket: Bucket, count: int) -> None:
    for number in range(count):
        bucket.put(f"in/street/{number:03}.jpg", jpeg((400 + number, 300)))
    indexed(bucket.input)


def tally(job: Job) -> tuple[int, int, dict[str, int]]:
    found = parts.tally_of(job)
    return found.written, found.fresh, found.failed


def width_of(bucket: Bucket, name: str) -> int:
    data = bucket.store().read_range(f"out/.lightly/thumbnails/{name}", 0, 10**6).data
    return Image.open(io.BytesIO(data)).width


@on_every_server
def test_all_images_and_videos(bucket: Bucket, alice: User) -> None:
    """Once, then only what has changed; what can't be shown is told with its reason."""
    bucket.put("in/a.jpg", jpeg((1000, 500)))
    bucket.put("in/deep/er/b.png", png_of(20, 10, data=b"\0" * (61 * 10)))
    bucket.put("in/c.mp4", video())
    bucket.put("in/notes.txt", b"no picture")
    bucket.put("in/broken.jpg", jpeg((400, 300))[:700])
    bucket.put("in/empty.jpg", b"")
    indexed(bucket.input)
    job = work_off(started(bucket, alice))
    assert (job.state, job.done, job.total) == (JobState.DONE, 5, 5), job.error
    assert tally(job) == (3, 0, {Reason.TRUNCATED: 1, Reason.EMPTY: 1})
    assert "3 thumbnails written" in job.message
    assert width_of(bucket, "a_thumb.jpg") == 320
    assert width_of(bucket, "deep/er/b_thumb.png") == 20
    assert width_of(bucket, "c_thumb.mp4") == 160
    bucket.put("in/a.jpg", jpeg((500, 1000)))
    indexed(bucket.input)
    again = work_off(started(bucket, alice))
    assert tally(again) == (1, 2, {Reason.TRUNCATED: 1, Reason.EMPTY: 1})
    assert width_of(bucket, "a_thumb.jpg") == 160


@on_s3
def test_parts_and_slices_leave_nothing_out(bucket: Bucket, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "FEWEST_FILES", 5)
    monkeypatch.setattr(bulk, "FILES_OF_A_SLICE", 3)
    fill(bucket, 23)
    job = work_off(started(bucket, alice))
    assert (job.state, job.done) == (JobState.DONE, 23), job.error
    assert job.shards.count() > 4
    assert tally(job) == (23, 0, {})
    assert len(bucket.store().keys("out/.lightly/thumbnails/street/", limit=100)) == 23


@on_s3
def test_a_message_that_comes_twice_counts_once(bucket: Bucket, alice: User) -> None:
    fill(bucket, 4)
    job = started(bucket, alice)
    tasks.run_slice(job.shards.get().pk)  # the plan
    shard = job.shards.exclude(state=ShardState.DONE).get()
    before = dict(shard.cursor)
    tasks.run_slice(shard.pk)
    # As if its worker had died before it could say what it had done.
    JobShard.objects.filter(pk=shard.pk).update(cursor=before, state=ShardState.QUEUED, done=0)
    Job.objects.filter(pk=job.pk).update(done=0, state=JobState.RUNNING)
    job.refresh_from_db()
    work_off(job)
    assert tally(job) == (0, 4, {})
    assert job.done == 4


@on_s3
def test_a_file_that_kills_its_worker_costs_itself_alone(
    bucket: Bucket, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "FILES_OF_A_SLICE", 4)
    fill(bucket, 10)
    decoded = transfer.Transfer.decoded

    class Killed(BaseException):
        """Nobody catches it, as nobody catches SIGKILL."""

    def deadly(self: transfer.Transfer, prepared: transfer.Prepared, *, seconds: float) -> Thumbnail:
        if prepared.file.key == "street/005.jpg":
            raise Killed
        return decoded(self, prepared, seconds=seconds)

    monkeypatch.setattr(transfer.Transfer, "decoded", deadly)
    job, deaths = started(bucket, alice), 0
    for _ in range(60):
        for pk in job.shards.filter(state=ShardState.QUEUED).values_list("pk", flat=True):
            try:
                tasks.run_slice(pk)
            except Killed:
                deaths += 1
                expire_leases()
                tasks.sweep_jobs()
                end_pauses()
        job.refresh_from_db()
        if not job.is_open:
            break
    assert (job.state, deaths) == (JobState.DONE, 3), job.error  # one with its neighbours, two alone
    written, fresh, failed = tally(job)
    assert (written + fresh, failed) == (9, {Reason.GAVE_UP: 1})  # the one before it was written as its worker died
    assert len(bucket.store().keys("out/.lightly/thumbnails/street/", limit=100)) == 9
    assert failed_of(parts.tally_of(job))[0].examples == ["street/005.jpg"]


@on_s3
def test_a_slice_whose_time_is_over_blames_only_a_file_that_had_all_of_it(
    bucket: Bucket, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery's interrupt comes up inside of a decoder."""
    fill(bucket, 5)

    def slow(image: Image.Image) -> None:
        if image.width == 402:
            raise SoftTimeLimitExceeded
        image.load()

    monkeypatch.setattr("contents.media.thumbnails.load", slow)
    job = work_off(started(bucket, alice))
    assert tally(job) == (4, 0, {Reason.TIMED_OUT: 1})
    assert (job.state, job.done) == (JobState.DONE, 5)


@on_s3
def test_cancelled_jobs_keep_what_they_wrote(bucket: Bucket, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "FILES_OF_A_SLICE", 2)
    fill(bucket, 6)
    job = started(bucket, alice)
    tasks.run_slice(job.shards.get().pk)
    tasks.run_slice(job.shards.exclude(state=ShardState.DONE).get().pk)
    assert jobs.cancel(job, by=alice)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.CANCELLED, 2)
    again = work_off(started(bucket, alice))
    assert tally(again) == (4, 2, {})


@on_s3
@pytest.mark.parametrize(
    "case",
    [Hindrance.NO_LIGHTLY, Hindrance.UNWRITABLE, Hindrance.UNREADABLE, Hindrance.NO_SUFFIX, Hindrance.NO_INDEX],
)
def test_why_it_does_not_start(bucket: Bucket, alice: User, case: Hindrance) -> None:
    lightly, source = Datasource.objects.filter(pk=bucket.lightly.pk), Datasource.objects.filter(pk=bucket.input.pk)
    if case is not Hindrance.NO_INDEX:
        fill(bucket, 1)
    if case is Hindrance.NO_LIGHTLY:
        lightly.delete()
    elif case is Hindrance.UNWRITABLE:
        lightly.update(latest_check=None)
    elif case is Hindrance.UNREADABLE:
        source.update(revision=2)  # changed, and not checked since
    elif case is Hindrance.NO_SUFFIX:
        lightly.update(thumbnail_suffix="")
    with pytest.raises(HinderedError) as caught:
        start_thumbnails(bucket.dataset, by=alice)
    assert caught.value.hindrance is case
    assert len(str(caught.value)) > 40
    assert not Job.objects.filter(kind=parts.KIND).exists()


@on_s3
def test_storage_that_fails_ends_the_job_with_its_words(bucket: Bucket, alice: User) -> None:
    """Lightly may not be written any more, since the check was green."""
    fill(bucket, 3)
    config = bucket.cloud.grant(bucket.bucket, "out/", READING)
    bucket.lightly.set_config(parse_config(config, configured_endpoints()))
    bucket.lightly.save()
    job = work_off(started(bucket, alice))
    assert job.state == JobState.FAILED
    assert "Ask" in job.error or "grant" in job.error.lower(), job.error
    assert bucket.store().keys("out/", limit=10) == []


@on_s3
def test_an_input_that_nobody_may_read_any_more(bucket: Bucket, alice: User) -> None:
    fill(bucket, 8)
    config = bucket.cloud.grant(bucket.bucket, "in/", set())
    bucket.input.set_config(parse_config(config, configured_endpoints()))
    bucket.input.save()
    job = work_off(started(bucket, alice))
    assert job.state == JobState.FAILED
    assert "lets us read none of the files" in job.error


@on_s3
def test_places_that_change_meanwhile_end_the_job(bucket: Bucket, alice: User) -> None:
    fill(bucket, 2)
    job = started(bucket, alice)
    Datasource.objects.filter(pk=bucket.lightly.pk).update(path="s3://elsewhere/")
    work_off(job)
    assert job.state == JobState.FAILED
    assert "was changed meanwhile" in job.error


@on_s3
def test_the_job_goes_on_with_a_newer_index(bucket: Bucket, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "FILES_OF_A_SLICE", 2)
    fill(bucket, 4)
    job = started(bucket, alice)
    tasks.run_slice(job.shards.get().pk)
    tasks.run_slice(job.shards.exclude(state=ShardState.DONE).get().pk)
    bucket.put("in/street/009.jpg", jpeg())
    newer = indexed(bucket.input)
    assert look_at(bucket.dataset, Purpose.INPUT).index == newer
    work_off(job)
    assert tally(job) == (5, 0, {})
    assert IndexedFile.objects.filter(index=newer.pk).count() == 5
