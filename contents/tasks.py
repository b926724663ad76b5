"""What workers do for contents beside jobs."""

from celery import shared_task

from contents.index import services
from contents.reading import services as reading
from contents.thumbnails.files import PREVIEW_SIDE, TILE_SIDE

# Less than the time between two of them.
TIDY_SECONDS = 20.0


@shared_task(name="contents.tasks.tidy_contents")
def tidy_contents() -> None:
    """Once a minute: rows of indexes and readings that nobody reads any more."""
    if services.tidy(TIDY_SECONDS):
        reading.tidy(TIDY_SECONDS)


@shared_task(name="contents.tasks.make_thumbnail")
def make_thumbnail(index_id: str, file_id: str) -> None:
    _make(index_id, file_id, TILE_SIDE)


@shared_task(name="contents.tasks.make_preview")
def make_preview(index_id: str, file_id: str) -> None:
    _make(index_id, file_id, PREVIEW_SIDE)


def _make(index_id: str, file_id: str, longest_side: int) -> None:
    # Not above: web processes import this module, and stay without decoders.
    from contents.thumbnails.making import make

    make(int(index_id), int(file_id), longest_side)
