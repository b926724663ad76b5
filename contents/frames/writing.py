"""Writes frames of one video into the Lightly datasource."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from clouds.permissions import Permission
from clouds.store import Head
from contents.frames.storing import Row
from contents.media.frame_names import FRAMES_FOLDER, frame_name
from contents.media.frames import TYPES, Picture, encoded_frame
from contents.media.ranged_file import RangedFile
from contents.media.videos import frames_of
from contents.models import CountedVideo, IndexedFile
from contents.thumbnails import metadata
from contents.thumbnails.reasons import Reason
from contents.thumbnails.route import Route
from contents.thumbnails.tally import Tally
from core.threads import ContextPool
from jobs.runners import Slice

# For so many it is asked at once whether they are there already.
FRAMES_OF_A_SLICE = 256
THREADS = 8
# With less time left, no further frame is begun.
SPARE_SECONDS = 7.0


@dataclass(frozen=True)
class _Frames:
    """Where the frames of a video go. Used by several threads at once."""

    route: Route
    video: CountedVideo
    file: IndexedFile
    format: str

    def key(self, number: int) -> str:
        name = frame_name(self.file.key, number, self.video.frames, self.format)
        return self.route.target.prefix + FRAMES_FOLDER + name

    def head(self, number: int) -> Head | None:
        """What is there of this frame, if it is of the video as it was listed. Raises Stop."""
        key = self.key(number)
        with self.route.opened_target(key, Permission.READ) as store:
            head = metadata.head_of(store, key)
        is_same = head is not None and head.metadata.get("frame") == str(number)
        return head if head is not None and is_same and metadata.is_of(head.metadata, self.file) else None

    def write(self, number: int, picture: Picture) -> int:
        """How many bytes. Raises Stop."""
        data, key = encoded_frame(picture, self.format), self.key(number)
        told = metadata.source_of(self.file) | {"frame": str(number)}
        with self.route.opened_target(key, Permission.OVERWRITE) as store:
            store.write(key, data, content_type=TYPES[self.format], metadata=told)
        return len(data)


def write_frames(
    this: Slice,
    route: Route,
    opened: RangedFile,
    video: CountedVideo,
    file: IndexedFile,
    numbers: Sequence[int],
    format_name: str,
    tally: Tally,
) -> tuple[list[Row], int]:
    """(the frames that are there, up to which number): all of `numbers`, or fewer where the time is over.

    Raises MediaError for a broken video, and what its store raises.
    """
    frames = _Frames(route, video, file, format_name)
    pool = ContextPool(THREADS)
    try:
        heads = dict(zip(numbers, pool.map(frames.head, numbers), strict=True))
        wanted = [number for number in numbers if heads[number] is None]
        made, is_over = _made(this, frames, opened, wanted, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    reached = numbers[-1] if is_over else max(made, default=wanted[0] - 1)
    rows = []
    for number in numbers:
        head = heads[number]
        if number > reached:
            break
        if head is not None:
            tally.fresh += 1
            rows.append(Row(number, head.size))
        elif number in made:
            tally.written += 1
            tally.bytes_written += made[number]
            rows.append(Row(number, made[number]))
        else:  # it was counted, and can't be decoded
            tally.fail(Reason.NO_FRAME, file.key)
    return rows, reached


def _made(
    this: Slice, frames: _Frames, opened: RangedFile, wanted: Sequence[int], pool: ThreadPoolExecutor
) -> tuple[dict[int, int], bool]:
    """(bytes of each frame that was written, whether all that exist were)"""
    made: dict[int, int] = {}
    if not wanted:
        return made, True
    waiting: deque[tuple[int, Future[int]]] = deque()
    is_over = True
    for number, picture in frames_of(opened, wanted):
        waiting.append((number, pool.submit(frames.write, number, picture)))
        if len(waiting) >= THREADS:
            earlier, writing = waiting.popleft()
            made[earlier] = writing.result()
        if this.seconds_left < SPARE_SECONDS:
            is_over = False
            break
    for number, writing in waiting:
        made[number] = writing.result()
    return made, is_over
