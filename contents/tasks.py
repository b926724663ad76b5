"""What workers do for contents beside jobs."""

from celery import shared_task

from contents.annotation_reports import services as annotation_reports
from contents.index import services
from contents.reading import services as reading
from contents.relevant_tests import services as relevant_tests
from contents.thumbnails.files import PREVIEW_SIDE, TILE_SIDE

# Less than the time between two of them.
TIDY_SECONDS = 20.0


@shared_task(name="contents.tasks.tidy_contents")
def tidy_contents() -> None:
    """Once a minute: rows of indexes, readings, reports and tests that nobody reads any more."""
    for tidy in (annotation_reports.tidy, reading.tidy, services.tidy):
        tidy(TIDY_SECONDS / 3)
    relevant_tests.tidy()


@shared_task(name="contents.tasks.make_thumbnail")
def make_thumbnail(index_id: str, file_id: str) -> None:
    _make(index_id, file_id, TILE_SIDE)


@shared_task(name="contents.tasks.make_preview")
def make_preview(index_id: str, file_id: str) -> None:
    _make(index_id, file_id, PREVIEW_SIDE)


@shared_task(name="contents.tasks.make_overlay")
def make_overlay(index_id: str, file_id: str) -> None:
    from contents.overlays.making import make

    make(int(index_id), int(file_id))


@shared_task(name="contents.tasks.make_filmstrip")
def make_filmstrip(index_id: str, file_id: str) -> None:
    from contents.filmstrips.making import make

    make(int(index_id), int(file_id))


@shared_task(name="contents.tasks.make_frame")
def make_frame(index_id: str, file_id: str, number: str) -> None:
    from contents.frames.single import make

    make(int(index_id), int(file_id), int(number))


def _make(index_id: str, file_id: str, longest_side: int) -> None:
    # Not above: web processes import this module, and stay without decoders.
    from contents.thumbnails.making import make

    make(int(index_id), int(file_id), longest_side)
