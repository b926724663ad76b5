"""Reads files of a datasource for the slices of a check: many small ones side by side, each within a limit of bytes.

What is wrong with one file costs that file alone. What is wrong with the storage becomes a JobError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext

from clouds import Cause, CloudConfig, Failure, Store, StoreError
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.failures import PASSING
from clouds.permissions import Permission, Verdict, state_of
from clouds.pool import STORES
from contents.annotations.sources import SourceError
from contents.index.opening import PATIENCE
from contents.models import Index
from core.threads import ContextPool
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, UnreadableConfigError
from jobs.runners import JobError

READERS = 8
CHUNK_BYTES = 4 * 1024**2
# These are of one file, whatever else can be read.
_OF_ONE_FILE = frozenset({Cause.NO_OBJECT, Cause.CHANGED, Cause.ARCHIVED})
Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Place:
    """What an index was made of, opened. `proof`: a key that could be read when the check began; empty: none yet."""

    config: CloudConfig
    proof: str = ""

    def side_by_side(self, work: Callable[[Store, Given], Made], things: Iterable[Given]) -> list[Made]:
        """`work` of each, in their order, with a store for each that is under way."""

        def one(thing: Given) -> Made:
            with STORES.borrowed(self.config, configured_endpoints(), PATIENCE) as store:
                return work(store, thing)

        with ContextPool(READERS, thread_name_prefix="annotations") as pool:
            return list(pool.map(one, things))

    def content(self, store: Store, name: str, limit: int) -> bytes | SourceError:
        """The first `limit` bytes of a file. Raises JobError where the storage is at fault."""
        try:
            return _beginning(store, self.config.prefix + name, limit)
        except StoreError as error:
            return self._fault(store, name, error.failure)

    def _fault(self, store: Store, name: str, failure: Failure) -> SourceError:
        words = diagnose(
            Permission.READ,
            Verdict(state_of(failure), failure=failure, key=self.config.prefix + name),
            self.config,
            PATIENCE.call_seconds,
        )
        if failure.cause in _OF_ONE_FILE:
            return SourceError(words.summary)
        if failure.cause not in PASSING and self.proof and self._still_reads(store):
            return SourceError(words.summary)
        sentence = f"{words.summary[:1].upper()}{words.summary[1:]}. {words.cause} {words.fix}"
        raise JobError(sentence, is_final=failure.cause not in PASSING)

    def _still_reads(self, store: Store) -> bool:
        try:
            store.read_range(self.config.prefix + self.proof, 0, 1)
        except StoreError:
            return False
        return True


def _beginning(store: Store, key: str, limit: int) -> bytes:
    """In pieces of one version, so that a large file is many short calls."""
    pieces: list[bytes] = []
    start, version = 0, ""
    while start < limit:
        piece = store.read_range(key, start, min(CHUNK_BYTES, limit - start), version=version)
        pieces.append(piece.data)
        start, version = start + len(piece.data), piece.version
        if len(piece.data) < CHUNK_BYTES:
            break
    return b"".join(pieces)


def place_of(index: Index, *, proof: str = "") -> Place:
    """Raises JobError if the datasource is gone, leads elsewhere, or can't be decrypted."""
    datasource = Datasource.objects.filter(pk=index.datasource_id).first()
    if datasource is None or (datasource.provider, datasource.path) != (index.provider, index.path):
        words = gettext("The datasource was changed or removed since it was indexed. Index it again, then start again.")
        raise JobError(words, is_final=True)
    try:
        return Place(datasource.config, proof)
    except UnreadableConfigError:
        raise JobError(f"{UNREADABLE.tried} {UNREADABLE.fix}", is_final=True) from None
