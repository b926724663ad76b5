"""The file that a picture is of, and where its picture is kept. Used by pages and by workers."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from contents.models import FileKind, Index, IndexedFile, IndexState
from contents.thumbnails.cache import Cache, Refusal, name_of
from contents.thumbnails.reasons import Reason
from datasources.models import Datasource

# In pixels. A tile is 160 wide, and screens may be twice as sharp; a preview fills a window.
TILE_SIDE, PREVIEW_SIDE = 320, 1600
MOST_IMAGE_BYTES = 100 * 1000**2


@dataclass(frozen=True)
class Listed:
    """A file with the index that has it and the datasource it is in."""

    datasource: Datasource
    index: Index
    file: IndexedFile


def listed(index_id: int, file_id: int) -> Listed | None:
    """None where the index has been replaced, or its datasource is gone."""
    index = Index.objects.filter(pk=index_id, state=IndexState.CURRENT).select_related("datasource").first()
    if index is None or index.datasource is None:
        return None
    file = IndexedFile.objects.filter(pk=file_id, index=index.pk).first()
    return Listed(index.datasource, index, file) if file else None


def refusal_of(listed: Listed) -> Refusal | None:
    """Why there can be no picture, as far as the listing tells."""
    index, datasource, file = listed.index, listed.datasource, listed.file
    if (index.provider, index.path) != (datasource.provider, datasource.path):
        return Refusal(Reason.ELSEWHERE)
    if file.kind not in (FileKind.IMAGE, FileKind.VIDEO):
        return Refusal(Reason.NO_MEDIA)
    if file.archived:
        return Refusal(Reason.ARCHIVED, file.storage_class)
    if file.size == 0:
        return Refusal(Reason.EMPTY)
    if file.kind == FileKind.IMAGE and file.size > MOST_IMAGE_BYTES:
        return Refusal(Reason.TOO_LARGE, f"more than {MOST_IMAGE_BYTES // 1000**2} MB")
    return None


def version_of(file: IndexedFile) -> str:
    """Some clouds tell none, so size and time count too."""
    return f"{file.version} {file.size} {file.modified}"


def stored_name(listed: Listed, what: int | str) -> str:
    """Of a picture with this longest side, or of something else that is kept of the file."""
    return name_of(listed.datasource.pk, listed.file.key, version_of(listed.file), what)


def cache() -> Cache:
    return Cache(settings.LIGHTLY_THUMBNAILS_DIR, settings.LIGHTLY_THUMBNAILS_BYTES)
