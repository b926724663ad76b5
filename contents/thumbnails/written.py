"""Thumbnails in the Lightly datasource. Each tells in its metadata which version of which file it was made of.

Others may write there too. So what is read back is no more than a hint how the picture may look: it is decoded within
narrow limits and encoded anew before anybody sees it. What lies outside of `.lightly/` and was not written here is
never replaced.
"""

from __future__ import annotations

from clouds import Store
from clouds.store import Head
from contents.listing.folder import LIGHTLY_FOLDER
from contents.media.problems import MediaError
from contents.media.thumbnails import Thumbnail, safe_thumbnail
from contents.models import IndexedFile
from contents.thumbnails.metadata import told_of


class TakenError(Exception):
    """There is a file of somebody else's in the place of the thumbnail."""


def read_back(store: Store, key: str, head: Head) -> Thumbnail | None:
    """What is there, encoded anew. None if it is no such picture: whoever replaced it has kept its metadata.

    Raises StoreError.
    """
    piece = store.read_range(key, 0, head.size, version=head.version)
    try:
        return safe_thumbnail(piece.data) if len(piece.data) == head.size else None
    except MediaError:
        return None


def write(store: Store, key: str, name: str, thumbnail: Thumbnail, file: IndexedFile, head: Head | None) -> None:
    """`name` is the key relative to the datasource, `head` what was there. Raises StoreError and TakenError."""
    if not name.startswith(LIGHTLY_FOLDER) and head is not None and "way" not in head.metadata:
        raise TakenError
    store.write(key, thumbnail.data, content_type=thumbnail.content_type, metadata=told_of(file))
