"""What the client lists: the next files of a listing with a URL each, and a listing cut into parts."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from clouds import CloudConfig, Store, StoreError
from clouds.failures import PASSING
from clouds.permissions import Permission
from contents.listing.cursor import Cursor, Kind
from contents.listing.errors import CursorError, CursorProblem
from contents.listing.folder import (
    IMAGES,
    METADATA_FOLDER,
    PREDICTIONS_FOLDER,
    VIDEOS,
    Folder,
    samples_folder,
    sidecars_folder,
)
from contents.listing.opening import opened
from contents.listing.relevant_filenames import RelevantFilenames
from contents.listing.relevant_files import relevant_filenames_of
from contents.listing.shards import guessed_cuts
from contents.listing.signing import READ_URL_SECONDS, RedirectUrl, given_to_each_of, too_many_to_sign
from contents.listing.walker import (
    PAGE_SIZE,
    WHOLE,
    Oddities,
    Range,
    Stretch,
    UnreliableServerError,
    begins_where_asked,
    walk,
)
from datasets.models import Dataset, DatasetType
from datasources.models import Datasource

logger = logging.getLogger(__name__)

# A page of ours is what cloud pages hold, filtered: we read on until it has so many files,
ENOUGH = 500
# or, further into a listing, as many as were given before, up to so many. What every page costs (who asks, may they,
# opening the store) is shared by more files then, while the first page comes as soon as it can,
MOST_FILES = 3_000
# and no page takes long only to be a long one;
LONG_ENOUGH_SECONDS = 1.0
# or until so much time has passed, or so many cloud pages were read, in which hardly anything fitted.
LOOK_AHEAD_SECONDS = 10.0
LOOK_AHEAD_SECONDS_IN_A_HURRY = 1.0
MOST_CLOUD_PAGES = 20
# So many cloud pages are read to cut small listings exactly; larger ones are cut by a guess.
EXACT_CLOUD_PAGES = 10
MOST_SHARDS = 128


@dataclass(frozen=True)
class File:
    name: str  # relative to the datasource's root
    url: str


@dataclass(frozen=True)
class FilesPage:
    files: list[File]
    cursor: Cursor  # with which to go on
    more: bool
    redirected: bool  # the URLs are this server's


def never() -> bool:
    return False


def read_page(
    dataset: Dataset, cursor: Cursor, redirect_url: RedirectUrl, *, in_a_hurry: Callable[[], bool] = never
) -> FilesPage:
    """The next files of a listing, each with a URL to read it, and the cursor to go on with.

    `in_a_hurry` is asked after each page of the cloud: whether others wait, so that this page should end soon.
    Raises ListingError and UnreliableServerError.
    """
    with _opened_listing(dataset, cursor) as listing:
        names, after, more = listing.gather(cursor, in_a_hurry)
        prefix = listing.config.prefix
        given = cursor.given + len(names)
        redirected = cursor.redirect or too_many_to_sign(listing.datasource, given)
        if redirected:
            files = [File(name, redirect_url(listing.datasource, name)) for name in names]
        else:
            files = [File(name, listing.store.sign(prefix + name, seconds=READ_URL_SECONDS)) for name in names]
    return FilesPage(files, replace(cursor, after=after, done=not more, given=given), more, redirected)


def split(dataset: Dataset, cursor: Cursor, wanted: int) -> list[Cursor]:
    """Cursors that together give exactly what the given one does, none of it twice.

    There is only one where the server can't list a range of names. Raises ListingError and UnreliableServerError.
    """
    parts = min(wanted, MOST_SHARDS)
    if parts == 1:
        return [cursor]
    with _opened_listing(dataset, cursor) as listing:
        cuts = listing.cuts(parts)
    given = given_to_each_of(len(cuts) + 1)
    return [
        replace(cursor, after=after, until=until, given=given)
        for after, until in zip(["", *cuts], [*cuts, ""], strict=True)
    ]


@dataclass
class _Listing:
    """One folder of an opened store, and which of its files count."""

    datasource: Datasource
    config: CloudConfig
    store: Store
    folder: Folder

    @property
    def prefix(self) -> str:
        return self.config.prefix + self.folder.path

    def gather(self, cursor: Cursor, in_a_hurry: Callable[[], bool]) -> tuple[list[str], str, bool]:
        """(names relative to the datasource's root, how far we came, whether there may be more)"""
        names: list[str] = []
        if cursor.done:
            return names, cursor.after, False
        after, more = cursor.after, True
        wanted, began_at = min(max(cursor.given, ENOUGH), MOST_FILES), time.monotonic()
        with self._walked(cursor.range) as stretches:
            for _ in range(MOST_CLOUD_PAGES):
                try:
                    stretch = next(stretches)
                except StoreError as error:
                    if names and error.failure.cause in PASSING:  # what we have is good; the cursor comes back here
                        break
                    raise
                names += self._names(stretch)
                after, more = stretch.reached, stretch.more
                hurry, seconds = in_a_hurry(), time.monotonic() - began_at
                enough = ENOUGH if hurry or seconds > LONG_ENOUGH_SECONDS else wanted
                most_seconds = LOOK_AHEAD_SECONDS_IN_A_HURRY if hurry else LOOK_AHEAD_SECONDS
                if not more or len(names) >= enough or seconds > most_seconds:
                    break
        return [self.folder.path + name for name in names], after, more

    def _names(self, stretch: Stretch) -> list[str]:
        return [entry.key for entry in stretch.entries if self.folder.counts(entry)]

    @contextlib.contextmanager
    def _walked(self, part: Range) -> Iterator[Iterator[Stretch]]:
        """The stretches of a range. What was odd about them goes to the operator's log."""
        oddities = Oddities()
        try:
            yield walk(
                self.store,
                self.prefix,
                part,
                next_start=self.folder.next_start,
                page_size=PAGE_SIZE,
                oddities=oddities,
            )
        finally:
            if oddities:
                logger.warning("The storage server of datasource %s lists oddly: %s", self.datasource.pk, oddities)

    def cuts(self, parts: int) -> list[str]:
        """Names between the parts: exactly in the middle of small listings, by a look here and there in others.

        None at all where the server can't list a range.
        """
        if not self.store.in_plain_order():
            return []
        # Where the server is unreliable, the listing itself will say so, or make up for it.
        with contextlib.suppress(UnreliableServerError):
            cuts = self._cuts(parts)
            if not cuts or begins_where_asked(self.store, self.prefix, cuts[-1]):
                return cuts
        logger.warning(
            "The storage server of datasource %s can't list from a name on, so its listings are not divided.",
            self.datasource.pk,
        )
        return []

    def _cuts(self, parts: int) -> list[str]:
        names: list[str] = []
        with self._walked(WHOLE) as stretches:
            for _ in range(EXACT_CLOUD_PAGES):
                stretch = next(stretches)
                names += self._names(stretch)
                if not stretch.more:
                    size = len(names) / parts
                    ends = sorted({int(size * number) for number in range(1, parts)} - {0})
                    return [names[end - 1] for end in ends if end < len(names)]
        return guessed_cuts(self.store, self.prefix, parts, hidden=self.folder.hidden)


@contextlib.contextmanager
def _opened_listing(dataset: Dataset, cursor: Cursor) -> Iterator[_Listing]:
    datasource = dataset.datasources.filter(pk=cursor.datasource_id, revision=cursor.revision).first()
    if datasource is None:
        raise CursorError(CursorProblem.DATASOURCE_CHANGED)
    folder = _folder(dataset, cursor, relevant_filenames_of(dataset, cursor))
    with opened(datasource, Permission.LIST) as (config, store):
        yield _Listing(datasource, config, store, folder)


def _folder(dataset: Dataset, cursor: Cursor, relevant: RelevantFilenames | None) -> Folder:
    media = VIDEOS if dataset.type == DatasetType.VIDEOS else IMAGES
    if cursor.kind is Kind.SAMPLES:
        return samples_folder(media, relevant, cursor.start, cursor.end)
    path = METADATA_FOLDER if cursor.kind is Kind.METADATA else f"{PREDICTIONS_FOLDER}{cursor.task}/"
    return sidecars_folder(path, media, relevant, cursor.start, cursor.end)
