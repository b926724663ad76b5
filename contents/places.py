"""Where thumbnails and frames of a dataset's files are written, or why they are not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext, gettext_noop

from contents.index.queries import look_at
from contents.listing.folder import LIGHTLY_FOLDER
from contents.listing.relevant_filenames import is_clean
from contents.media.frame_names import thumbnail_name
from contents.models import Index
from datasets.models import Dataset
from datasources.models import Datasource, Outcome, Purpose

# The longest that S3, GCS, Azure and OBS take, in bytes of UTF-8.
LONGEST_KEY = 1024


class Hindrance(StrEnum):
    """Why nothing can be written."""

    NO_INPUT = "no_input"
    NO_LIGHTLY = "no_lightly"
    NO_INDEX = "no_index"
    ELSEWHERE = "elsewhere"  # the index is of another place than the Input leads to by now
    UNREADABLE = "unreadable"
    UNWRITABLE = "unwritable"
    NO_SUFFIX = "no_suffix"
    AMONG_SAMPLES = "among_samples"


_WORDS = {
    Hindrance.NO_INPUT: gettext_noop("The Input datasource is not connected. Connect it first."),
    Hindrance.NO_LIGHTLY: gettext_noop(
        "The Lightly datasource is not connected. Connect it first: this is where they are written."
    ),
    Hindrance.NO_INDEX: gettext_noop("Nobody knows yet which files there are. Index the Input datasource first."),
    Hindrance.ELSEWHERE: gettext_noop(
        "The Input datasource leads to another place than the last index. Index it again."
    ),
    Hindrance.UNREADABLE: gettext_noop(
        "The bulbs of the Input datasource are not green, so its files may not be readable. See what they say."
    ),
    Hindrance.UNWRITABLE: gettext_noop(
        "The bulbs of the Lightly datasource are not green, so nothing can be written there. See what they say."
    ),
    Hindrance.NO_SUFFIX: gettext_noop(
        "The Lightly datasource has no thumbnail suffix, which means that there are to be no thumbnails. Set one in the"
        " settings."
    ),
    Hindrance.AMONG_SAMPLES: gettext_noop(
        "Thumbnails would be written among the samples and become samples of the next run. Begin the thumbnail suffix"
        " with .lightly/, or use another path for the Lightly datasource."
    ),
}


def words_of(hindrance: Hindrance) -> str:
    """A sentence that says what to do."""
    return gettext(_WORDS[hindrance])


@dataclass(frozen=True)
class Places:
    """`source` is the Input datasource, `index` what is known of it, `target` the Lightly datasource. May be one."""

    source: Datasource
    target: Datasource
    index: Index

    def thumbnail_of(self, name: str) -> str:
        """Relative to the target; empty where a file of this name can't have one."""
        return _usable(thumbnail_name(self.target.thumbnail_suffix, name))


def places_of(dataset: Dataset, *, must_be_green: bool = True) -> Places | Hindrance:
    """For whatever is written about the Input's files. Six queries.

    What is under way asks for no green bulbs: they are grey during a check, and the storage itself says what is wrong.
    """
    seen = look_at(dataset, Purpose.INPUT)
    if seen.datasource is None:
        return Hindrance.NO_INPUT
    target = target_of(dataset)
    if target is None:
        return Hindrance.NO_LIGHTLY
    if must_be_green and not is_green(target):
        return Hindrance.UNWRITABLE
    if must_be_green and not is_green(seen.datasource):
        return Hindrance.UNREADABLE
    if seen.index is None:
        return Hindrance.NO_INDEX
    return Hindrance.ELSEWHERE if seen.is_elsewhere else Places(seen.datasource, target, seen.index)


def places_for_thumbnails(dataset: Dataset, *, must_be_green: bool = True) -> Places | Hindrance:
    """As `places_of`, where thumbnails are wanted and are in nobody's way."""
    found = places_of(dataset, must_be_green=must_be_green)
    if isinstance(found, Hindrance):
        return found
    return hindrance_of_suffix(found) or found


def hindrance_of_suffix(places: Places) -> Hindrance | None:
    suffix = places.target.thumbnail_suffix
    if not suffix:
        return Hindrance.NO_SUFFIX
    if not suffix.startswith(LIGHTLY_FOLDER) and may_hold_samples(places.source, places.target):
        return Hindrance.AMONG_SAMPLES
    return None


def may_hold_samples(source: Datasource, target: Datasource) -> bool:
    """Whether what is written to `target` may lie below `source`, by what they are called: one bucket, one in another.

    Two names of one bucket, as an alias or another endpoint may give it, are not known to be one.
    """
    one, other = source.path, target.path
    return source.provider.removesuffix("DelegatedAccess") == target.provider.removesuffix("DelegatedAccess") and (
        f"{one.rstrip('/')}/".startswith(f"{other.rstrip('/')}/")
        or f"{other.rstrip('/')}/".startswith(f"{one.rstrip('/')}/")
    )


def source_of(dataset: Dataset) -> Datasource | None:
    found = dataset.datasources.filter(purpose__in=[Purpose.INPUT, Purpose.INPUT_OUTPUT])
    return found.select_related("latest_check").first()


def target_of(dataset: Dataset) -> Datasource | None:
    found = dataset.datasources.filter(purpose__in=[Purpose.LIGHTLY, Purpose.INPUT_OUTPUT])
    return found.select_related("latest_check").first()


def is_green(datasource: Datasource) -> bool:
    """Whether the check of what the datasource is now granted everything."""
    check = datasource.latest_check
    return bool(check and check.revision == datasource.revision and check.outcome == Outcome.GREEN)


def _usable(name: str) -> str:
    return name if is_clean(name) and len(name.encode("utf-8", "surrogatepass")) <= LONGEST_KEY else ""
