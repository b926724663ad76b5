"""One file of a bulk job: is its thumbnail fresh, what is in it, and the writing. Used by several threads at once."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

from clouds import Store
from clouds.permissions import Permission
from clouds.store import Head
from contents.media.pieces import Pieces
from contents.media.thumbnails import LONGEST_SIDE, Thumbnail, thumbnail_of
from contents.models import FileKind, IndexedFile
from contents.places import places_for_thumbnails
from contents.thumbnails import metadata, written
from contents.thumbnails.files import Listed, refusal_of
from contents.thumbnails.making import thumbnail_from
from contents.thumbnails.reasons import Reason
from contents.thumbnails.route import Route, UnreadableError, route_of
from jobs.models import Job

# Larger ones are read piece by piece while they are decoded.
READ_AHEAD_BYTES = 8 * 1024**2


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
    """Of thumbnails."""

    route: Route

    def prepare(self, file: IndexedFile) -> Prepared:
        """Raises Stop."""
        name = self.route.places.thumbnail_of(file.key)
        if not name:
            return Prepared(file, reason=Reason.NAME)
        if refusal := refusal_of(Listed(self.route.places.source, self.route.places.index, file)):
            return Prepared(file, reason=refusal.reason)
        key = self.route.target.prefix + name
        with self.route.opened_target(key, Permission.READ) as store:
            head = metadata.head_of(store, key)
        prepared = Prepared(file, name, head=head)
        if head is not None and metadata.is_usable(head, file):
            return replace(prepared, is_fresh=True)
        if file.kind == FileKind.VIDEO or file.size > READ_AHEAD_BYTES:
            return prepared
        try:
            with self.route.opened_source(file) as store:
                return replace(prepared, data=_whole(store, self.route.source.prefix + file.key, file))
        except UnreadableError as error:
            return replace(prepared, reason=error.reason)

    def decoded(self, prepared: Prepared, *, seconds: float) -> Thumbnail:
        """Raises MediaError, UnreadableError and Stop."""
        file = prepared.file
        if prepared.data is not None:
            return thumbnail_of(io.BytesIO(prepared.data))
        with self.route.opened_source(file) as store:
            return thumbnail_from(store, self.route.source.prefix, file, LONGEST_SIDE, seconds=seconds)

    def write(self, prepared: Prepared, thumbnail: Thumbnail) -> int:
        """How many bytes; 0 where somebody else's file is in the place. Raises Stop."""
        key = self.route.target.prefix + prepared.name
        with self.route.opened_target(key, Permission.OVERWRITE) as store:
            try:
                written.write(store, key, prepared.name, thumbnail, prepared.file, prepared.head)
            except written.TakenError:
                return 0
        return len(thumbnail.data)


def _whole(store: Store, key: str, file: IndexedFile) -> bytes:
    return Pieces(store, key, size=file.size, version=file.version, piece_bytes=file.size).read(0, file.size)


def transfer_of(job: Job) -> Transfer:
    """Raises JobError."""
    return Transfer(route_of(job, places_for_thumbnails))
