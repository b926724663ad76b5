"""Files that scripts send to this server for the Lightly datasource, because its cloud takes no plain PUT.

Azure wants the header `x-ms-blob-type`, which the official clients don't send.
"""

from __future__ import annotations

from collections.abc import Callable

from clouds import PROVIDERS
from clouds.permissions import Permission
from contents.listing.folder import LIGHTLY_FOLDER
from contents.listing.opening import datasource_for, opened
from datasets.models import Dataset
from datasources.models import Datasource, Purpose

CSV = "text/csv"
# Of a file that is passed on in parts: what one request holds in memory. S3 takes no smaller parts than 5 MiB.
PART_BYTES = 8 * 1024**2


class EmptyFileError(Exception):
    """Nothing was sent."""


def passes_through(dataset: Dataset) -> bool:
    """Whether files for the Lightly datasource are sent to this server. Raises NoDatasourceError."""
    return not PROVIDERS[datasource_for(dataset, Purpose.LIGHTLY).provider].takes_plain_put


def receive(dataset: Dataset, name: str, read: Callable[[int], bytes]) -> int:
    """Writes what `read` gives, and returns how many bytes it was. `name` is relative to Lightly.

    A file that breaks off is not written. Raises EmptyFileError and what `opened` raises.
    """
    datasource = datasource_for(dataset, Purpose.LIGHTLY)
    piece = _piece(read)
    if not piece:
        raise EmptyFileError
    following = _piece(read) if len(piece) == PART_BYTES else b""
    if not following:
        with opened(datasource, Permission.OVERWRITE) as (config, store):
            store.write(config.prefix + name, piece, content_type=CSV, metadata={})
        return len(piece)
    return _in_parts(datasource, name, piece, following, read)


def _in_parts(datasource: Datasource, name: str, piece: bytes, following: bytes, read: Callable[[int], bytes]) -> int:
    """Each part with a deadline of its own."""
    with opened(datasource, Permission.OVERWRITE) as (config, store):
        key, beside = config.prefix + name, f"{config.prefix}{LIGHTLY_FOLDER}uploads/"
        upload = store.begin_parts(key, content_type=CSV, beside=beside)
    parts: list[str] = []
    size = 0
    while piece:
        with opened(datasource, Permission.OVERWRITE) as (_, store):
            parts.append(store.write_part(key, upload, len(parts) + 1, piece))
        size += len(piece)
        piece, following = following, _piece(read) if following else b""
    with opened(datasource, Permission.OVERWRITE) as (_, store):
        store.end_parts(key, upload, parts, content_type=CSV)
    return size


def _piece(read: Callable[[int], bytes]) -> bytes:
    """PART_BYTES, or what is left."""
    found = bytearray()
    while len(found) < PART_BYTES and (some := read(PART_BYTES - len(found))):
        found += some
    return bytes(found)
