"""A dry run: what a configuration would look at, and what that costs. Nothing in the bucket is read for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext, ngettext

from contents.index.queries import Look, look_at
from contents.models import FileKind, IndexedFile
from contents.problems.lists import read_totals
from contents.reading.batch import IMAGE_PIECE_BYTES, VIDEO_PIECE_BYTES
from datasets.models import Dataset, DatasetType
from datasources.models import Purpose
from runs.configuration import RunSettings
from runs.models import Run, RunState
from runs.pages.offers import Offers
from runs.selection.config import Diversity

NAMES_A_PAGE = 1000
NAMES_A_PART = 64
# Of a video of 4 Mbit/s with 25 frames a second.
FRAME_BYTES = 20_000
# Images a second of one worker with one core and the network that comes with it, measured on an old 2-core machine.
ASSUMED_RATE = 40.0
# Of embeddings of that network, and how many numbers a second a selection by distance goes through.
DIMENSIONS, NUMBERS_A_SECOND = 1280, 1.3e9


@dataclass(frozen=True)
class Estimate:
    """`files` is None if nobody has listed Input. `samples`: images, or frames of videos. `basis`: what it rests on, in
    sentences.
    """

    files: int | None
    samples: int = 0
    selected: int = 0
    bytes: int = 0
    reads: int = 0
    writes: int = 0
    seconds: float = 0.0
    basis: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.reads + self.writes

    @property
    def duration(self) -> str:
        return duration_words(self.seconds)


def duration_words(seconds: float) -> str:
    if seconds < 60:
        return gettext("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = round(seconds / 3600)
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}


def estimate(dataset: Dataset, settings: RunSettings, offers: Offers, *, workers: int) -> Estimate:
    """`workers`: how many could do the run now."""
    look = look_at(dataset, Purpose.INPUT)
    if look.index is None:
        return Estimate(None)
    kind = FileKind.VIDEO if dataset.type == DatasetType.VIDEOS else FileKind.IMAGE
    basis, warnings = [_of_index(look)], _warnings(dataset, settings, look)
    files, size = _counted(dataset, settings, look, kind, basis)
    samples = _frames(look, files, size, basis) if kind is FileKind.VIDEO else files
    # Without a selection all of them are taken.
    selected = min(settings.selection.wanted(samples), samples) if settings.selection else samples
    piece = VIDEO_PIECE_BYTES if kind is FileKind.VIDEO else IMAGE_PIECE_BYTES
    reads = ceil(max(1, look.totals.files) / NAMES_A_PAGE) + files + size // piece
    reads += _annotations(settings, offers, samples, basis)
    if settings.use_datapool:
        reads += len(settings.tasks) * dataset.samples.count()  # their predictions are read too
    if settings.input_expiration:
        reads += files  # each is asked when it is deleted
    # Thumbnails, and of videos the frames too.
    written = 2 * selected if kind is FileKind.VIDEO else selected
    writes = 2 * ceil(files / NAMES_A_PART) + written + 4
    rate, words = _rate(dataset, workers)
    basis.append(words)
    seconds = samples / rate + _choosing(settings, samples, selected)
    return Estimate(files, samples, selected, size, reads, writes, seconds, basis, warnings)


def _frames(look: Look, files: int, size: int, basis: list[str]) -> int:
    """How many frames so many videos have: by those that were opened, else by their bytes."""
    read = read_totals(look)
    opened = read.kinds.get(str(FileKind.VIDEO.value), [0, 0])[0]
    if opened and read.frames:
        words = ngettext(
            "%(count)s video that was opened has %(frames)s frames.",
            "%(count)s videos that were opened have %(frames)s frames.",
            opened,
        )
        basis.append(words % {"count": f"{opened:,}", "frames": f"{read.frames:,}"})
        return round(read.frames * files / opened)
    basis.append(gettext("No video was opened yet: a frame is assumed to take 20 kB."))
    return size // FRAME_BYTES


def _of_index(look: Look) -> str:
    at: datetime | None = look.index.completed_at if look.index else None
    words = gettext("The list of files in Input is of %(time)s.")
    return words % {"time": f"{date_format(at, 'DATETIME_FORMAT')} UTC" if at else "—"}


def _warnings(dataset: Dataset, settings: RunSettings, look: Look) -> list[str]:
    found = []
    if look.is_elsewhere:
        found.append(gettext("Input leads to another place by now. Look again on the Contents tab."))
    if look.index and look.index.completed_at and now() - look.index.completed_at > timedelta(days=7):
        found.append(gettext("That list is older than a week. Look again on the Contents tab for newer figures."))
    if dataset.samples.exists() and not settings.use_datapool:
        found.append(gettext("The dataset holds samples already: such a run ends at once unless it uses the datapool."))
    return found


def _counted(dataset: Dataset, settings: RunSettings, look: Look, kind: FileKind, basis: list[str]) -> tuple[int, int]:
    files, size = look.totals.kinds.get(str(kind.value), [0, 0])
    if not settings.process_all and dataset.processed_until and look.index:
        rows = IndexedFile.objects.filter(index=look.index.pk, kind=kind, modified__gt=dataset.processed_until)
        new = rows.count()
        size = round(size * new / files) if files else 0
        files = new
        basis.append(gettext("Only files that came after the last run count."))
    if settings.relevant_filenames_file:
        basis.append(gettext("The relevant filenames file was not read: with it, the files are at most so many."))
    return files, size


def _annotations(settings: RunSettings, offers: Offers, samples: int, basis: list[str]) -> int:
    """Requests for predictions and metadata that the selection goes by."""
    known = [min(samples, offers.files_by_task[task]) for task in settings.tasks if task in offers.files_by_task]
    unknown = [task for task in settings.tasks if task not in offers.files_by_task]
    if unknown:
        words = gettext("Nobody has checked the predictions of %(tasks)s: one file for each sample is assumed.")
        basis.append(words % {"tasks": ", ".join(unknown)})
    metadata = min(samples, offers.metadata_files or samples) if settings.custom_metadata_keys else 0
    return sum(known) + samples * len(unknown) + metadata


def _rate(dataset: Dataset, workers: int) -> tuple[float, str]:
    """Files a second, and where the figure is from."""
    done = Run.objects.filter(dataset=dataset, state=RunState.COMPLETED).order_by("-created_at", "-pk")
    for run in done[:3]:
        for stage in run.stages:
            seconds = stage_seconds(stage)
            if stage.get("state") == RunState.EMBEDDING and seconds and stage.get("done"):
                rate = stage["done"] / seconds
                words = gettext("The last run here read %(rate)s files a second.") % {"rate": f"{rate:,.1f}"}
                return rate, words
    count = max(1, workers)
    words = ngettext(
        "No run has ended here yet: %(rate)s images a second are assumed, with %(count)s worker.",
        "No run has ended here yet: %(rate)s images a second are assumed, with %(count)s workers.",
        count,
    )
    return ASSUMED_RATE * count, words % {"rate": f"{ASSUMED_RATE * count:,.0f}", "count": count}


def stage_seconds(stage: dict[str, object]) -> float:
    """How long an ended stage took; 0 if it has not ended."""
    begun, ended = stage.get("begun"), stage.get("ended")
    if not isinstance(begun, str) or not isinstance(ended, str):
        return 0.0
    return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds())


def _choosing(settings: RunSettings, samples: int, selected: int) -> float:
    """One pass over all embeddings for each chosen sample."""
    strategies = settings.selection.strategies if settings.selection else ()
    if not any(isinstance(each, Diversity) for each in strategies):
        return 0.0
    return samples * selected * DIMENSIONS / NUMBERS_A_SECOND
