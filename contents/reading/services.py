"""Starting and pausing a reading, what it would cost, and clearing away what nobody reads any more."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from contents import tidying
from contents.index.services import READING_KIND, depth_of, sample_of
from contents.index.totals import Totals
from contents.models import Depth, FileKind, Index, IndexState, Reading
from contents.reading import rows
from contents.reading.batch import IMAGE_PIECE_BYTES, VIDEO_PIECE_BYTES
from contents.reading.totals import ReadTotals
from datasources.models import Datasource, Purpose
from jobs import services as jobs
from jobs.models import WORKING_STATES, Job
from teams.models import User

# Of facts, when those that are out of date are looked for.
FACTS_AT_ONCE = 20_000


class NoIndexError(Exception):
    """There is no list of files of the place that the datasource leads to."""


def start(datasource: Datasource, *, sample: int, by: User | None) -> tuple[Job, bool]:
    """A job that opens so many images and videos (0: all) that were not opened before, and True; or the one that is
    under way, and False. Raises NoIndexError.
    """
    with transaction.atomic():
        locked = Datasource.objects.select_for_update(of=("self",)).select_related("dataset__team")
        datasource = locked.get(pk=datasource.pk)
        dataset = datasource.dataset
        index = Index.objects.filter(datasource=datasource, state=IndexState.CURRENT).first()
        if index is None or (index.provider, index.path) != (datasource.provider, datasource.path):
            raise NoIndexError
        reading = reading_of(datasource) or _new(datasource)
        return jobs.start(
            READING_KIND,
            title=f"{dataset.name}: {datasource.get_purpose_display()}",
            subject=datasource.pk,
            team=dataset.team,
            dataset=dataset,
            by=by,
            arguments={"reading": reading.pk, "sample": sample},
        )


def reading_of(datasource: Datasource) -> Reading | None:
    """What is known of the files at the place the datasource leads to."""
    return Reading.objects.filter(datasource=datasource, provider=datasource.provider, path=datasource.path).first()


def _new(datasource: Datasource) -> Reading:
    """In the place of one of another place."""
    Reading.objects.filter(datasource=datasource).update(datasource=None)
    return Reading.objects.create(datasource=datasource, provider=datasource.provider, path=datasource.path)


def job_of(datasource: Datasource) -> Job | None:
    """The newest that reads, or has read."""
    found = Job.objects.filter(dataset=datasource.dataset_id, kind=READING_KIND, subject=datasource.pk)
    return found.order_by("-created_at", "-pk").first()


def pause(datasource: Datasource, *, by: User) -> bool:
    """What was read is kept, and a job that is started later goes on behind it. False if there was nothing to pause."""
    job = Job.objects.filter(kind=READING_KIND, subject=datasource.pk, state__in=WORKING_STATES).first()
    return bool(job and jobs.cancel(job, by=by))


def start_after_index(index: Index) -> None:
    """An Input whose team wants a sample of what is inside gets it with each new index: files that were read before
    are not read again. Call it in the transaction that ends the index.
    """
    datasource = Datasource.objects.select_related("dataset").filter(pk=index.datasource_id).first()
    if datasource is None or datasource.purpose == Purpose.LIGHTLY:
        return
    team_id = datasource.dataset.team_id
    if depth_of(team_id) == Depth.SAMPLE and media_of(Totals.of(Index.objects.get(pk=index.pk).totals)):
        start(datasource, sample=sample_of(team_id), by=None)


@dataclass(frozen=True)
class Cost:
    """Of opening files. `bytes` and `requests` are at most so many: videos are read twice."""

    files: int
    requests: int
    bytes: int


def cost_of(totals: Totals, reading: Reading | None, files: int | None = None) -> Cost:
    """Of all that were not opened yet, or of so many of them: about, from kept totals."""
    done = ReadTotals.of(reading.totals) if reading and reading.totals else ReadTotals()
    images = _left(totals, done, FileKind.IMAGE)
    videos = _left(totals, done, FileKind.VIDEO)
    left = images[0] + videos[0]
    requests = images[0] + images[1] // IMAGE_PIECE_BYTES + videos[0] + 2 * videos[1] // VIDEO_PIECE_BYTES
    whole = Cost(left, requests, images[1] + 2 * videos[1])
    if files is None or files >= left:
        return whole
    share = files / left
    return Cost(files, round(whole.requests * share), round(whole.bytes * share))


def media_of(totals: Totals) -> int:
    """How many images and videos there are to open: empty and archived ones are not among them."""
    return sum(pair[0] for pair in totals.readable.values())


def _left(totals: Totals, done: ReadTotals, kind: FileKind) -> tuple[int, int]:
    files, size = totals.readable.get(str(kind.value), [0, 0])
    read_files, read_size = done.kinds.get(str(kind.value), [0, 0])
    return max(0, files - read_files), max(0, size - read_size)


def tidy(seconds: float) -> bool:
    """Delete the rows of readings that are nobody's any more, as contents.index.services.tidy does."""
    nobodys = list(Reading.objects.filter(datasource=None).order_by("pk").values_list("pk", flat=True))
    return tidying.tidy(nobodys, rows.delete_some, lambda pk: Reading.objects.filter(pk=pk).delete(), seconds)
