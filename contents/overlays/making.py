"""Reads predictions and metadata of one image, and draws them. For the processes of the queue `contents` alone."""

from __future__ import annotations

import time

from clouds import CloudConfig, Store, StoreError, is_missing
from clouds.pool import STORES
from contents.index.opening import PATIENCE
from contents.media.images import look_at_image
from contents.media.problems import MediaError
from contents.models import FileKind
from contents.overlays.documents import Read, metadata_of, predictions_of, tasks_of
from contents.overlays.drawing import Corners, Json
from contents.overlays.files import kept_entry, lightly_of, overlay_name
from contents.overlays.geometry import Upright
from contents.thumbnails.cache import Facts, Refusal, Started
from contents.thumbnails.files import Listed, cache, listed, refusal_of
from contents.thumbnails.making import SECONDS, opened_file, storage_refusal
from contents.thumbnails.reasons import Reason
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, UnreadableConfigError

# Headers of images mostly end before.
HEADER_PIECE_BYTES = 64 * 1024


def make(index_id: int, file_id: int) -> None:
    found = listed(index_id, file_id)
    lightly = lightly_of(found) if found else None
    if found is None or lightly is None:
        return
    kept, name = cache(), overlay_name(found, lightly)
    if isinstance(kept_entry(kept, name), Facts | Refusal):
        return
    kept.write(name, Started())
    kept.write(name, _made(found, lightly))


def _made(found: Listed, lightly: Datasource) -> Facts | Refusal:
    try:
        config = lightly.config
    except UnreadableConfigError:
        return Refusal(Reason.CREDENTIALS)
    ends_at = time.monotonic() + SECONDS
    upright = _upright(found) if found.file.kind == FileKind.IMAGE else None
    reader = _Reader(config, ends_at)
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            reader.store = store
            return Facts(_told(reader.read, found, upright))
    except StoreError as error:
        return storage_refusal(error.failure, config, reader.name)
    except TimeoutError:
        return Refusal(Reason.TIMED_OUT, reader.name)


class _Reader:
    """Files of the datasource; `name` is that of the last one."""

    def __init__(self, config: CloudConfig, ends_at: float) -> None:
        self.name = ""
        self.store: Store | None = None
        self._prefix = config.prefix
        self._ends_at = ends_at

    def read(self, name: str, limit: int) -> bytes | None:
        """Raises StoreError and TimeoutError."""
        self.name = name
        if time.monotonic() > self._ends_at:
            raise TimeoutError
        assert self.store is not None  # noqa: S101 - for type checkers
        key = self._prefix + name
        try:
            return self.store.read_range(key, 0, limit).data
        except StoreError as error:
            if is_missing(self.store, key, error.failure):
                return None
            raise


def _told(read: Read, found: Listed, upright: Upright | None) -> Json:
    name, corners = found.file.key, Corners()
    told: Json = {"width": 0, "height": 0, "orientation": 1, "tasks": [], "findings": []}
    if upright:
        told["width"], told["height"] = upright.size
        told["orientation"] = upright.orientation
    if found.file.kind == FileKind.IMAGE:
        tasks, told["findings"] = tasks_of(read)
        told["tasks"] = [predictions_of(read, task, name, upright, corners) for task in tasks]
    return told | {"metadata": metadata_of(read, name)}


def _upright(found: Listed) -> Upright | None:
    """None where its header can't be read: the place of the picture says why."""
    if refusal_of(found):
        return None
    try:
        config = found.datasource.config
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            file = opened_file(store, config.prefix, found.file, piece_bytes=HEADER_PIECE_BYTES)
            facts = look_at_image(file, found.file.key)
    except (UnreadableConfigError, StoreError, MediaError):
        return None
    return Upright(facts.width, facts.height, facts.orientation)
