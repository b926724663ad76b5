"""Reads the relevant filenames file that a listing names, once per listing and process."""

import threading
from collections import OrderedDict
from collections.abc import Iterator

from django.conf import settings

from clouds import StoreError, is_missing
from clouds.permissions import Permission
from contents.listing import opening
from contents.listing.cursor import Cursor
from contents.listing.errors import RelevantFileError, RelevantFileProblem
from contents.listing.relevant_apart import read_apart
from contents.listing.relevant_filenames import RelevantFilenames, RelevantFilenamesError
from datasets.models import Dataset
from datasources.models import Purpose

MOST_BYTES = 32 * 1024 * 1024
# Of all files that are kept, as they are on disk.
MOST_KEPT_BYTES = 512 * 1024 * 1024
MOST_KEPT = 16

# By the `run` of a listing's cursors, with their bytes. Nobody sees another listing's file: runs are random.
_kept: OrderedDict[str, tuple[RelevantFilenames, int]] = OrderedDict()
_lock = threading.Lock()
# One file at a time is read in a process. The parts of one listing, which come together, so read it once.
_reading = threading.Lock()


def relevant_filenames_of(dataset: Dataset, cursor: Cursor) -> RelevantFilenames | None:
    """What the cursor's relevant filenames file says, None if it names none. Raises RelevantFileError and those of
    `opened`.
    """
    if not cursor.relevant_file:
        return None
    if known := _known(cursor.run):
        return known
    if not _reading.acquire(timeout=opening.DEADLINE_SECONDS):
        raise RelevantFileError(RelevantFileProblem.BUSY, cursor.relevant_file)
    try:
        if known := _known(cursor.run):
            return known
        relevant, size = read_relevant_filenames(dataset, cursor.relevant_file)
    finally:
        _reading.release()
    with _lock:
        _kept[cursor.run] = relevant, size
        while len(_kept) > MOST_KEPT or (len(_kept) > 1 and sum(each for _, each in _kept.values()) > MOST_KEPT_BYTES):
            _kept.popitem(last=False)
    return relevant


def forget_all() -> None:
    """As a restart of the process does."""
    with _lock:
        _kept.clear()


def _known(run: str) -> RelevantFilenames | None:
    with _lock:
        if run not in _kept:
            return None
        _kept.move_to_end(run)
        return _kept[run][0]


def read_relevant_filenames(dataset: Dataset, name: str) -> tuple[RelevantFilenames, int]:
    """What a file of the Lightly datasource says, and its bytes on disk. Raises RelevantFileError and as `opened`."""
    with opening.opened(opening.datasource_for(dataset, Purpose.LIGHTLY), Permission.READ) as (config, store):
        key = config.prefix + name
        place = config.display_key(key)
        try:
            return read_apart(_limited(store.stream(key), place), settings.DATA_DIR)
        except StoreError as error:
            if is_missing(store, key, error.failure):
                raise RelevantFileError(RelevantFileProblem.MISSING, place) from None
            raise
        except RelevantFilenamesError as error:
            raise RelevantFileError(RelevantFileProblem.WRONG, place, detail=str(error)) from None


def _limited(pieces: Iterator[bytes], place: str) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            raise RelevantFileError(RelevantFileProblem.TOO_LARGE, place, limit=MOST_BYTES)
        yield piece
