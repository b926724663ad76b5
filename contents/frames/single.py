"""Takes one frame out of a video for somebody who looks at it. For the processes of the queue `contents` alone."""

from __future__ import annotations

from clouds import Store, StoreError
from clouds.pool import STORES
from contents.frames.entries import FRAME_SIDE, count_entry, frame_entry
from contents.index.opening import PATIENCE
from contents.media.pieces import Pieces
from contents.media.problems import MediaError
from contents.media.ranged_file import RangedFile
from contents.media.thumbnails import small
from contents.media.videos import check_video, frames_of
from contents.models import FileKind
from contents.thumbnails.cache import Cache, Facts, Picture, Refusal, Started
from contents.thumbnails.files import Listed, cache, listed, refusal_of
from contents.thumbnails.making import storage_refusal
from contents.thumbnails.reasons import Reason
from datasources.endpoints import configured_endpoints
from datasources.models import UnreadableConfigError

PIECE_BYTES = 4 * 1024**2
# For counting the frames, and for taking one. Both together end within a slice of the queue.
SECONDS = 12.0
DECODING_SECONDS = 5.0
MOST_READS = 3


def make(index_id: int, file_id: int, number: int) -> None:
    found = listed(index_id, file_id)
    if found is None or found.file.kind != FileKind.VIDEO or refusal_of(found) is not None:
        return
    kept, name = cache(), frame_entry(found, number)
    if isinstance(kept.read(name), Picture | Refusal):
        return
    kept.write(name, Started())
    kept.write(name, _made(found, number, kept))


def _made(found: Listed, number: int, kept: Cache) -> Picture | Refusal:
    try:
        config = found.datasource.config
    except UnreadableConfigError:
        return Refusal(Reason.CREDENTIALS)
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            key = config.prefix + found.file.key
            frames = _count(found, _opened(store, key, found), kept)
            if number < frames:
                for _, picture in frames_of(_opened(store, key, found), [number]):
                    made = small(picture, FRAME_SIDE)
                    return Picture(made.data, made.content_type)
    except StoreError as error:
        return storage_refusal(error.failure, config, found.file.key)
    except MediaError as error:
        return Refusal(Reason(error.found.problem), error.found.detail)
    return Refusal(Reason.NO_FRAME, f"{frames:,}")


def _count(found: Listed, file: RangedFile, kept: Cache) -> int:
    """Raises MediaError and StoreError."""
    name = count_entry(found)
    known = kept.read(name)
    if isinstance(known, Facts):
        return int(known.content["frames"])
    facts = check_video(file, found.file.key, seconds=DECODING_SECONDS)
    kept.write(name, Facts({"frames": facts.frames, "counted": facts.counted.value}))
    return facts.frames


def _opened(store: Store, key: str, found: Listed) -> RangedFile:
    file = found.file
    pieces = Pieces(store, key, size=file.size, version=file.version, piece_bytes=PIECE_BYTES)
    return RangedFile(pieces.read, file.size, most_bytes=MOST_READS * file.size + PIECE_BYTES, seconds=SECONDS)
