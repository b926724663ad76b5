"""The rows of videos whose frames were counted, and of frames that were written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contents.models import CountedVideo, IndexedFile, WrittenFrame
from contents.places import Places
from contents.thumbnails.files import version_of

BATCH = 500


class Row(NamedTuple):
    """A frame that is there. `size` in bytes."""

    number: int
    size: int


def counted_video(places: Places, file: IndexedFile) -> CountedVideo | None:
    """What is known of the video as it was listed."""
    found = CountedVideo.objects.filter(datasource=places.source, place=places.target.path, key=file.key)
    return found.filter(version=version_of(file)).first()


def store_video(video: CountedVideo) -> None:
    """As it is now. Frames of an older version of the file are forgotten: they show something else."""
    same = CountedVideo.objects.filter(datasource=video.datasource_id, place=video.place, key=video.key)
    found = same.first()
    if found is not None and found.version == video.version:
        video.pk = found.pk
        return
    if found is not None:
        found.delete()
    video.save(force_insert=True)


def store_frames(video: CountedVideo, frames: Sequence[Row], format_name: str) -> None:
    """Call it inside a transaction. A frame that is written again has one row."""
    store_video(video)
    rows = [WrittenFrame(video_id=video.pk, number=row.number, format=format_name, size=row.size) for row in frames]
    WrittenFrame.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["video", "number", "format"],
        update_fields=["size", "written_at"],
    )
