"""Makes the picture of one file. For the processes of the queue `contents` alone: it opens what anybody may have made.

Messages carry ids, and a picture that is there already is not made again, so a message may come twice.
"""

from __future__ import annotations

import logging

from clouds import CloudConfig, Failure, Store, StoreError
from clouds.doctor.diagnosis import diagnose
from clouds.permissions import Permission, Verdict, state_of
from clouds.pool import STORES
from contents.index.opening import PATIENCE
from contents.media.pieces import Pieces
from contents.media.problems import MediaError
from contents.media.ranged_file import RangedFile
from contents.media.thumbnails import LONGEST_SIDE, Thumbnail, small, thumbnail_of
from contents.media.videos import poster_of
from contents.models import FileKind, IndexedFile
from contents.thumbnails.cache import Picture, Refusal, Started
from contents.thumbnails.files import MOST_IMAGE_BYTES, Listed, cache, listed, refusal_of, stored_name
from contents.thumbnails.reasons import Reason, reason_of
from contents.thumbnails.shelf import shelf_of
from datasources.endpoints import configured_endpoints
from datasources.models import UnreadableConfigError

logger = logging.getLogger(__name__)

# Of a video only its beginning and its table of contents are read.
MOST_VIDEO_BYTES = 64 * 1000**2
# Less than a slice of the queue.
SECONDS = 20.0
# Read at once: an image wholly where it is not larger than that.
IMAGE_PIECE_BYTES = 4 * 1024**2
VIDEO_PIECE_BYTES = 1024**2


def make(index_id: int, file_id: int, longest_side: int) -> None:
    found = listed(index_id, file_id)
    if found is None or refusal_of(found) is not None:
        return
    kept, name = cache(), stored_name(found, longest_side)
    if isinstance(kept.read(name), Picture | Refusal):
        return
    kept.write(name, Started())
    shelf = shelf_of(found) if longest_side == LONGEST_SIDE else None
    if shelf and (thumbnail := shelf.look()):
        kept.write(name, Picture(thumbnail.data, thumbnail.content_type))
        return
    made = _made(found, longest_side)
    if isinstance(made, Refusal):
        kept.write(name, made)
        return
    kept.write(name, Picture(made.data, made.content_type))
    if shelf:  # last, because people wait for the other
        shelf.put(made)


def _made(found: Listed, longest_side: int) -> Thumbnail | Refusal:
    try:
        config = found.datasource.config
    except UnreadableConfigError:
        return Refusal(Reason.CREDENTIALS)
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            return thumbnail_from(store, config.prefix, found.file, longest_side)
    except StoreError as error:
        return storage_refusal(error.failure, config, found.file.key)
    except MediaError as error:
        return Refusal(Reason(error.found.problem), error.found.detail)


def thumbnail_from(
    store: Store, prefix: str, file: IndexedFile, longest_side: int, *, seconds: float = SECONDS
) -> Thumbnail:
    """Raises MediaError and StoreError. `prefix` is that of the datasource in its bucket."""
    opened = opened_file(store, prefix, file, seconds=seconds)
    if file.kind == FileKind.VIDEO:
        return small(poster_of(opened), longest_side)
    return thumbnail_of(opened, longest_side)


def opened_file(
    store: Store, prefix: str, file: IndexedFile, *, piece_bytes: int = 0, seconds: float = SECONDS
) -> RangedFile:
    """An image or a video, within a budget of bytes and seconds. `piece_bytes`: read at once; 0: as its kind is."""
    is_video = file.kind == FileKind.VIDEO
    piece_bytes = piece_bytes or (VIDEO_PIECE_BYTES if is_video else IMAGE_PIECE_BYTES)
    pieces = Pieces(store, prefix + file.key, size=file.size, version=file.version, piece_bytes=piece_bytes)
    most_bytes = MOST_VIDEO_BYTES if is_video else MOST_IMAGE_BYTES
    return RangedFile(pieces.read, file.size, most_bytes=most_bytes, seconds=seconds)


def storage_refusal(failure: Failure, config: CloudConfig, key: str) -> Refusal:
    """`key` is relative to the datasource's root."""
    verdict = Verdict(state_of(failure), failure=failure, key=config.prefix + key)
    summary = diagnose(Permission.READ, verdict, config, PATIENCE.call_seconds).summary
    return Refusal(reason_of(failure), summary)
