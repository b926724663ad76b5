"""What thumbnails and frames in the Lightly datasource say of themselves: of which version of a file they were made.

Without decoders, so that web processes know it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from clouds import Store, StoreError
from clouds.failures import Cause
from clouds.store import Head
from contents.listing.folder import LIGHTLY_FOLDER
from contents.models import IndexedFile
from contents.thumbnails.files import TILE_SIDE

# Changes when pictures are made in another way, so that old ones are made anew.
WAY = "1"
# Of a picture with a longest side of 320: ten times what noise takes as JPEG.
MOST_BYTES = 1024**2
TYPES = frozenset({"image/jpeg", "image/webp"})
# Some servers hide what is missing from whoever may not list all of the bucket.
_HIDDEN = frozenset({Cause.DENIED, Cause.HIDDEN})


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
    return source_of(file) | {"longestside": str(TILE_SIDE)}


def is_of(metadata: Mapping[str, str], file: IndexedFile) -> bool:
    """Whether what has this metadata was made of the file as it was listed. Compares as contents.index.comparing."""
    expected = source_of(file)
    decisive = "sourceversion" if file.version else "sourcemodified"
    return all(metadata.get(name) == expected[name] for name in ("way", "sourcebytes", decisive))


def is_fresh(metadata: Mapping[str, str], file: IndexedFile) -> bool:
    """The same of a thumbnail."""
    return metadata.get("longestside") == str(TILE_SIDE) and is_of(metadata, file)


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
