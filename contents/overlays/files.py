"""Where the overlay of a file is kept, and of which Lightly datasource it is. Used by pages and by workers."""

from __future__ import annotations

from contents.thumbnails.cache import Cache, Entry, Facts
from contents.thumbnails.files import Listed, stored_name
from datasources.models import Datasource, Purpose

# Predictions change without the image: after so long they are read anew.
FRESH_SECONDS = 60.0
_WAY = 1


def lightly_of(listed: Listed) -> Datasource | None:
    """Where predictions and metadata of the file are."""
    wanted = (Purpose.LIGHTLY, Purpose.INPUT_OUTPUT)
    return Datasource.objects.filter(dataset=listed.datasource.dataset_id, purpose__in=wanted).first()


def overlay_name(listed: Listed, lightly: Datasource) -> str:
    return stored_name(listed, f"overlay {_WAY} {lightly.pk} {lightly.revision}")


def kept_entry(kept: Cache, name: str) -> Entry | None:
    """What the cache has, unless it is too old."""
    found = kept.read(name)
    return None if isinstance(found, Facts) and found.age > FRESH_SECONDS else found
