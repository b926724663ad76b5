"""What a dataset holds, read in the order of its samples and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from datasets.models import Dataset
from samples import masks
from samples.models import INITIAL_TAG, Embedding, Sample, Tag

# So many samples are read with one query,
AT_ONCE = 2_000
# or so many where they are few among many: as many parameters as every SQLite takes.
SCATTERED_AT_ONCE = 500
# Up to so many times more samples are read than are wanted, because a range is read faster than a list.
WASTE = 4


def samples_of(dataset: Dataset) -> QuerySet[Sample]:
    return Sample.objects.filter(dataset=dataset).order_by("position")


def count_of(dataset: Dataset) -> int:
    """By the last position: there are no gaps."""
    last = Sample.objects.filter(dataset=dataset).order_by("-position").values_list("position", flat=True).first()
    return 0 if last is None else last + 1


def names_of(dataset: Dataset) -> list[str]:
    """Of all samples, by position."""
    return [name for (name,) in values_at(dataset.pk, range(count_of(dataset)), "file_name")]


def names_of_tag(tag: Tag) -> list[str]:
    """Of the tag's samples, by position."""
    return [name for (name,) in values_at(tag.dataset_id, masks.positions_in(tag.bits), "file_name")]


def values_at(dataset_id: str, positions: Sequence[int], *fields: str) -> Iterator[tuple[Any, ...]]:
    """These fields of the samples at these positions, which are in order. A query for some thousands of them."""
    rows = Sample.objects.filter(dataset=dataset_id).order_by("position")
    for found in _chunks(rows.values_list("position", *fields), positions, lambda row: row[0]):
        yield tuple(found[1:])


def samples_at(dataset_id: str, positions: Sequence[int]) -> Iterator[Sample]:
    """As values_at, whole samples."""
    rows = Sample.objects.filter(dataset=dataset_id).order_by("position")
    yield from _chunks(rows, positions, lambda sample: sample.position)


def _chunks(rows: Any, positions: Sequence[int], position_of: Any) -> Iterator[Any]:
    start = 0
    while start < len(positions):
        wanted = positions[start : start + AT_ONCE]
        if wanted[-1] - wanted[0] < WASTE * len(wanted):
            among = set(wanted)
            found = rows.filter(position__gte=wanted[0], position__lte=wanted[-1])
            yield from (row for row in found if position_of(row) in among)
        else:
            wanted = wanted[:SCATTERED_AT_ONCE]
            yield from rows.filter(position__in=list(wanted))
        start += len(wanted)


def initial_tag_of(dataset: Dataset) -> Tag | None:
    return Tag.objects.filter(dataset=dataset, name=INITIAL_TAG).first()


def tags_of(dataset: Dataset) -> list[Tag]:
    """Newest first, and the initial tag last: scripts take the first one for the newest selection."""
    found = list(Tag.objects.filter(dataset=dataset).order_by("-created_at", "-pk"))
    return sorted(found, key=lambda tag: tag.is_initial)


def tags_of_run(run_id: str) -> list[Tag]:
    """Newest first."""
    return list(Tag.objects.filter(run_id=run_id).order_by("-created_at", "-pk")) if run_id else []


def embeddings_of(dataset: Dataset) -> QuerySet[Embedding]:
    """Newest first: the client takes the first one for the newest."""
    return Embedding.objects.filter(dataset=dataset).order_by("-created_at", "-pk")


def embedding_of(dataset: Dataset) -> Embedding | None:
    """The newest whose file is there: the vectors of the dataset's samples, as of a query tag."""
    return embeddings_of(dataset).filter(is_processed=True).first()
