"""From which storage a bulk job reads and to which it writes. Used by several threads at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext

from clouds import CloudConfig, Endpoints, Store, StoreError
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.failures import PASSING, Failure
from clouds.permissions import Permission, Verdict, state_of
from clouds.pool import STORES
from contents.index.opening import PATIENCE
from contents.models import IndexedFile
from contents.places import Hindrance, Places, words_of
from contents.thumbnails.reasons import Reason, reason_of
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, UnreadableConfigError
from jobs.models import Job
from jobs.runners import JobError

# What a single file can be the reason of. All else is wrong with the storage or the credentials.
_OF_THE_FILE = frozenset({Reason.MISSING, Reason.CHANGED, Reason.ARCHIVED, Reason.PERMISSION})


class FindPlaces(Protocol):
    def __call__(self, dataset: Dataset, *, must_be_green: bool = ...) -> Places | Hindrance: ...


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
class Route:
    places: Places
    source: CloudConfig
    target: CloudConfig
    endpoints: Endpoints

    @contextlib.contextmanager
    def opened_target(self, key: str, permission: Permission) -> Iterator[Store]:
        """`permission` is the one that the work takes, for the words of an error. Raises Stop."""
        try:
            with STORES.borrowed(self.target, self.endpoints, PATIENCE) as store:
                yield store
        except StoreError as error:
            raise Stop(error.failure, self.target, key, permission) from None

    @contextlib.contextmanager
    def opened_source(self, file: IndexedFile) -> Iterator[Store]:
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


def route_of(job: Job, find: FindPlaces) -> Route:
    """Where the job reads and writes now. Raises JobError where that is not what it was begun with."""
    dataset = Dataset.objects.filter(pk=job.dataset_id).first()
    places = find(dataset, must_be_green=False) if dataset else Hindrance.NO_INPUT
    if isinstance(places, Hindrance):
        raise JobError(words_of(places), is_final=True)
    if [places.source.path, places.target.path] != job.arguments["paths"]:
        raise JobError(gettext("A datasource was changed meanwhile. Start again."), is_final=True)
    return Route(places, _config(places.source), _config(places.target), configured_endpoints())


def _config(datasource: Datasource) -> CloudConfig:
    try:
        return datasource.config
    except UnreadableConfigError:
        raise JobError(f"{UNREADABLE.tried} {UNREADABLE.fix}", is_final=True) from None
