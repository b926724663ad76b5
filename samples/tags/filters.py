"""Samples that have something in common, as a mask."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from datasets.models import Dataset
from samples import masks
from samples.models import Sample, SampleType, Tag

# Numbers that runs keep of each sample; the keys of Sample.meta_data.
NUMBERS = ("sharpness", "snr", "luminance", "contrast", "uniformRowRatio", "sizeInBytes", "width", "height")


@dataclass(frozen=True)
class Filter:
    """What is empty is not asked for. `key` is one of NUMBERS; both ends are included."""

    prefix: str = ""
    contains: str = ""
    type: str = ""
    key: str = ""
    least: float | None = None
    most: float | None = None
    within: Tag | None = None

    @property
    def is_empty(self) -> bool:
        return self == Filter(within=self.within)

    @property
    def question(self) -> Q:
        question = Q()
        if self.prefix:
            question &= Q(file_name__startswith=self.prefix)
        if self.contains:
            question &= Q(file_name__icontains=self.contains)
        if self.type in SampleType.values:
            question &= Q(type=self.type)
        if self.key in NUMBERS and self.least is not None:
            question &= Q(**{f"meta_data__{self.key}__gte": self.least})
        if self.key in NUMBERS and self.most is not None:
            question &= Q(**{f"meta_data__{self.key}__lte": self.most})
        return question


def mask_of(dataset: Dataset, chosen: Filter) -> bytes:
    """Of the samples that fit. Looks at all of the dataset's once."""
    rows = Sample.objects.filter(chosen.question, dataset=dataset).order_by("position")
    found = rows.values_list("position", "file_name").iterator(chunk_size=5_000)
    # SQLite takes large and small letters for the same when it looks for beginnings.
    bits = masks.of_positions(position for position, name in found if name.startswith(chosen.prefix))
    return bits if chosen.within is None else masks.intersection(bits, chosen.within.bits)
