"""Thumbnails in the Lightly datasource. Each tells in its metadata which version of which file it was made of.

Others may write there too. So what is read back is no more than a hint how the picture may look: it is decoded within
narrow limits and encoded anew before anybody sees it. What lies outside of `.lightly/` and was not written here is
never replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from clouds import Store, StoreError
from clouds.failures import Cause
from clouds.store import Head
from contents.listing.folder import LIGHTLY_FOLDER
from contents.media.problems import MediaError
from contents.media.thumbnails import LONGEST_SIDE, Thumbnail, safe_thumbnail
from contents.models import IndexedFile

# Changes when pictures are made in another way, so that old ones are made anew.
WAY = "1"
# Of a picture with a longest side of 320: ten times what noise takes as JPEG.
MOST_BYTES = 1024**2
TYPES = frozenset({"image/jpeg", "image/webp"})
# Some servers hide what is missing from whoever may not list all of the bucket.
_HIDDEN = frozenset({Cause.DENIED, Cause.HIDDEN})


class TakenError(Exception):
    """There is a file of somebody else's in the place of the thumbnail."""


def source_of(file: IndexedFile) -> dict[str, str]:
    """The metadata of what is made of a file. Names are of small letters, because Azure takes no others."""
    return {
        "way": WAY,
        "sourceversion": quote(file.version),
        "sourcebytes": str(file.size),
        "sourcemodified": str(file.modified),
    }


def told_of(file: IndexedFile) -> dict[str, str]:
    """The metadata of the file's thumbnail."""
    return source_of(file) | {"longestside": str(LONGEST_SIDE)}


def is_of(metadata: Mapping[str, str], file: IndexedFile) -> bool:
    """Whether what has this metadata was made of the file as it was listed. Compares as contents.index.comparing."""
    expected = source_of(file)
    decisive = "sourceversion" if file.version else "sourcemodified"
    return all(metadata.get(name) == expected[name] for name in ("way", "sourcebytes", decisive))


def is_fresh(metadata: Mapping[str, str], file: IndexedFile) -> bool:
    """The same of a thumbnail."""
    return metadata.get("longestside") == str(LONGEST_SIDE) and is_of(metadata, file)


def head_of(store: Store, key: str) -> Head | None:
    """None where there is nothing, as far as the server tells. Raises StoreError."""
    try:
        return store.head(key)
    except StoreError as error:
        # Outside of Lightly's own folder it matters whether somebody's file is there.
        if error.failure.cause is Cause.NO_OBJECT or (error.failure.cause in _HIDDEN and LIGHTLY_FOLDER in key):
            return None
        raise


def is_usable(head: Head | None, file: IndexedFile) -> bool:
    """Whether it is worth reading."""
    return bool(head and head.content_type in TYPES and 0 < head.size <= MOST_BYTES and is_fresh(head.metadata, file))


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
