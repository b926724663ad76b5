"""Numbers of frames as people write them: `0, 25, 100-200`, in any number of lines."""

from __future__ import annotations

import re

from django.utils.translation import gettext

# As many as anybody types or exports. Ranges that touch are one.
MOST_RANGES = 20_000
MOST_TEXT = 1_000_000
# As contents.media.videos.MOST_FRAMES.
MOST_NUMBER = 5_000_000
_TOKEN = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?")

Ranges = tuple[tuple[int, int], ...]


class WrongNumbersError(ValueError):
    """The text is a sentence that says where and what."""


def read_numbers(text: str) -> Ranges:
    """Ranges in order, both ends included; none for an empty text. What follows a `#` in a line is a remark.

    Raises WrongNumbersError.
    """
    if len(text) > MOST_TEXT:
        raise WrongNumbersError(gettext("This is too long: at most %(most)s characters.") % {"most": f"{MOST_TEXT:,}"})
    found: list[tuple[int, int]] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        written = re.sub(r"\s*-\s*", "-", line.partition("#")[0])
        found += [_range(token, number) for token in re.split(r"[,;\s]+", written) if token]
    merged: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    if len(merged) > MOST_RANGES:
        most = gettext("These are more than %(most)s separate numbers and ranges. Write them in several jobs.")
        raise WrongNumbersError(most % {"most": f"{MOST_RANGES:,}"})
    return tuple(merged)


def _range(token: str, line: int) -> tuple[int, int]:
    matched = _TOKEN.fullmatch(token)
    where = {"line": line, "token": token[:40], "most": f"{MOST_NUMBER:,}"}
    if matched is None:
        raise WrongNumbersError(
            gettext("Line %(line)s: “%(token)s” is no number of a frame and no range such as 100-200.") % where
        )
    first = int(matched[1])
    last = int(matched[2]) if matched[2] else first
    if last > MOST_NUMBER:
        raise WrongNumbersError(gettext("Line %(line)s: no video has a frame %(token)s.") % where)
    if last < first:
        raise WrongNumbersError(gettext("Line %(line)s: “%(token)s” ends before it begins.") % where)
    return first, last
