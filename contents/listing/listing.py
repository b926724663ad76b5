"""What lies in a datasource, page by page: raw samples, predictions, metadata.

A listing is a range of object names, and where in it we are stands in its cursor. So nothing is kept between two
requests: any server process can go on, also after a restart, and ranges can be read side by side.
"""

import contextlib
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

from django.core import signing

from clouds import PROVIDERS, Cause, CloudConfig, Deadline, Entry, Page, Store, StoreError, open_store
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.permissions import Permission, Verdict, state_of
from contents.listing import shards
from contents.listing.relevant import (
    Names,
    RelevantFilenames,
    RelevantFilenamesError,
    Sidecars,
    is_clean,
    parse_relevant_filenames,
)
from core.api.errors import ApiError
from datasets.models import Dataset, DatasetType
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose, UnreadableConfigError

IMAGES = frozenset({"png", "jpg", "jpeg", "bmp", "gif", "tiff", "tif", "webp", "ppm", "pgm"})
VIDEOS = frozenset({"mov", "mp4", "avi", "m4v", "hevc", "mpg", "mpeg", "webm"})
LIGHTLY_FOLDER = ".lightly/"
PREDICTIONS_FOLDER = ".lightly/predictions/"
METADATA_FOLDER = ".lightly/metadata/"
EMBEDDINGS_FOLDER = ".lightly/embeddings/"

# The longest that S3 and Google accept. Lightly's own signed URLs live as long.
READ_URL_SECONDS = 7 * 24 * 3600
MOST_PER_CLOUD_PAGE = 1000
# A page of ours is what cloud pages hold, filtered: we read on until it has so many files,
ENOUGH = 500
# or until so much time has passed, or so many cloud pages were read, in which hardly anything fitted.
LOOK_AHEAD_SECONDS = 10.0
MOST_CLOUD_PAGES = 20
DEADLINE_SECONDS = 30.0
# So many cloud pages are read to cut small listings exactly; larger ones are cut by a guess.
EXACT_CLOUD_PAGES = 10
MOST_SHARDS = 128
SPLITTING_SECONDS = 20.0
MOST_RELEVANT_BYTES = 32 * 1024 * 1024


_TASK = re.compile(r"[a-zA-Z0-9_+=,.@:/-]+")
_SALT = "datasources.listing"


class Kind(StrEnum):
    SAMPLES = "samples"
    PREDICTIONS = "predictions"
    METADATA = "metadata"


@dataclass(frozen=True)
class Cursor:
    """Who lists what, and where they are. `start` and `end` are Unix seconds, both included.

    `after` and `until` are names relative to the listed folder: the range begins behind the one (empty: at the front)
    and ends with the other (empty: at the end).
    """

    dataset_id: str
    user_id: str
    datasource_id: str
    revision: int
    kind: Kind
    task: str
    start: int | None
    end: int | None
    relevant_file: str
    redirect: bool
    run: str  # of all cursors that came of one first request
    after: str = ""
    until: str = ""
    done: bool = False

    def sealed(self) -> str:
        return signing.dumps(astuple(self), salt=_SALT, compress=True)


def unseal_cursor(text: str, *, dataset: Dataset, user_id: str, kind: Kind, task: str) -> Cursor:
    """Raises ApiError for a cursor that this server didn't give to this person for this listing."""
    try:
        values = signing.loads(text, salt=_SALT)
        cursor = Cursor(*values)
        cursor = replace(cursor, kind=Kind(cursor.kind))
    except (signing.BadSignature, TypeError, ValueError):
        raise _malformed("This is not a cursor of this server. Start the listing again, without one.") from None
    if (cursor.dataset_id, cursor.user_id, cursor.kind) != (dataset.pk, user_id, kind) or task not in ("", cursor.task):
        raise _malformed("This cursor belongs to another listing. Start again, without one.")
    return cursor


def redirected(cursor: Cursor) -> Cursor:
    return replace(cursor, redirect=True)


@dataclass(frozen=True)
class File:
    name: str  # relative to the datasource's root
    url: str


@dataclass(frozen=True)
class Found:
    files: list[File]
    cursor: Cursor
    more: bool


UrlOf = Callable[[Datasource, str], str]
"""Makes a URL of this server that leads to a file (by its name) of a datasource."""


def new_cursor(
    *,
    dataset: Dataset,
    user_id: str,
    kind: Kind,
    task: str = "",
    start: int | None = None,
    end: int | None = None,
    relevant_file: str = "",
    redirect: bool = False,
) -> Cursor:
    """The whole listing, at its beginning. Raises ApiError."""
    datasource = datasource_for(dataset, Purpose.INPUT if kind is Kind.SAMPLES else Purpose.LIGHTLY)
    if kind is Kind.PREDICTIONS and not (_TASK.fullmatch(task) and is_clean(task)):
        raise _malformed("taskName: this can't be the name of a prediction task.")
    if relevant_file and not is_clean(relevant_file):
        raise _malformed("relevantFilenamesFileName: must be relative to the Lightly datasource, without ./ or ../")
    return Cursor(
        dataset_id=dataset.pk,
        user_id=user_id,
        datasource_id=datasource.pk,
        revision=datasource.revision,
        kind=kind,
        task=task,
        start=start,
        end=end,
        relevant_file=relevant_file,
        redirect=redirect or _signs_with_a_session(datasource),
        run=secrets.token_urlsafe(6),
    )


def read_page(dataset: Dataset, cursor: Cursor, redirect_url: UrlOf) -> Found:
    """The next files of a listing, each with a URL to read it, and the cursor to go on with. Raises ApiError."""
    with _opened_listing(dataset, cursor, DEADLINE_SECONDS) as listing:
        names, after, more = listing.gather(cursor)
        prefix = listing.config.prefix
        if cursor.redirect:
            files = [File(name, redirect_url(listing.datasource, name)) for name in names]
        else:
            files = [File(name, listing.store.sign(prefix + name, seconds=READ_URL_SECONDS)) for name in names]
    return Found(files, replace(cursor, after=after, done=not more), more)


def split(dataset: Dataset, cursor: Cursor, wanted: int) -> list[Cursor]:
    """Cursors that together give exactly what the given one does, none of it twice. Raises ApiError."""
    parts = min(wanted, MOST_SHARDS)
    if parts == 1:
        return [cursor]
    with _opened_listing(dataset, cursor, DEADLINE_SECONDS) as listing:
        cuts = listing.cuts(parts) if listing.store.in_plain_order() else []
    return [replace(cursor, after=after, until=until) for after, until in zip(["", *cuts], [*cuts, ""], strict=True)]


def sign_file(dataset: Dataset, purpose: Purpose, name: str, *, method: str, redirect_url: UrlOf) -> str:
    """A URL for one file, whether it exists or not. Raises ApiError."""
    datasource = datasource_for(dataset, purpose)
    if _signs_with_a_session(datasource) and method != "PUT" and is_clean(name):
        return redirect_url(datasource, name)
    return sign_path(datasource, name, seconds=READ_URL_SECONDS, method=method)


def _signs_with_a_session(datasource: Datasource) -> bool:
    """Such URLs end when the session does, so they are given out through this server only, which signs anew."""
    return PROVIDERS[datasource.provider].session_seconds is not None


def sign_path(datasource: Datasource, name: str, *, seconds: int, method: str) -> str:
    """A URL straight to the cloud. Raises ApiError."""
    if not is_clean(name):
        raise _malformed("The name must be relative to the datasource's root, without ./ or ../ in it.")
    with _opened(datasource, Permission.READ, DEADLINE_SECONDS) as (config, store):
        return store.sign(config.prefix + name, seconds=seconds, method=method)


def datasource_for(dataset: Dataset, purpose: Purpose) -> Datasource:
    """The one with this purpose, or the one with both. Raises ApiError."""
    found = dataset.datasources.filter(purpose__in=[purpose, Purpose.INPUT_OUTPUT]).first()
    if found is None:
        raise ApiError(
            404, "DATASET_DATASOURCE_UNKNOWN", f"The dataset has no {purpose.label} datasource. Configure one first."
        )
    return found


class _Listing:
    """One folder of an opened store, and which of its files count."""

    def __init__(
        self,
        dataset: Dataset,
        datasource: Datasource,
        config: CloudConfig,
        store: Store,
        cursor: Cursor,
        relevant: RelevantFilenames | None,
    ) -> None:
        self.datasource = datasource
        self.config = config
        self.store = store
        self.cursor = cursor
        self.extensions = VIDEOS if dataset.type == DatasetType.VIDEOS else IMAGES
        self.folder, self.schema = {
            Kind.SAMPLES: ("", ""),
            Kind.PREDICTIONS: (f"{PREDICTIONS_FOLDER}{cursor.task}/", "schema.json"),
            Kind.METADATA: (METADATA_FOLDER, "schema.json"),
        }[cursor.kind]
        self.prefix = config.prefix + self.folder
        self.hidden = LIGHTLY_FOLDER if cursor.kind is Kind.SAMPLES else ""
        self.names: Names | None = relevant
        if relevant and cursor.kind is not Kind.SAMPLES:
            self.names = Sidecars(relevant, self.extensions)

    def gather(self, cursor: Cursor) -> tuple[list[str], str, bool]:
        """(names relative to the datasource's root, how far we came, whether there may be more)"""
        names: list[str] = []
        after, more = cursor.after, not cursor.done
        ends_at = time.monotonic() + LOOK_AHEAD_SECONDS
        pages = self.walk(cursor.after, cursor.until)
        for _ in range(MOST_CLOUD_PAGES if more else 0):
            try:
                found, after, more = next(pages)
            except StoreError as error:
                if names and error.failure.cause in PASSING:  # what we have is good, and the cursor comes back here
                    break
                raise
            names += found
            if not more or len(names) >= ENOUGH or time.monotonic() > ends_at:
                break
        return [self.folder + name for name in names], after, more

    def walk(self, after: str, until: str) -> Iterator[tuple[list[str], str, bool]]:
        """Per cloud page: the names that count, how far it reached, and whether there is more after it."""
        more = True
        while more:
            start = self._skip(after)
            if start is None or (until and start >= until):
                yield [], after, False
                return
            page = self.store.page(self.prefix, after=self.prefix + start if start else "", limit=MOST_PER_CLOUD_PAGE)
            entries = [entry for entry in page.entries if not until or self._name(entry) <= until]
            more = page.more and len(entries) == len(page.entries)
            after = self._name(entries[-1]) if entries else after
            yield [self._name(entry) for entry in entries if self._counts(entry)], after, more

    def cuts(self, parts: int) -> list[str]:
        """Names between the parts: exactly in the middle of small listings, by a look here and there in others."""
        names: list[str] = []
        pages = self.walk("", "")
        for _ in range(EXACT_CLOUD_PAGES):
            found, _after, more = next(pages)
            names += found
            if not more:
                size = len(names) / parts
                ends = sorted({int(size * number) for number in range(1, parts)} - {0})
                return [names[end - 1] for end in ends if end < len(names)]
        ends_at = time.monotonic() + SPLITTING_SECONDS

        def look(prefix: str, after: str, limit: int) -> Page:
            if time.monotonic() > ends_at:
                raise shards.OutOfLooksError
            return self._look(prefix, after, limit)

        return shards.cuts(look, "", parts, 16 * parts + 32)

    def _look(self, prefix: str, after: str, limit: int) -> Page:
        """A cloud page by relative names, without what is hidden."""
        if self.hidden and after.startswith(self.hidden):
            after = shards.successor(self.hidden)
        page = self.store.page(self.prefix + prefix, after=self.prefix + after if after else "", limit=limit)
        entries = [replace(entry, key=self._name(entry)) for entry in page.entries]
        visible = [entry for entry in entries if not (self.hidden and entry.key.startswith(self.hidden))]
        if page.more and not visible and shards.successor(self.hidden).startswith(prefix):
            return self._look(prefix, self.hidden, limit)
        return Page(visible, page.more)

    def _skip(self, after: str) -> str | None:
        """The name after which to go on: `after`, or a later one if nothing that counts lies between."""
        if self.hidden and after.startswith(self.hidden):
            after = shards.successor(self.hidden)
        if self.names:
            start = self.names.next_start(after)
            if start is None:
                return None
            if start > after:
                after = max(after, shards.predecessor(start))
        return after

    def _name(self, entry: Entry) -> str:
        return entry.key.removeprefix(self.prefix)

    def _counts(self, entry: Entry) -> bool:
        name = self._name(entry)
        if self.cursor.start is not None and entry.modified < self.cursor.start:
            return False
        if self.cursor.end is not None and entry.modified > self.cursor.end:
            return False
        extension = name.rpartition(".")[2].lower()
        if self.cursor.kind is Kind.SAMPLES:
            fits = extension in self.extensions and not name.startswith(self.hidden)
        else:
            fits = extension == "json" and name != self.schema
        return fits and "." in name and is_clean(name) and (self.names is None or self.names.covers(name))


@contextlib.contextmanager
def _opened_listing(dataset: Dataset, cursor: Cursor, seconds: float) -> Iterator[_Listing]:
    datasource = dataset.datasources.filter(pk=cursor.datasource_id, revision=cursor.revision).first()
    if datasource is None:
        raise _malformed("The datasource was changed since this listing began. Start again, without a cursor.")
    relevant = _relevant(dataset, cursor, seconds) if cursor.relevant_file else None
    with _opened(datasource, Permission.LIST, seconds) as (config, store):
        yield _Listing(dataset, datasource, config, store, cursor, relevant)


# Read and parsed once per listing and process, not for every page. Nobody sees another listing's: runs are random.
_relevant_of_run: OrderedDict[str, RelevantFilenames] = OrderedDict()
_relevant_lock = threading.Lock()
KEPT_RELEVANT = 16


def _relevant(dataset: Dataset, cursor: Cursor, seconds: float) -> RelevantFilenames:
    with _relevant_lock:
        if known := _relevant_of_run.get(cursor.run):
            _relevant_of_run.move_to_end(cursor.run)
            return known
    datasource = datasource_for(dataset, Purpose.LIGHTLY)
    with _opened(datasource, Permission.READ, seconds) as (config, store):
        key = config.prefix + cursor.relevant_file
        try:
            content = store.read_range(key, 0, MOST_RELEVANT_BYTES + 1).data
        except StoreError as error:
            if error.failure.cause is Cause.NO_OBJECT:
                raise _irrelevant(config, key, "This file does not exist.") from None
            raise
        if len(content) > MOST_RELEVANT_BYTES:
            size = MOST_RELEVANT_BYTES // 1024**2
            raise ApiError(422, "DATASET_DATASOURCE_FILE_TOO_LARGE", f"{config.display_key(key)}: more than {size} MB.")
        try:
            relevant = parse_relevant_filenames(content)
        except RelevantFilenamesError as error:
            raise _irrelevant(config, key, str(error)) from None
    with _relevant_lock:
        _relevant_of_run[cursor.run] = relevant
        while len(_relevant_of_run) > KEPT_RELEVANT:
            _relevant_of_run.popitem(last=False)
    return relevant


def _irrelevant(config: CloudConfig, key: str, problem: str) -> ApiError:
    return ApiError(422, "DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID", f"{config.display_key(key)}: {problem}")


@contextlib.contextmanager
def _opened(datasource: Datasource, permission: Permission, seconds: float) -> Iterator[tuple[CloudConfig, Store]]:
    """The datasource's store for a moment. What goes wrong with it in that time becomes an ApiError."""
    try:
        config = datasource.config
    except UnreadableConfigError:
        message = f"{UNREADABLE.tried} {UNREADABLE.fix}"
        raise ApiError(422, "DATASET_DATASOURCE_INVALID", message) from None
    try:
        store = open_store(config, configured_endpoints(), Deadline(seconds))
        try:
            yield config, store
        finally:
            store.close()
    except StoreError as error:
        raise _told(datasource, config, permission, error, seconds) from None


# Trying again may help: the client does so for half a minute when it gets a 503.
PASSING = frozenset({Cause.THROTTLED, Cause.SERVER_ERROR, Cause.TIMEOUT, Cause.UNREACHABLE})
_OF_CREDENTIALS = frozenset(
    {
        Cause.DENIED,
        Cause.EXPLICIT_DENY,
        Cause.NETWORK_RULES,
        Cause.UNKNOWN_KEY,
        Cause.WRONG_SECRET,
        Cause.EXPIRED,
        Cause.NOT_YET_VALID,
        Cause.CREDENTIAL_REFUSED,
        Cause.MALFORMED_CREDENTIAL,
        Cause.KMS_DENIED,
        Cause.CANNOT_ASSUME_ROLE,
        Cause.NO_PRINCIPAL,
    }
)


def _told(
    datasource: Datasource, config: CloudConfig, permission: Permission, error: StoreError, seconds: float
) -> ApiError:
    failure = error.failure
    verdict = Verdict(state_of(failure), failure=failure, key=config.prefix)
    words = diagnose(permission, verdict, config, seconds)
    message = f"{datasource.get_purpose_display()} datasource {config.path}: {words.summary}. {words.cause} {words.fix}"
    if failure.cause in PASSING:
        return ApiError(503, "DATASET_DATASOURCE_INVALID", message)
    if failure.cause in _OF_CREDENTIALS:
        return ApiError(403, "DATASET_DATASOURCE_CREDENTIALS_ERROR", message)
    return ApiError(422, "DATASET_DATASOURCE_INVALID", message)


def _malformed(message: str) -> ApiError:
    """422, where others get 400: the client takes 400 on listings for a passing problem and tries for half a minute."""
    return ApiError(422, "MALFORMED_REQUEST", message)
