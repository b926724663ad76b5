"""What has become of the files of a bulk job, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from contents.thumbnails.reasons import Reason, words_of
from contents.thumbnails.tally import Tally


@dataclass(frozen=True)
class Failed:
    """So many files failed for this reason. `examples`: names of some."""

    reason: str
    words: str
    files: int
    examples: list[str]


def words_of_thumbnails(tally: Tally) -> str:
    written = ngettext("%(count)s thumbnail written", "%(count)s thumbnails written", tally.written)
    return _sentence(written, tally)


def words_of_frames(tally: Tally) -> str:
    return _sentence(ngettext("%(count)s frame written", "%(count)s frames written", tally.written), tally)


def _sentence(written: str, tally: Tally) -> str:
    words = [written % {"count": f"{tally.written:,}"}]
    if tally.fresh:
        words.append(gettext("%(count)s were fresh") % {"count": f"{tally.fresh:,}"})
    if tally.failures:
        words.append(gettext("%(count)s failed") % {"count": f"{tally.failures:,}"})
    return ", ".join(words)


def failed_of(tally: Tally) -> list[Failed]:
    """The most frequent reason first."""
    ranked = sorted(tally.failed.items(), key=lambda row: (-row[1], row[0]))
    return [Failed(reason, _words(reason), count, tally.examples.get(reason, [])) for reason, count in ranked]


def _words(reason: str) -> str:
    try:
        return words_of(Reason(reason))
    except ValueError:  # of another release
        return reason
