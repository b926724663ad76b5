"""The slices of the job that writes the thumbnails of all images and videos of an Input.

Storage is slow and decoding is not: threads look for fresh thumbnails, read originals ahead and write, while the main
thread decodes, which alone is told when its time is over. No thread asks the database anything.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from django.utils.translation import gettext

from contents.careful import care_of, went_on
from contents.index import rows
from contents.index.queries import files_between
from contents.media.problems import MediaError, MediaProblem
from contents.models import IndexedFile
from contents.thumbnails.parts import MEDIA, PLAN
from contents.thumbnails.reasons import Reason
from contents.thumbnails.route import Stop, UnreadableError
from contents.thumbnails.tally import Tally
from contents.thumbnails.transfer import Prepared, Transfer, transfer_of
from core.threads import ContextPool
from jobs.runners import JobError, Slice, Step

# Side by side on as many workers as there are. Few files are not worth dividing.
PARTS = 8
FEWEST_FILES = 200
FILES_OF_A_SLICE = 64
# Threads of one slice, and so many originals in memory.
THREADS = 8
# So many files in a row that can't be read: no fault of theirs.
MOST_DENIED = 5
# With less time left, no further file is begun.
SPARE_SECONDS = 12.0


def plan(this: Slice) -> Step:
    """Where the parts begin and end by names, in the cursor's `parts`."""
    index = transfer_of(this.job).route.places.index
    count = max(index.files // PARTS, FEWEST_FILES)
    cuts: list[str] = []
    while len(cuts) < PARTS - 1:
        cut = rows.key_at(index.pk, cuts[-1] if cuts else "", count)
        if cut is None:
            break
        cuts.append(cut)
    return Step({"stage": PLAN, "parts": [list(pair) for pair in itertools.pairwise(["", *cuts, ""])]}, is_last=True)


def write_some(this: Slice) -> Step:
    """The next files of a part."""
    transfer = transfer_of(this.job)
    cursor, care = this.cursor, care_of(this, FILES_OF_A_SLICE)
    after, until = cursor["after"], cursor["until"]
    files = files_between(transfer.route.places.index, after, until, limit=care.most, kinds=MEDIA)
    tally = Tally.of(cursor["tally"])
    if not files:
        return Step(cursor, is_last=True)
    if care.gives_up:
        tally.fail(Reason.GAVE_UP, files[0].key)
        done = 1
    else:
        done = _write(this, transfer, files, tally)
    changed = {"after": files[done - 1].key, "tally": tally.stored()}
    is_last = done == len(files) < care.most
    return Step(went_on(this, FILES_OF_A_SLICE, changed, done), is_last=is_last, done=done)


@dataclass
class _Item:
    """A file on its way. `outcome`: why it failed, or what a thread is still to tell."""

    file: IndexedFile
    is_fresh: bool = False
    reason: str = ""
    writing: Future[int] | None = None


def _write(this: Slice, transfer: Transfer, files: Sequence[IndexedFile], tally: Tally) -> int:
    """How many of the files, from the first on, are done: at least one. Raises JobError where the first one can't be.

    What went wrong with the storage of a later one is left to the next slice, for which it is the first.
    """
    pool = ContextPool(THREADS)
    try:
        items, stop = _items(this, transfer, files, pool)
        done = 0
        for item in items:
            try:
                _count(item, tally)
            except Stop as error:
                stop = error
                break
            done += 1
    finally:
        # What is still being read or written goes on in its thread; the process does not wait.
        pool.shutdown(wait=False, cancel_futures=True)
    if not done and stop is not None:
        raise stop.job_error()
    if done >= MOST_DENIED and all(item.reason == Reason.PERMISSION for item in items[:done]):
        raise JobError(gettext("The storage lets us read none of the files. See the bulbs of Input."), is_final=True)
    return done


def _items(
    this: Slice, transfer: Transfer, files: Sequence[IndexedFile], pool: ThreadPoolExecutor
) -> tuple[list[_Item], Stop | None]:
    items: list[_Item] = []
    for prepared in _ahead(transfer, files, pool):
        if items and this.seconds_left < SPARE_SECONDS:
            break
        try:
            item = _item(this, transfer, prepared.result(), pool)
        except Stop as error:
            return items, error
        if items and item.reason == MediaProblem.TIMED_OUT:
            break  # it began late: the next slice gives it all of its time
        items.append(item)
    return items, None


def _ahead(transfer: Transfer, files: Sequence[IndexedFile], pool: ThreadPoolExecutor) -> Iterator[Future[Prepared]]:
    """In the order of the files, and never more than THREADS of them in memory."""
    waiting: deque[Future[Prepared]] = deque()
    for file in files:
        waiting.append(pool.submit(transfer.prepare, file))
        if len(waiting) >= THREADS:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def _item(this: Slice, transfer: Transfer, prepared: Prepared, pool: ThreadPoolExecutor) -> _Item:
    """Raises Stop."""
    file = prepared.file
    if prepared.is_fresh or prepared.reason:
        return _Item(file, prepared.is_fresh, prepared.reason)
    try:
        thumbnail = transfer.decoded(prepared, seconds=max(1.0, this.seconds_left - SPARE_SECONDS / 2))
    except MediaError as error:
        return _Item(file, reason=Reason(error.found.problem))
    except UnreadableError as error:
        return _Item(file, reason=error.reason)
    return _Item(file, writing=pool.submit(transfer.write, prepared, thumbnail))


def _count(item: _Item, tally: Tally) -> None:
    """Raises Stop."""
    if item.writing is not None:
        size = item.writing.result()
        if size:
            tally.written += 1
            tally.bytes_written += size
        else:
            tally.fail(Reason.TAKEN, item.file.key)
    elif item.is_fresh:
        tally.fresh += 1
    else:
        tally.fail(item.reason, item.file.key)
