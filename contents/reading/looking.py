"""Opens one file and tells what is inside. For the processes of the queue `contents` alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clouds import StoreError
from clouds.failures import Cause
from contents.media.problems import Found, MediaError, MediaProblem
from contents.media.ranged_file import RangedFile, ReadRange
from contents.models import FileKind, ReadState
from contents.reading.rows import Inside, Wanted, problem_of
from contents.reading.totals import FIRST_PROBLEM, FactsRow

if TYPE_CHECKING:
    from contents.media.images import ImageFacts
    from contents.media.videos import VideoFacts

# Larger ones are not read wholly: of them the header tells what it can.
MOST_IMAGE_BYTES = 100 * 1000**2
MOST_VIDEO_BYTES = 256 * 1000**2
# Of the headers of those.
MOST_HEADER_BYTES = 64 * 1000**2
SPARE_BYTES = 1024**2
# Reading one file may take so long, and decoding the frames of a video so much of it. Less than a slice of the queue.
SECONDS = 12.0
DECODE_SECONDS = 5.0

_OF_A_FILE = {
    Cause.NO_OBJECT: ReadState.MISSING,
    Cause.CHANGED: ReadState.CHANGED,
    Cause.ARCHIVED: ReadState.ARCHIVED,
    **dict.fromkeys((Cause.DENIED, Cause.EXPLICIT_DENY, Cause.HIDDEN, Cause.KMS_DENIED), ReadState.DENIED),
}
# What can be told of such a file by its header, although it can't be decoded.
_HAS_HEADER = frozenset({MediaProblem.TRUNCATED, MediaProblem.CORRUPT, MediaProblem.TIMED_OUT})


@dataclass(frozen=True)
class Looked:
    facts: FactsRow
    problems: list[Inside]


def look(file: Wanted, read_range: ReadRange) -> Looked:
    """Raises StoreError for what is not about this file alone, as credentials that have expired."""
    is_image = file.kind == FileKind.IMAGE
    is_large = file.size > (MOST_IMAGE_BYTES if is_image else MOST_VIDEO_BYTES)
    # Videos are read twice: once for the times of their frames, once to decode them.
    most_bytes = MOST_HEADER_BYTES if is_large else 3 * file.size + SPARE_BYTES
    opened = RangedFile(read_range, file.size, most_bytes=most_bytes, seconds=SECONDS)
    state = ReadState.HEADER if is_large else ReadState.READ
    try:
        if is_image:
            return _of_image(file, opened, state)
        return _of_video(file, opened, state)
    except MediaError as error:
        return _looked(file, FactsRow(*file, state=state), [error.found])
    except StoreError as error:
        unread = _OF_A_FILE.get(error.failure.cause)
        if unread is None:
            raise
        return _looked(file, FactsRow(*file, state=unread), [])


def given_up(file: Wanted) -> Looked:
    """Of a file that has ended two workers."""
    found = Found(MediaProblem.TIMED_OUT, "opening it ended the worker: too much memory or time")
    return _looked(file, FactsRow(*file, state=ReadState.READ), [found])


def _of_image(file: Wanted, opened: RangedFile, state: ReadState) -> Looked:
    # Not above: web processes import this module, and stay without decoders.
    from contents.media.images import check_image, look_at_image

    if state is ReadState.HEADER:
        return _with_image(file, look_at_image(opened, file.key), state, [])
    try:
        return _with_image(file, check_image(opened, file.key), state, [])
    except MediaError as error:
        if error.found.problem not in _HAS_HEADER or opened.failure is not None:
            raise
        try:
            return _with_image(file, look_at_image(opened, file.key), state, [error.found])
        except MediaError:
            raise error from None


def _of_video(file: Wanted, opened: RangedFile, state: ReadState) -> Looked:
    from contents.media.videos import check_video, glance_at_video

    if state is ReadState.HEADER:
        facts = glance_at_video(opened, file.key)
    else:
        facts = check_video(opened, file.key, seconds=DECODE_SECONDS)
    return _with_video(file, facts, state)


def _with_image(file: Wanted, facts: ImageFacts, state: ReadState, more: list[Found]) -> Looked:
    row = FactsRow(
        *file,
        state=state,
        format=facts.format[:16],
        pixels=facts.mode[:32],
        width=facts.width,
        height=facts.height,
        bits=facts.bits,
        orientation=facts.orientation,
    )
    return _looked(file, row, [*more, *facts.found])


def _with_video(file: Wanted, facts: VideoFacts, state: ReadState) -> Looked:
    row = FactsRow(
        *file,
        state=state,
        format=facts.format[:16],
        codec=facts.codec[:32],
        pixels=facts.pixel_format[:32],
        width=facts.width,
        height=facts.height,
        rotation=facts.rotation,
        seconds=min(max(facts.seconds, 0.0), 1e9),
        rate=min(max(facts.rate, 0.0), 1e6),
        frames=facts.frames,
    )
    return _looked(file, row, facts.found)


def _looked(file: Wanted, row: FactsRow, found: list[Found]) -> Looked:
    problems = {problem_of(each.problem.name): each.detail for each in found}
    bits = sum(1 << (problem.value - FIRST_PROBLEM) for problem in problems)
    told = [
        Inside(problem.value, file.key, file.size, file.modified, detail[:200]) for problem, detail in problems.items()
    ]
    return Looked(row._replace(problems=bits), told)
