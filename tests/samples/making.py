"""Samples for tests, as a run would add them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from datasets.models import Dataset
from samples.growing import NewSample, add
from samples.models import SampleType, Tag

RUN = "6470f1c2a1b2c3d4e5f60708"


def image(name: str, *, size: int = 1000) -> NewSample:
    return NewSample(name, SampleType.IMAGE, meta_data={"sizeInBytes": size, "sharpness": 12.5})


def grow(
    dataset: Dataset,
    names: Sequence[str],
    *,
    tag_name: str = "20261128_10h00m00s",
    run_id: str = RUN,
) -> Tag:
    """The run's tag."""
    with transaction.atomic():
        return add(dataset, [image(name) for name in names], run_id=run_id, tag_name=tag_name, creator="USER_WORKER")
