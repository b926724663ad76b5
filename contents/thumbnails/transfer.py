"""One file of a bulk job: is its thumbnail fresh, what is in it, and the writing. Used by several threads at once."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from clouds import CloudConfig, Endpoints, Store, StoreError
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.failures import PASSING, Failure
from clouds.permissions import Permission, Verdict, state_of
from clouds.pool import STORES
from clouds.store import Head
from contents.index.opening import PATIENCE
from contents.media.pieces import Pieces
from contents.media.thumbnails import LONGEST_SIDE, Thumbnail, thumbnail_of
from contents.models import FileKind, IndexedFile
from contents.places import Hindrance, Places, places_for_thumbnails, words_of
from contents.thumbnails import written
from contents.thumbnails.files import Listed, refusal_of
from contents.thumbnails.making import thumbnail_from
from contents.thumbnails.reasons import Reason, reason_of
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, UnreadableConfigError
from jobs.models import Job
from jobs.runners import JobError

# Larger ones are read piece by piece while they are decoded.
READ_AHEAD_BYTES = 8 * 1024**2
# What a single file can be the reason of. All else is wrong with the storage or the credentials.
_OF_THE_FILE = frozenset({Reason.MISSING, Reason.CHANGED, Reason.ARCHIVED, Reason.PERMISSION})


class Stop(Exception):  # noqa: N818 - no error of this file's
    """The storage fails, and would with the next file too."""

    def __init__(self, failure: Failure, config: CloudConfig, key: str, permission: Permission) -> None:
        super().__init__(str(failure.cause))
        self.failure, self.config, self.key, self.permission = failure, config, key, permission

    def job_error(self) -> JobError:
        verdict = Verdict(state_of(self.failure), failure=self.failure, key=self.key)
        words = diagnose(self.permission, verdict, self.config, PATIENCE.call_seconds)
        sentence = f"{words.summary[:1].upper()}{words.summary[1:]}. {words.cause} {words.fix}"
        return JobError(sentence, is_final=self.failure.cause not in PASSING)


class UnreadableError(Exception):
    """This file can't be read; the next one may be."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Prepared:
    """`name`: of the thumbnail, in the target. `data`: all of the file, or None: read it while decoding."""

    file: IndexedFile
    name: str = ""
    is_fresh: bool = False
    reason: str = ""
    head: Head | None = None
    data: bytes | None = None


@dataclass(frozen=True)
class Transfer:
    """From which storage to which."""

    places: Places
    source: CloudConfig
    target: CloudConfig
    endpoints: Endpoints

    def prepare(self, file: IndexedFile) -> Prepared:
        """Raises Stop."""
        name = self.places.thumbnail_of(file.key)
        if not name:
            return Prepared(file, reason=Reason.NAME)
        if refusal := refusal_of(Listed(self.places.source, self.places.index, file)):
            return Prepared(file, reason=refusal.reason)
        key = self.target.prefix + name
        with self._opened(self.target, key, Permission.READ) as store:
            head = written.head_of(store, key)
        prepared = Prepared(file, name, head=head)
        if head is not None and written.is_usable(head, file):
            return replace(prepared, is_fresh=True)
        if file.kind == FileKind.VIDEO or file.size > READ_AHEAD_BYTES:
            return prepared
        try:
            with self._source(file) as store:
                return replace(prepared, data=_whole(store, self.source.prefix + file.key, file))
        except UnreadableError as error:
            return replace(prepared, reason=error.reason)

    def decoded(self, prepared: Prepared, *, seconds: float) -> Thumbnail:
        """Raises MediaError, UnreadableError and Stop."""
        file = prepared.file
        if prepared.data is not None:
            return thumbnail_of(io.BytesIO(prepared.data))
        with self._source(file) as store:
            return thumbnail_from(store, self.source.prefix, file, LONGEST_SIDE, seconds=seconds)

    def write(self, prepared: Prepared, thumbnail: Thumbnail) -> int:
        """How many bytes; 0 where somebody else's file is in the place. Raises Stop."""
        key = self.target.prefix + prepared.name
        with self._opened(self.target, key, Permission.OVERWRITE) as store:
            try:
                written.write(store, key, prepared.name, thumbnail, prepared.file, prepared.head)
            except written.TakenError:
                return 0
        return len(thumbnail.data)

    @contextlib.contextmanager
    def _opened(self, config: CloudConfig, key: str, permission: Permission) -> Iterator[Store]:
        """Raises Stop."""
        try:
            with STORES.borrowed(config, self.endpoints, PATIENCE) as store:
                yield store
        except StoreError as error:
            raise Stop(error.failure, config, key, permission) from None

    @contextlib.contextmanager
    def _source(self, file: IndexedFile) -> Iterator[Store]:
        """Raises UnreadableError and Stop."""
        key = self.source.prefix + file.key
        try:
            with STORES.borrowed(self.source, self.endpoints, PATIENCE) as store:
                yield store
        except StoreError as error:
            reason = reason_of(error.failure)
            if reason in _OF_THE_FILE:
                raise UnreadableError(reason) from None
            raise Stop(error.failure, self.source, key, Permission.READ) from None


def _whole(store: Store, key: str, file: IndexedFile) -> bytes:
    return Pieces(store, key, size=file.size, version=file.version, piece_bytes=file.size).read(0, file.size)


def transfer_of(job: Job) -> Transfer:
    """Where the job reads and writes now. Raises JobError where that is not what it was begun with."""
    dataset = Dataset.objects.filter(pk=job.dataset_id).first()
    places = places_for_thumbnails(dataset, must_be_green=False) if dataset else Hindrance.NO_INPUT
    if isinstance(places, Hindrance):
        raise JobError(words_of(places), is_final=True)
    if [places.source.path, places.target.path] != job.arguments["paths"]:
        raise JobError(gettext("A datasource was changed meanwhile. Start again."), is_final=True)
    return Transfer(places, _config(places.source), _config(places.target), configured_endpoints())


def _config(datasource: Datasource) -> CloudConfig:
    try:
        return datasource.config
    except UnreadableConfigError:
        raise JobError(f"{UNREADABLE.tried} {UNREADABLE.fix}", is_final=True) from None
