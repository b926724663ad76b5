"""Where the pictures of samples are kept on this server's disk. Used by pages and by workers."""

from __future__ import annotations

from contents.thumbnails.cache import name_of
from contents.thumbnails.files import PREVIEW_SIDE, TILE_SIDE
from samples.models import Sample

SIDES = {"thumbnail": TILE_SIDE, "preview": PREVIEW_SIDE}


def entry_of(sample: Sample, size: str) -> str:
    """The name of the picture, or of the reason why there is none."""
    return name_of(sample.dataset_id, sample.pk, "sample", SIDES[size])
