"""The slices of the job that writes frames of videos. Each is about one video: a part of its frames, or all of them.

A slice reads the video from its beginning, because that alone tells the numbers of frames. Encoding a frame takes
longer than decoding it, so threads encode and write while the main thread decodes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from contents.careful import care_of, went_on
from contents.frames import storing
from contents.frames.parts import Choice
from contents.frames.writing import FRAMES_OF_A_SLICE, write_frames
from contents.index.queries import files_between
from contents.listing.relevant_filenames import is_clean
from contents.media.frame_names import FRAMES_FOLDER
from contents.media.pieces import Pieces
from contents.media.problems import MediaError
from contents.media.ranged_file import RangedFile
from contents.media.videos import check_video
from contents.models import CountedVideo, FileKind, IndexedFile
from contents.places import LONGEST_KEY, places_of
from contents.thumbnails.files import Listed, refusal_of, version_of
from contents.thumbnails.reasons import Reason
from contents.thumbnails.route import Route, Stop, UnreadableError, route_of
from contents.thumbnails.tally import Tally
from jobs.runners import Cursor, Slice, Step

PIECE_BYTES = 4 * 1024**2
# To count, a video is read twice at most; to take frames out of it, once for their times and once with jumps.
MOST_READS = 4
# What ending a slice may take: calls that are under way, and the database.
SPARE_SECONDS = 6.0
# With less time left after counting, the frames are left to the next slice.
ENOUGH_SECONDS = 15.0


def write_some(this: Slice) -> Step:
    """The next frames of a video, or the next video."""
    route = route_of(this.job, places_of)
    choice, tally = Choice.of(this.job.arguments["choice"]), Tally.of(this.cursor["tally"])
    name, file = _current(this.cursor, route, choice)
    if not name:
        return Step(this.cursor, is_last=True)
    reason = Reason.MISSING if file is None else _refusal(route, file)
    if care_of(this, 1).gives_up:
        reason = Reason.GAVE_UP
    if file is not None and not reason:
        try:
            return _video(this, route, choice, tally, file)
        except MediaError as error:
            reason = Reason(error.found.problem)
        except UnreadableError as error:
            reason = error.reason
        except Stop as error:
            raise error.job_error() from None
    tally.fail(reason, name)
    return _step(this, _behind(this.cursor, name), tally, videos=1)


def _current(cursor: Cursor, route: Route, choice: Choice) -> tuple[str, IndexedFile | None]:
    """The name of the video to go on with, empty at the end; and the video, if there is one of this name."""
    index = route.places.index
    if cursor["videos"] is None:
        found = files_between(index, cursor["after"], "", limit=1, kinds=[FileKind.VIDEO])
        return (found[0].key, found[0]) if found else ("", None)
    at, until = cursor["videos"]
    if at >= until:
        return "", None
    name = choice.videos[at]
    return name, IndexedFile.objects.filter(index=index.pk, key=name, kind=FileKind.VIDEO).first()


def _behind(cursor: Cursor, name: str) -> dict[str, Any]:
    """What to change in the cursor when the video of this name is done."""
    changed: dict[str, Any] = {"after": name, "current": "", "number": -1}
    return changed if cursor["videos"] is None else changed | {"videos": [cursor["videos"][0] + 1, cursor["videos"][1]]}


def _refusal(route: Route, file: IndexedFile) -> str:
    # A number has up to seven digits.
    longest = f"{route.target.prefix}{FRAMES_FOLDER}{file.key}-0000000-.png"
    if not is_clean(file.key) or len(longest.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        return Reason.NAME
    refusal = refusal_of(Listed(route.places.source, route.places.index, file))
    return refusal.reason if refusal else ""


def _video(this: Slice, route: Route, choice: Choice, tally: Tally, file: IndexedFile) -> Step:
    """Raises MediaError, UnreadableError and Stop."""
    video = storing.counted_video(route.places, file)
    if video is None:
        video = _counted(this, route, file)
        if this.seconds_left < ENOUGH_SECONDS:
            return _step(this, {}, tally, store=partial(storing.store_video, video))
    begun = this.cursor["number"] if this.cursor.get("current") == file.key else -1
    if begun < 0 and choice.beyond(video.frames):
        tally.fail(Reason.NO_FRAME, file.key)
    numbers = [number for number in choice.numbers(video.frames) if number > begun]
    now = numbers[:FRAMES_OF_A_SLICE]
    rows: list[storing.Row] = []
    reached = begun
    if now:
        with _opened(this, route, file) as opened:
            rows, reached = write_frames(this, route, opened, video, file, now, choice.format, tally)
    store = partial(storing.store_frames, video, rows, choice.format)
    if not numbers or reached >= numbers[-1]:
        return _step(this, _behind(this.cursor, file.key), tally, videos=1, store=store)
    return _step(this, {"current": file.key, "number": reached}, tally, store=store)


def _counted(this: Slice, route: Route, file: IndexedFile) -> CountedVideo:
    """By decoding all of it, or where that takes too long, by its packets."""
    with _opened(this, route, file) as opened:
        facts = check_video(opened, file.key, seconds=max(1.0, this.seconds_left / 2))
    return CountedVideo(
        datasource=route.places.source,
        place=storing.place_of(route.places.target),
        key=file.key,
        version=version_of(file),
        frames=facts.frames,
        counted=facts.counted,
        width=facts.width,
        height=facts.height,
    )


@contextlib.contextmanager
def _opened(this: Slice, route: Route, file: IndexedFile) -> Iterator[RangedFile]:
    with route.opened_source(file) as store:
        key = route.source.prefix + file.key
        pieces = Pieces(store, key, size=file.size, version=file.version, piece_bytes=PIECE_BYTES)
        seconds = max(1.0, this.seconds_left - SPARE_SECONDS)
        most = MOST_READS * file.size + PIECE_BYTES
        yield RangedFile(pieces.read, file.size, most_bytes=most, seconds=seconds)


def _step(this: Slice, changed: dict[str, Any], tally: Tally, *, videos: int = 0, store: Any = None) -> Step:
    cursor = went_on(this, 1, changed | {"tally": tally.stored()}, videos)
    return Step(cursor, is_last=False, done=videos, store=store)
