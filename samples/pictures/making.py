"""Makes the picture of one sample. For processes of the queue `contents` alone: anybody may have made the file.

A thumbnail is taken from the Lightly datasource where a run left one, else it is made of the sample's own file.
"""

from __future__ import annotations

from clouds import CloudConfig, Store, StoreError, is_missing
from clouds.pool import STORES
from contents.index.opening import PATIENCE
from contents.listing.errors import NoDatasourceError
from contents.listing.opening import datasource_for
from contents.media.pieces import Pieces
from contents.media.problems import MediaError
from contents.media.ranged_file import RangedFile
from contents.media.thumbnails import thumbnail_of
from contents.thumbnails.cache import Picture, Refusal, Started
from contents.thumbnails.files import MOST_IMAGE_BYTES, cache
from contents.thumbnails.making import IMAGE_PIECE_BYTES, SECONDS, storage_refusal
from contents.thumbnails.reasons import Reason
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose, UnreadableConfigError
from samples.exports.places import place_of
from samples.models import Sample
from samples.pictures.entries import SIDES, entry_of


def make(sample_id: str, size: str) -> None:
    sample = Sample.objects.filter(pk=sample_id).select_related("dataset").first()
    if sample is None or size not in SIDES:
        return
    kept, name = cache(), entry_of(sample, size)
    if isinstance(kept.read(name), Picture | Refusal):
        return
    kept.write(name, Started())
    kept.write(name, _made(sample, size))


def _made(sample: Sample, size: str) -> Picture | Refusal:
    """From the first of the places where there is something."""
    places = [place_of(sample.type, sample.file_name)]
    if size == "thumbnail" and sample.thumb_name:
        places.insert(0, (Purpose.LIGHTLY, sample.thumb_name))
    made: Picture | Refusal = Refusal(Reason.MISSING)
    for purpose, key in places:
        made = _from(sample, purpose, key, SIDES[size])
        if isinstance(made, Picture):
            break
    return made


def _from(sample: Sample, purpose: Purpose, key: str, longest_side: int) -> Picture | Refusal:
    try:
        datasource: Datasource = datasource_for(sample.dataset, purpose)
        config: CloudConfig = datasource.config
    except NoDatasourceError:
        return Refusal(Reason.MISSING)
    except UnreadableConfigError:
        return Refusal(Reason.CREDENTIALS)
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            try:
                return _read(store, config.prefix + key, longest_side)
            except StoreError as error:
                if is_missing(store, config.prefix + key, error.failure):
                    return Refusal(Reason.MISSING)
                raise
    except StoreError as error:
        return storage_refusal(error.failure, config, key)
    except MediaError as error:
        return Refusal(Reason(error.found.problem), error.found.detail)


def _read(store: Store, key: str, longest_side: int) -> Picture | Refusal:
    """Raises StoreError and MediaError."""
    head = store.head(key)
    if head.size == 0:
        return Refusal(Reason.EMPTY)
    if head.size > MOST_IMAGE_BYTES:
        return Refusal(Reason.TOO_LARGE, f"more than {MOST_IMAGE_BYTES // 1000**2} MB")
    pieces = Pieces(store, key, size=head.size, version=head.version, piece_bytes=IMAGE_PIECE_BYTES)
    opened = RangedFile(pieces.read, head.size, most_bytes=MOST_IMAGE_BYTES, seconds=SECONDS)
    made = thumbnail_of(opened, longest_side)
    return Picture(made.data, made.content_type)
