"""Takes stills out of a video, and looks what plays it. For the processes of the queue `contents` alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from clouds import CloudConfig, Store, StoreError
from clouds.pool import STORES
from contents.filmstrips.files import STILL_SIDE, STILLS, filmstrip_name, is_origin, still_name
from contents.index.opening import PATIENCE
from contents.media.problems import MediaError, MediaProblem
from contents.media.thumbnails import small
from contents.media.videos import glance_at_video, stills_of
from contents.models import FileKind
from contents.thumbnails.cache import Cache, Facts, Picture, Refusal, Started
from contents.thumbnails.files import Listed, cache, listed, refusal_of
from contents.thumbnails.making import opened_file, storage_refusal
from contents.thumbnails.reasons import Reason
from datasources.endpoints import configured_endpoints
from datasources.models import UnreadableConfigError

# Only its host is of interest.
SIGNED_SECONDS = 60


def make(index_id: int, file_id: int) -> None:
    found = listed(index_id, file_id)
    if found is None or found.file.kind != FileKind.VIDEO or refusal_of(found) is not None:
        return
    kept, name = cache(), filmstrip_name(found)
    if isinstance(kept.read(name), Facts | Refusal):
        return
    kept.write(name, Started())
    kept.write(name, _made(found, kept))


def _made(found: Listed, kept: Cache) -> Facts | Refusal:
    try:
        config = found.datasource.config
    except UnreadableConfigError:
        return Refusal(Reason.CREDENTIALS)
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            return Facts(_told(found, config, store, kept))
    except StoreError as error:
        return storage_refusal(error.failure, config, found.file.key)
    except MediaError as error:
        return Refusal(Reason(error.found.problem), error.found.detail)


def _told(found: Listed, config: CloudConfig, store: Store, kept: Cache) -> dict[str, Any]:
    """Raises MediaError and StoreError."""
    file = opened_file(store, config.prefix, found.file)
    facts = glance_at_video(file, found.file.key)
    stills: list[float] = []
    broken = ""
    try:
        for seconds, image in stills_of(file, STILLS):
            still = small(image, STILL_SIDE)
            kept.write(still_name(found, len(stills)), Picture(still.data, still.content_type))
            stills.append(round(seconds, 3))
    except MediaError as error:  # what could be read until then is shown
        broken = error.found.problem.value
    details = {each.problem.value: each.detail for each in facts.found}
    origin = _origin(store.sign(config.prefix + found.file.key, seconds=SIGNED_SECONDS))
    return {
        "format": facts.format,
        "codec": facts.codec,
        "pixels": facts.pixel_format,
        "width": facts.width,
        "height": facts.height,
        "seconds": facts.seconds,
        "rate": facts.rate,
        "frames": facts.frames,
        "rotation": facts.rotation,
        "unplayable": details.get(MediaProblem.UNPLAYABLE.value, ""),
        "is_slow": MediaProblem.SLOW_START.value in details,
        "origin": origin if is_origin(origin) else "",
        "stills": stills,
        "broken": broken,
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
