"""Why a picture can't be shown, and the words for it."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext, gettext_noop

from clouds import Failure
from clouds.failures import Cause


class Reason(StrEnum):
    """Those that a file itself gives have the values of contents.media.problems.MediaProblem."""

    OTHER_CONTENT = "other_content"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too_many_pixels"
    NO_VIDEO = "no_video"
    TIMED_OUT = "timed_out"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    ARCHIVED = "archived"
    NO_MEDIA = "no_media"  # neither an image nor a video
    MISSING = "missing"
    CHANGED = "changed"  # since it was listed
    ELSEWHERE = "elsewhere"  # the datasource leads to another place by now
    OUTDATED = "outdated"  # the list on the page is older than the newest index
    PERMISSION = "permission"
    STORAGE = "storage"
    CREDENTIALS = "credentials"
    GAVE_UP = "gave_up"
    ABSENT = "absent"  # no worker, or no queue
    BUSY = "busy"
    TAKEN = "taken"  # a file of somebody else's has the name of the thumbnail
    NO_FRAME = "no_frame"  # the video has no frame of a number that was chosen
    NAME = "name"  # of which no name of a thumbnail can be made


# These may be over in a minute.
PASSING = frozenset({Reason.MISSING, Reason.PERMISSION, Reason.STORAGE, Reason.CREDENTIALS, Reason.CHANGED})

_WORDS = {
    Reason.OTHER_CONTENT: gettext_noop("It is no image or video that can be shown"),
    Reason.TRUNCATED: gettext_noop("The file breaks off"),
    Reason.CORRUPT: gettext_noop("The file is damaged"),
    Reason.TOO_MANY_PIXELS: gettext_noop("It has too many pixels"),
    Reason.NO_VIDEO: gettext_noop("The file has no pictures in it"),
    Reason.TIMED_OUT: gettext_noop("Reading it takes too long"),
    Reason.EMPTY: gettext_noop("The file is empty"),
    Reason.TOO_LARGE: gettext_noop("The file is too large"),
    Reason.ARCHIVED: gettext_noop("The file is archived: restore it first"),
    Reason.NO_MEDIA: gettext_noop("It is neither an image nor a video"),
    Reason.MISSING: gettext_noop("The file is not there any more"),
    Reason.CHANGED: gettext_noop("The file has changed since the last look: index again"),
    Reason.ELSEWHERE: gettext_noop("The datasource leads to another place by now: index again"),
    Reason.OUTDATED: gettext_noop("There is a newer index: load the page again"),
    Reason.PERMISSION: gettext_noop("The storage does not let us read it"),
    Reason.STORAGE: gettext_noop("The storage does not answer as it should"),
    Reason.CREDENTIALS: gettext_noop("The stored credentials can't be read: enter them again"),
    Reason.GAVE_UP: gettext_noop("Opening it took too much time or memory"),
    Reason.BUSY: gettext_noop("The workers are busy with other files: try again later"),
    Reason.TAKEN: gettext_noop("Another file has the name of its thumbnail"),
    Reason.NAME: gettext_noop("Nothing can be named after it: its name is no path, or too long"),
    Reason.NO_FRAME: gettext_noop("It has fewer frames than that"),
    Reason.ABSENT: gettext_noop("No worker makes pictures right now"),
}
_REFUSED = frozenset(
    {
        *(Cause.DENIED, Cause.EXPLICIT_DENY, Cause.HIDDEN, Cause.KMS_DENIED, Cause.NETWORK_RULES, Cause.EXPIRED),
        *(Cause.UNKNOWN_KEY, Cause.WRONG_SECRET, Cause.NOT_YET_VALID, Cause.CREDENTIAL_REFUSED, Cause.SUSPENDED),
        *(Cause.CANNOT_ASSUME_ROLE, Cause.NO_PRINCIPAL, Cause.CALLER_PAYS, Cause.MALFORMED_CREDENTIAL),
    }
)
_BY_CAUSE = {
    Cause.NO_OBJECT: Reason.MISSING,
    Cause.CHANGED: Reason.CHANGED,
    Cause.ARCHIVED: Reason.ARCHIVED,
    **dict.fromkeys(_REFUSED, Reason.PERMISSION),
}


def words_of(reason: Reason) -> str:
    return gettext(_WORDS[reason])


def reason_of(failure: Failure) -> Reason:
    return _BY_CAUSE.get(failure.cause, Reason.STORAGE)
