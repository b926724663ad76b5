"""What a name, a size and a storage class tell of a file. Pure, and quick: it is asked of every file there is."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from clouds import Entry
from contents.listing.folder import IMAGES, LIGHTLY_FOLDER, METADATA_FOLDER, PREDICTIONS_FOLDER, VIDEOS
from contents.models import FileKind, Problem
from contents.names import INVISIBLE

TINY_BYTES = 100
HUGE_IMAGE_BYTES = 100 * 1000**2
HUGE_VIDEO_BYTES = 50 * 1000**3
# What S3, Google and OBS take as a name.
LONGEST_NAME_BYTES = 1024
# Longer ones don't fit into an index of PostgreSQL (2,704 bytes) together with what else stands in it.
_LONGEST_STORED_BYTES = 2000
_LONGEST_EXTENSION = 16

_MEDIA = IMAGES | VIDEOS
_HIDDEN_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_TEMPORARY_ENDS = ("~", ".tmp", ".temp", ".part", ".crdownload", ".swp", ".bak")
_NO_PATH = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_SURROGATES = re.compile("[\ud800-\udfff]")

# Plain integers: an enumeration's members are slow to add up.
ZERO_BYTES, TINY, HUGE = 1 << Problem.ZERO_BYTES, 1 << Problem.TINY, 1 << Problem.HUGE
UNSUPPORTED, NO_EXTENSION = 1 << Problem.UNSUPPORTED, 1 << Problem.NO_EXTENSION
UPPER_CASE, HIDDEN, ARCHIVED = 1 << Problem.UPPER_CASE, 1 << Problem.HIDDEN, 1 << Problem.ARCHIVED
CONTROL, PATH, BLANK = 1 << Problem.CONTROL, 1 << Problem.PATH, 1 << Problem.BLANK
LONG, NOT_NFC = 1 << Problem.LONG, 1 << Problem.NOT_NFC
IMAGE, VIDEO, PREDICTION = int(FileKind.IMAGE), int(FileKind.VIDEO), int(FileKind.PREDICTION)
METADATA, LIGHTLY, OTHER = int(FileKind.METADATA), int(FileKind.LIGHTLY), int(FileKind.OTHER)


class FileRow(NamedTuple):
    """A file as it is stored, in the order of the columns but for the index. `change` is a Change."""

    key: str
    size: int
    modified: int
    version: str
    storage_class: str
    archived: bool
    kind: int
    extension: str
    change: int
    problems: int
    content: int
    twin: int


@dataclass(frozen=True, slots=True)
class Named:
    """What a name alone tells."""

    kind: int
    extension: str  # in small letters; empty if there is none
    problems: int


def is_file(entry: Entry) -> bool:
    """Not a directory, nor the empty object that stands for one."""
    return not entry.directory and not (entry.size == 0 and entry.key.endswith("/"))


def row_of(entry: Entry) -> FileRow:
    """The row of a file, whose change is not known yet. `entry.key` is relative to the datasource's root."""
    key, size = entry.key, entry.size
    named = name_facts(key)
    kind, problems = named.kind, named.problems
    if size < TINY_BYTES:
        if size == 0:
            problems |= ZERO_BYTES if kind != OTHER else 0
        elif kind in (IMAGE, VIDEO):
            problems |= TINY
    elif size > HUGE_IMAGE_BYTES and (kind == IMAGE or (kind == VIDEO and size > HUGE_VIDEO_BYTES)):
        problems |= HUGE
    if entry.archived:
        problems |= ARCHIVED
    return FileRow(
        storable(key),
        size,
        entry.modified,
        entry.version[:128],
        entry.storage_class[:32],
        entry.archived,
        kind,
        named.extension[:_LONGEST_EXTENSION],
        0,
        problems,
        number_of(f"{size}:{entry.digest}") if entry.digest and size else 0,
        number_of(look_of(key)),
    )


def name_facts(key: str) -> Named:
    lower = key.lower()
    base = lower.rpartition("/")[2]
    stem, dot, extension = base.rpartition(".")
    if not dot or not (stem or extension in _MEDIA):
        extension = ""
    problems = 0 if _is_plain(key) else _odd_name(key)
    if key.startswith(LIGHTLY_FOLDER):
        return Named(_kind_in_lightly(key, extension), extension, problems)
    is_hidden = base.startswith(".") or base in _HIDDEN_NAMES or base.endswith(_TEMPORARY_ENDS) or "__macosx/" in lower
    problems |= HIDDEN if is_hidden else 0
    if extension in _MEDIA:  # also of what is hidden: listings give it as a sample
        if not key.endswith(extension):
            problems |= UPPER_CASE
        return Named(IMAGE if extension in IMAGES else VIDEO, extension, problems)
    if not is_hidden:
        problems |= UNSUPPORTED if extension else NO_EXTENSION
    return Named(OTHER, extension, problems)


def _kind_in_lightly(key: str, extension: str) -> int:
    if extension == "json":
        if key.startswith(PREDICTIONS_FOLDER):
            return PREDICTION
        if key.startswith(METADATA_FOLDER):
            return METADATA
    return LIGHTLY


def _is_plain(key: str) -> bool:
    """Whether nothing can be odd about a name, told in a fraction of the time that `_odd_name` takes."""
    return (
        len(key) <= LONGEST_NAME_BYTES
        and key.isascii()
        and key.isprintable()
        and "//" not in key
        and "./" not in key
        and " /" not in key
        and "/ " not in key
        and key[-1:] not in (" ", "/", ".")
        and key[:1] not in (" ", "/")
    )


def _odd_name(key: str) -> int:
    problems = 0
    if INVISIBLE.search(key) or _SURROGATES.search(key):
        problems |= CONTROL
    if _NO_PATH.search(key):
        problems |= PATH
    if any(segment != segment.strip() for segment in key.split("/")):
        problems |= BLANK
    if len(key.encode("utf-8", "surrogatepass")) > LONGEST_NAME_BYTES:
        problems |= LONG
    if not unicodedata.is_normalized("NFC", key):
        problems |= NOT_NFC
    return problems


def look_of(key: str) -> str:
    """Names for which this is the same are easily taken for each other, and are one on some disks."""
    return key.lower() if key.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold())


def storable(key: str) -> str:
    """The name as both databases can keep it: without NUL and lone surrogates, and not too long for their indexes."""
    if key.isascii() and len(key) <= _LONGEST_STORED_BYTES and "\0" not in key:
        return key
    clean = _SURROGATES.sub("\ufffd", key.replace("\0", "\x01"))
    encoded = clean.encode()
    if len(encoded) <= _LONGEST_STORED_BYTES:
        return clean
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return f"{encoded[: _LONGEST_STORED_BYTES - 20].decode(errors='ignore')}…{digest}"


def number_of(text: str) -> int:
    """A signed 64-bit hash, never 0."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1
