"""The first stage of a check: reads tasks.json and the schemas, and divides the names into shards.

A shard is a range of names of one task, of the metadata, or of the images and videos. Its cursor holds `stage`, `of`
(what it is about), `task` (its number in the layout), `after` and `until` (the range), `share` (how many of its files
are read, from 0 to 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from django.db.models import QuerySet

from contents.annotation_reports.files import IndexFiles
from contents.annotation_reports.keeping import Kept, keep
from contents.annotation_reports.opening import place_of
from contents.annotations.checking import METADATA_SCHEMA, SCHEMA, TASKS, Check
from contents.annotations.layout import Layout
from contents.index import rows
from contents.listing.folder import IMAGES, LIGHTLY_FOLDER, METADATA_FOLDER, PREDICTIONS_FOLDER, VIDEOS
from contents.listing.shards import successor
from contents.models import AnnotationReport, FileKind, Index, IndexedFile, ReportDepth
from datasets.models import Dataset, DatasetType
from jobs.runners import Cursor, Slice, Step

PLAN, CHECK = "plan", "check"
PREDICTIONS, METADATA, SAMPLES = "predictions", "metadata", "samples"
# Of each task, and of the metadata, a sample has about so many files.
SAMPLE_FILES = 1_000
# Names of a shard at least, and shards of a task at most.
NAMES_OF_A_SHARD = 20_000
MOST_SHARDS = 8
# Nobody has more; but a hostile bucket might, and each costs memory.
MOST_TASKS = 100
MOST_PATHS = 200


_KINDS = {
    PREDICTIONS: [FileKind.PREDICTION],
    METADATA: [FileKind.METADATA],
    SAMPLES: [FileKind.IMAGE, FileKind.VIDEO],
}


class _Range(NamedTuple):
    """Names that come after `after`, up to and with `until` (empty: to the end), below `prefix`."""

    prefix: str
    after: str = ""
    until: str = ""


def media_of(dataset: Dataset) -> frozenset[str]:
    """Extensions of the dataset's samples, as listings have them."""
    return VIDEOS if dataset.type == DatasetType.VIDEOS else IMAGES


def plan(this: Slice, report: AnnotationReport, dataset: Dataset) -> Step:
    index = Index.objects.get(pk=report.lightly_index)
    check = Check(IndexFiles(index.pk, place_of(index)), media=media_of(dataset), most_tasks=MOST_TASKS)
    layout, found = check.layout()
    log = []
    if layout.metadata is not None and len(layout.metadata) > MOST_PATHS:
        log.append(f"Only the first {MOST_PATHS} of {len(layout.metadata)} paths of the metadata are checked.")
        for path in list(found.metadata.paths)[MOST_PATHS:]:
            del found.metadata.paths[path]
        layout = Layout(layout.tasks, layout.metadata[:MOST_PATHS])
    shards, total = _shards(report, layout)
    kept = Kept(found, layout=layout, proof=_proof(check))
    cursor = this.cursor | {"shards": shards}
    return Step(cursor, is_last=True, total=total, log=tuple(log), store=partial(keep, report.pk, this.shard, kept))


def _proof(check: Check) -> str:
    """A file that was read just now."""
    known = check.lightly.having([TASKS, METADATA_SCHEMA])
    return next(iter(sorted(known)), "")


def _shards(report: AnnotationReport, layout: Layout) -> tuple[list[Cursor], int]:
    """Where they begin, and how many names they have together."""
    shards: list[Cursor] = []
    total = 0

    def add(of: str, index_id: int, where: _Range, **more: Any) -> None:
        nonlocal total
        found = _rows(index_id, where).filter(kind__in=_KINDS[of]).exclude(key=f"{where.prefix}{SCHEMA}")
        count = found.count()
        total += count
        share = 1.0 if report.reading == ReportDepth.ALL or count <= SAMPLE_FILES else SAMPLE_FILES / count
        for after, until in _cut(index_id, where, count):
            shards.append({"stage": CHECK, "of": of, "after": after, "until": until, "share": share, **more})

    for number, task in enumerate(layout.tasks):
        add(PREDICTIONS, report.lightly_index, _Range(f"{PREDICTIONS_FOLDER}{task.name}/"), task=number)
    if layout.metadata is not None:
        add(METADATA, report.lightly_index, _Range(METADATA_FOLDER))
    if layout.tasks or layout.metadata is not None:
        add(SAMPLES, report.input_index, _Range("", until=LIGHTLY_FOLDER))
        add(SAMPLES, report.input_index, _Range("", after=successor(LIGHTLY_FOLDER)))
    return shards, total


def _rows(index_id: int, where: _Range) -> QuerySet[IndexedFile]:
    found = IndexedFile.objects.filter(index=index_id)
    if where.prefix:
        return found.filter(key__gt=where.prefix, key__lt=successor(where.prefix))
    found = found.filter(key__gt=where.after)
    return found.filter(key__lte=where.until) if where.until else found


def _cut(index_id: int, where: _Range, count: int) -> Iterator[tuple[str, str]]:
    """Ranges of about the same length. None where there is nothing."""
    if not count:
        return
    after = where.prefix or where.after
    until = successor(where.prefix) if where.prefix else where.until
    parts = min(MOST_SHARDS, count // NAMES_OF_A_SHARD + 1)
    for _ in range(parts - 1):
        cut = rows.key_at(index_id, after, count // parts)
        if cut is None:
            break
        yield after, cut
        after = cut
    yield after, until
