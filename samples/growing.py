"""What a run leaves in a dataset: new samples, a tag with them, and their embedding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from datasets.models import Dataset
from samples import masks
from samples.models import INITIAL_TAG, Embedding, EmbeddingPlot, PlotMethod, Sample, SampleType, Tag
from samples.names import is_usable
from samples.queries import SCATTERED_AT_ONCE, count_of
from samples.rows import Row, insert_samples

_BYTES_A_POINT = 8


@dataclass(frozen=True)
class NewSample:
    """`file_name` is relative to Input, `thumb_name` to Lightly. The dicts have the keys of the client's SampleData."""

    file_name: str
    type: SampleType = SampleType.IMAGE
    thumb_name: str = ""
    exif: dict[str, Any] = field(default_factory=dict)
    meta_data: dict[str, Any] = field(default_factory=dict)
    custom_meta_data: dict[str, Any] | None = None
    video_frame_data: dict[str, Any] | None = None


class NamesError(ValueError):
    """Samples can't be added because of what they are called. `names`: some of those."""

    def __init__(self, words: str, names: Sequence[str]) -> None:
        shown = ", ".join(repr(name[:200]) for name in names[:3])
        super().__init__(f"{words}: {shown}")
        self.names = names


def add(dataset: Dataset, new: Sequence[NewSample], *, run_id: str, tag_name: str, creator: str) -> Tag:
    """Append the samples, in this order, and give the run's tag, which has only them. Its `previous` is the initial
    tag, which has all samples of the dataset afterwards.

    Call it in a transaction. A second call for the same run changes nothing and gives the same tag. Where somebody has
    a tag of this name already, the new one is called `<tag_name>-2`. Raises NamesError for names that can't be
    exported line by line, come twice, or are in the dataset already.
    """
    _lock(dataset)
    known = Tag.objects.filter(dataset=dataset, run_id=run_id).exclude(name=INITIAL_TAG).first() if run_id else None
    if known is not None:
        return known
    _check_names([sample.file_name for sample in new])
    start, now = count_of(dataset), timezone.now()
    _insert(dataset, new, start, run_id, now)
    initial = _grow_initial(dataset, start + len(new), creator=creator, now=now)
    _count(dataset, new, now)
    return Tag.objects.create(
        dataset=dataset,
        name=free_name(dataset, tag_name),
        previous=initial,
        bits=masks.span(start, len(new)),
        size=len(new),
        run_id=run_id,
        creator=creator,
    )


def _lock(dataset: Dataset) -> None:
    """Nobody else adds samples or tags to the dataset until the transaction ends."""
    if not connection.in_atomic_block:
        raise RuntimeError("Samples are added in a transaction of the caller's.")
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)


def _check_names(names: Sequence[str]) -> None:
    if unusable := [name for name in names if not is_usable(name)]:
        raise NamesError("These names have line breaks or are empty", unusable)
    if len(set(names)) < len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        raise NamesError("These names come twice", twice)


def _insert(dataset: Dataset, new: Sequence[NewSample], start: int, run_id: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            insert_samples(dataset.pk, map(_row, new), start=start, run_id=run_id, now=now)
    except IntegrityError:
        if taken := _taken(dataset, [sample.file_name for sample in new]):
            raise NamesError("The dataset has samples of these names already", taken) from None
        raise


def _taken(dataset: Dataset, names: Sequence[str]) -> list[str]:
    """Some of the names that the dataset has."""
    for start in range(0, len(names), SCATTERED_AT_ONCE):
        some = names[start : start + SCATTERED_AT_ONCE]
        found = list(Sample.objects.filter(dataset=dataset, file_name__in=some).values_list("file_name", flat=True)[:3])
        if found:
            return found
    return []


def _row(sample: NewSample) -> Row:
    return (
        sample.file_name,
        sample.type,
        sample.thumb_name,
        sample.exif,
        sample.meta_data,
        sample.custom_meta_data,
        sample.video_frame_data,
    )


def _grow_initial(dataset: Dataset, count: int, *, creator: str, now: datetime) -> Tag:
    told = {"bits": masks.span(0, count), "size": count, "modified_at": now}
    initial = Tag.objects.filter(dataset=dataset, name=INITIAL_TAG).first()
    if initial is None:
        return Tag.objects.create(dataset=dataset, name=INITIAL_TAG, creator=creator, created_at=now, **told)
    Tag.objects.filter(pk=initial.pk).update(**told)
    return initial


def _count(dataset: Dataset, new: Sequence[NewSample], now: datetime) -> None:
    sizes = (sample.meta_data.get("sizeInBytes") for sample in new)
    Dataset.objects.filter(pk=dataset.pk).update(
        sample_count=F("sample_count") + len(new),
        sample_bytes=F("sample_bytes") + sum(size for size in sizes if isinstance(size, int)),
        modified_at=now,
    )


def free_name(dataset: Dataset, name: str) -> str:
    """This name, or the first of `<name>-2`, `<name>-3` and so on that no tag of the dataset has."""
    taken = set(Tag.objects.filter(dataset=dataset, name__startswith=name).values_list("name", flat=True))
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def add_embedding(
    dataset: Dataset,
    *,
    name: str,
    key: str,
    rows: int,
    dimensions: int,
    model: str,
    run_id: str,
    plots: Mapping[PlotMethod, bytes],
) -> Embedding:
    """The embedding whose file is written already. `key` is relative to Lightly; `plots` as EmbeddingPlot.points.

    Call it in a transaction. A second call for the same run gives the first one's. One that has the name already is
    replaced: its file is too.
    """
    _lock(dataset)
    known = Embedding.objects.filter(dataset=dataset, run_id=run_id).first() if run_id else None
    if known is not None:
        return known
    Embedding.objects.filter(dataset=dataset, name=name).delete()
    embedding = Embedding.objects.create(
        dataset=dataset,
        name=name,
        key=key,
        is_processed=True,
        rows=rows,
        dimensions=dimensions,
        model=model,
        run_id=run_id,
    )
    EmbeddingPlot.objects.bulk_create(
        EmbeddingPlot(embedding=embedding, method=method, count=len(points) // _BYTES_A_POINT, points=points)
        for method, points in plots.items()
    )
    return embedding
