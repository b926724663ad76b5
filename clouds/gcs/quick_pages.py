"""Reads pages of listings from the JSON itself, without an object of the SDK's for each row, and its slow dates.

The SDK still asks and parses, and it reads the rows wherever this here is in doubt.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from clouds.store import Entry

_MOMENT = re.compile(r"([2-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?Z")
_SIZE = re.compile(r"[0-9]{1,18}")
_GENERATION = re.compile(r"[1-9][0-9]{0,18}")


def entries_of(page: Any) -> list[Entry]:
    """Of a page of the SDK's `list_blobs`. Raises what the SDK raises."""
    try:
        return [_read(row) for row in page.raw_page.get("items", ())]
    except (AttributeError, KeyError, TypeError, ValueError):
        return [entry_of(blob) for blob in page]


def _read(row: dict[str, Any]) -> Entry:
    """As `entry_of` has it. Raises KeyError, TypeError and ValueError where the SDK should look."""
    moment, size = _MOMENT.fullmatch(row["timeCreated"]), _SIZE.fullmatch(row["size"])
    generation = row.get("generation")
    name, kind, digest = row["name"], row.get("storageClass", ""), row.get("md5Hash", "")
    if not (moment and size and (generation is None or _GENERATION.fullmatch(generation))):
        raise ValueError(name)
    if not (type(name) is type(kind) is type(digest) is str):
        raise TypeError(name)
    return Entry(
        name,
        int(datetime.fromisoformat(f"{moment[1]}+00:00").timestamp()),
        int(size[0]),
        version=generation or "",
        digest=digest,
        storage_class="" if kind == "STANDARD" else kind,
    )


def entry_of(blob: Any) -> Entry:
    """Composed objects have no MD5, and of two CRC32C among a million objects some agree by chance.

    Google's archive class is read at once: https://cloud.google.com/storage/docs/storage-classes
    """
    kind = blob.storage_class or ""
    return Entry(
        blob.name,
        int(blob.time_created.timestamp()),
        blob.size,
        version=str(blob.generation or ""),
        digest=blob.md5_hash or "",
        storage_class="" if kind == "STANDARD" else kind,
    )
