"""What scripts tell of samples, their predictions and scores. Tags change in tags/services.py."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone

from samples.models import Sample
from samples.storable import cleaned

# Of what one request tells of one sample, as JSON.
MOST_BYTES = 1_000_000


def update_sample(sample: Sample, **told: Any) -> None:
    """Of `thumb_name`, `exif`, `meta_data` and `custom_meta_data` those that are given; `meta_data` is merged.

    Raises ValueError for more than a megabyte.
    """
    told = {name: cleaned(value) for name, value in told.items()}
    if len(json.dumps(told)) > MOST_BYTES:
        raise ValueError(f"At most {MOST_BYTES:,} bytes of metadata for one sample.")
    if "meta_data" in told:
        told["meta_data"] = sample.meta_data | told["meta_data"]
    told["modified_at"] = timezone.now()
    Sample.objects.filter(pk=sample.pk).update(**told)
