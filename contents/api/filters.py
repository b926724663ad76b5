"""The filters of the gallery, for the REST API: files by size, time, prediction or metadata."""

from __future__ import annotations

from contents.api.contents_schemas import WhichFiles
from contents.gallery.queries import MEDIA, Chosen, Found, Range, flat
from contents.index.queries import Look
from contents.labels.naming import of_category, of_value
from contents.labels.rows import report_of
from contents.models import Index
from contents.problems.words import BY_SLUG
from core.api.errors import malformed
from datasets.models import Dataset


def is_narrowed(which: WhichFiles) -> bool:
    """Whether any of these filters is asked for."""
    numbers = (which.min_bytes, which.max_bytes, which.modified_from, which.modified_to)
    return any(number is not None for number in numbers) or bool(which.task or which.metadata_path)


def narrowed(dataset: Dataset, look: Look, index: Index, which: WhichFiles) -> Found:
    """Images and videos alone. A page may have fewer files than `limit`, and still a next one. Raises ApiError."""
    label = _label(which)
    report = report_of(dataset) if label else None
    if label and report is None:
        return Found([], "")
    chosen = Chosen(
        kinds=(which.kind.kind.value,) if which.kind else MEDIA,
        problem=int(BY_SLUG[which.problem.value]) if which.problem else 0,
        prefix=which.prefix,
        sizes=Range(which.min_bytes, which.max_bytes),
        times=Range(which.modified_from, which.modified_to),
        label=label,
        report=report.pk if report else 0,
    )
    return flat(index, chosen, which.after, limit=which.limit)


def _label(which: WhichFiles) -> int:
    if which.task and which.metadata_path:
        raise malformed("task, metadataPath: only one of them at a time.")
    if which.task:
        if which.category is None:
            raise malformed("category: needed with task, the id of a category of its schema.")
        return of_category(which.task, which.category)
    return of_value(which.metadata_path, which.metadata_value) if which.metadata_path else 0
