"""What may be wrong with an image or a video, once somebody has looked into it."""

from dataclasses import dataclass
from enum import StrEnum

from contents.media.ranged_file import BudgetError, failure_of


class MediaProblem(StrEnum):
    """The values stand in databases and answers of the API, and stay as they are."""

    OTHER_CONTENT = "other_content"  # a web page, text, an archive under the name of an image or video
    WRONG_EXTENSION = "wrong_extension"  # a PNG that is called .jpg
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too_many_pixels"
    DEEP = "deep"  # more than 8 bits a channel
    CMYK = "cmyk"
    ANIMATED = "animated"  # or of several pages
    ALPHA = "alpha"
    ROTATED = "rotated"  # by EXIF, or by the display matrix of a video
    NO_VIDEO = "no_video"  # a container without pictures
    FRAME_COUNT = "frame_count"  # the header says another number than can be decoded
    VARIABLE_RATE = "variable_rate"
    SLOW_START = "slow_start"  # the table of contents is at the end
    UNPLAYABLE = "unplayable"  # in browsers
    TIMED_OUT = "timed_out"  # it takes longer than anybody waits


@dataclass(frozen=True)
class Found:
    """`detail` says in English what was seen, as `PNG` or `90°`."""

    problem: MediaProblem
    detail: str = ""


class MediaError(Exception):
    """The file can't be shown. `found` says why."""

    def __init__(self, found: Found) -> None:
        super().__init__(f"{found.problem}: {found.detail}")
        self.found = found


# What Celery raises in whatever a task does when its time is over. By its name: nothing here knows Celery.
_INTERRUPT = "SoftTimeLimitExceeded"


def error_of(error: Exception, file: object) -> Exception:
    """What to raise for what a decoder raised: a failure of the storage as it is, else a MediaError.

    Decoders raise whatever comes up in a broken file: OSError, SyntaxError, struct.error, zlib.error, and more.
    """
    failure = failure_of(file)
    if _INTERRUPT in {type(error).__name__, type(failure).__name__}:
        return MediaError(Found(MediaProblem.TIMED_OUT, "decoding takes longer than a worker may"))
    if isinstance(failure, BudgetError):
        return MediaError(Found(MediaProblem.TIMED_OUT, str(failure)))
    if failure is not None:
        return failure
    if isinstance(error, MediaError):
        return error
    if isinstance(error, MemoryError):
        return MediaError(Found(MediaProblem.TOO_MANY_PIXELS, "more than fits into memory"))
    words = str(error).lower()
    if isinstance(error, EOFError) or "truncated" in words or "unexpected end" in words:
        return MediaError(Found(MediaProblem.TRUNCATED))
    return MediaError(Found(MediaProblem.CORRUPT, type(error).__name__))
