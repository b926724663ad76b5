"""Which key in the Lightly datasource holds the thumbnail of a file: `thumbName` of the official client."""

from __future__ import annotations

from clouds import StoreError
from clouds.permissions import Permission
from contents.listing.errors import ListingError
from contents.listing.opening import opened
from contents.models import IndexedFile
from contents.places import Places
from contents.thumbnails import metadata


def fresh_thumbnail(places: Places, file: IndexedFile) -> str:
    """Relative to the target; empty where there is none of the file as it was listed, or nobody can tell. One call."""
    name = places.thumbnail_of(file.key)
    if not name:
        return ""
    try:
        with opened(places.target, Permission.READ) as (config, store):
            head = metadata.head_of(store, config.prefix + name)
    except (ListingError, StoreError):
        return ""
    return name if metadata.is_usable(head, file) else ""
