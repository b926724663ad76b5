"""The second stage of a check: looks at the names of a shard, some at a time, and reads what is to be read of them.

A slice holds at most MOST_NAMES names and MOST_READ files in memory. A file that takes a worker's memory or time
along is tried once more, alone; then it is told to be unreadable, and the next one follows.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.utils.translation import gettext

from contents.annotation_reports.files import IndexFiles, IndexSamples, extensions_in
from contents.annotation_reports.keeping import Kept, keep, kept_by
from contents.annotation_reports.opening import place_of
from contents.annotation_reports.planning import METADATA, PREDICTIONS, SAMPLES, media_of
from contents.annotations.checking import Check
from contents.annotations.layout import Layout
from contents.annotations.predictions.schema import TaskType
from contents.annotations.report import Report
from contents.careful import alone, care_of, went_on
from contents.index.opening import LONGEST_CALL_SECONDS
from contents.labels import rows as labels
from contents.labels.naming import Collected
from contents.listing.folder import IMAGES, PREDICTIONS_FOLDER, VIDEOS
from contents.models import AnnotationReport, Index, Reading
from datasets.models import Dataset
from jobs.runners import Cursor, JobError, Slice, Step

MOST_NAMES = 500
# A video may have thousands of frames, each with a file.
MOST_VIDEOS = 20
MOST_READ = 64
# With less time left, no further batch is begun.
SPARE_SECONDS = LONGEST_CALL_SECONDS
TOO_MUCH = "Checking it takes too much time or memory."


class _Batch(NamedTuple):
    """`read`: those of the names that are read as well."""

    names: list[str]
    read: list[str]


@dataclass
class _Shard:
    """What a slice needs to know and to open."""

    cursor: Cursor
    layout: Layout
    check: Check
    files: IndexFiles
    samples: IndexSamples
    labels: Collected
    found: Report = field(default_factory=Report)

    def names(self) -> Iterator[str]:
        """In the order of which the cursor remembers a place."""
        if self.cursor["of"] == SAMPLES:
            walk = Check(IndexFiles(0), self.samples.part(self.cursor["after"], self.cursor["until"]), self.check.media)
            return walk.sample_names()
        walk = Check(self.files)
        if self.cursor["of"] == METADATA:
            return walk.metadata_names()
        return walk.prediction_names(self.layout.tasks[self.cursor["task"]], self.layout)

    def is_read(self, name: str) -> bool:
        """By chance, but the same ones however the work is divided."""
        if self.cursor["of"] == SAMPLES or self.cursor["share"] <= 0:
            return False
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return bool(int.from_bytes(digest, "big") < self.cursor["share"] * 2**64)

    def look(self, batch: _Batch) -> Report:
        if self.cursor["of"] == SAMPLES:
            return self.check.sample_files(self.layout, batch.names)
        if self.cursor["of"] == METADATA:
            return self.check.metadata_files(self.layout.metadata or [], batch.names, set(batch.read))
        schema = self.layout.tasks[self.cursor["task"]]
        if schema.type is not TaskType.CLASSIFICATION:
            self._look_at_images(batch, f"{PREDICTIONS_FOLDER}{schema.name}/")
        return self.check.prediction_files(schema, batch.names, set(batch.read))

    def _look_at_images(self, batch: _Batch, folder: str) -> None:
        """Boxes and masks are compared with the sizes of images, which are read side by side."""
        stems = [
            name.removeprefix(folder).removesuffix(".json") for name in batch.read if name not in self.files.refused
        ]
        named = self.samples.named(stems, self.check.media & IMAGES)
        self.samples.look_at([names[0] for names in named.values()])


def check_some(this: Slice, report: AnnotationReport, dataset: Dataset) -> Step:
    """The next names of a shard."""
    shard = _opened(this, report, dataset)
    care = care_of(this, MOST_READ)
    names = shard.names()
    after, done, opened, is_over, cursor = this.cursor["after"], 0, 0, False, this.cursor
    while not is_over and (this.seconds_left > SPARE_SECONDS or not done):
        batch, is_over = _next(names, shard, care.most)
        if not batch.names:
            break
        if care.gives_up:
            shard.files.refused = dict.fromkeys(batch.read, TOO_MUCH)
        try:
            shard.found.merge(shard.look(batch))
        except (MemoryError, SoftTimeLimitExceeded):
            if care.most > 1:
                cursor, is_over = alone(cursor, MOST_READ), False
                break
            shard.files.refused = dict.fromkeys(batch.read, TOO_MUCH)
            shard.found.merge(shard.look(batch))
        except JobError:
            if not done:
                raise
            is_over = False
            break
        after, done, opened = batch.names[-1], done + len(batch.names), opened + len(batch.read)
        if care.most == 1 and opened:
            break
    kept = kept_by(report.pk, this.shard)
    kept.merge(Kept(shard.found, sized=shard.samples.looked_at, why_unsized=shard.samples.why))
    return Step(
        _moved(this, cursor, after, opened),
        is_last=is_over,
        done=done,
        store=partial(_store, report.pk, this.shard, kept, shard.labels),
    )


def _store(report_id: int, number: int, kept: Kept, found: Collected) -> None:
    """Called in the transaction that moves the shard's cursor."""
    keep(report_id, number, kept)
    labels.store(report_id, found.rows)


def _moved(this: Slice, cursor: Cursor, after: str, opened: int) -> Cursor:
    if cursor is not this.cursor:  # from now on one by one
        return cursor | {"after": after}
    return went_on(this, MOST_READ, {"after": after}, opened)


def _next(names: Iterator[str], shard: _Shard, most_read: int) -> tuple[_Batch, bool]:
    """The next names, with at most so many to read; and whether there are none after them."""
    batch = _Batch([], [])
    most = MOST_VIDEOS if shard.cursor["of"] == SAMPLES and shard.check.media == VIDEOS else MOST_NAMES
    for name in itertools.islice(names, most):
        batch.names.append(name)
        if shard.is_read(name):
            batch.read.append(name)
            if len(batch.read) >= most_read:
                return batch, False
    return batch, len(batch.names) < most


def _opened(this: Slice, report: AnnotationReport, dataset: Dataset) -> _Shard:
    first = kept_by(report.pk, 0)
    if first.layout is None:
        raise JobError(gettext("What the check has found so far is gone. Start it again."), is_final=True)
    lightly, raw = (Index.objects.filter(pk=pk).first() for pk in (report.lightly_index, report.input_index))
    if lightly is None or raw is None:
        raise JobError(gettext("The listing was deleted. Index the datasource again, then start again."), is_final=True)
    files = IndexFiles(lightly.pk, place_of(lightly, proof=first.proof))
    part = files.part(this.cursor["after"], this.cursor["until"])
    samples = IndexSamples(raw.pk, reading_id=_reading_of(raw), present=extensions_in(raw))
    if this.cursor["of"] == PREDICTIONS:
        try:
            samples.place = place_of(raw)
        except JobError as error:  # names can be compared all the same
            samples.why = error.sentence
    found = Collected()
    check = Check(part, samples, media_of(dataset), seen=found.note)
    return _Shard(this.cursor, first.layout, check, part, samples, found)


def _reading_of(index: Index) -> int | None:
    """Where the facts of the files are kept, if any of them were read."""
    found = Reading.objects.filter(datasource=index.datasource_id, provider=index.provider, path=index.path)
    return found.values_list("pk", flat=True).first()
