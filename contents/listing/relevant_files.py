"""Reads the relevant filenames file that a listing names, once per listing and process."""

import threading
from collections import OrderedDict

from clouds import Cause, StoreError
from clouds.permissions import Permission
from contents.listing.cursor import Cursor
from contents.listing.errors import RelevantFileError, RelevantFileProblem
from contents.listing.opening import datasource_for, opened
from contents.listing.relevant_filenames import RelevantFilenames, RelevantFilenamesError, parse_relevant_filenames
from datasets.models import Dataset
from datasources.models import Purpose

MOST_BYTES = 32 * 1024 * 1024
MOST_KEPT = 16

# By the `run` of a listing's cursors. Nobody sees another listing's file: runs are random.
_kept: OrderedDict[str, RelevantFilenames] = OrderedDict()
_lock = threading.Lock()


def relevant_filenames_of(dataset: Dataset, cursor: Cursor) -> RelevantFilenames | None:
    """What the cursor's relevant filenames file says, None if it names none. Raises RelevantFileError and those of
    `opened`.
    """
    if not cursor.relevant_file:
        return None
    with _lock:
        if known := _kept.get(cursor.run):
            _kept.move_to_end(cursor.run)
            return known
    relevant = _read(dataset, cursor.relevant_file)
    with _lock:
        _kept[cursor.run] = relevant
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return relevant


def forget_all() -> None:
    """As a restart of the process does."""
    with _lock:
        _kept.clear()


def _read(dataset: Dataset, name: str) -> RelevantFilenames:
    with opened(datasource_for(dataset, Purpose.LIGHTLY), Permission.READ) as (config, store):
        key = config.prefix + name
        place = config.display_key(key)
        try:
            content = store.read_range(key, 0, MOST_BYTES + 1).data
        except StoreError as error:
            if error.failure.cause is Cause.NO_OBJECT:
                raise RelevantFileError(RelevantFileProblem.MISSING, place) from None
            raise
        if len(content) > MOST_BYTES:
            raise RelevantFileError(RelevantFileProblem.TOO_LARGE, place, limit=MOST_BYTES)
        try:
            return parse_relevant_filenames(content)
        except RelevantFilenamesError as error:
            raise RelevantFileError(RelevantFileProblem.WRONG, place, detail=str(error)) from None
