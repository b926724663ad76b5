"""The rows of videos whose frames were counted, and of frames that were written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from contents.media.frame_names import frame_name
from contents.models import CountedVideo, IndexedFile, WrittenFrame
from contents.places import Places
from contents.thumbnails.files import version_of
from datasources.models import Datasource

BATCH = 500


def place_of(datasource: Datasource) -> str:
    """What stands for the path of a Lightly datasource in rows of videos and frames."""
    told = f"{datasource.provider} {datasource.path}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Row(NamedTuple):
    """A frame that is there. `size` in bytes."""

    number: int
    size: int


def counted_video(places: Places, file: IndexedFile) -> CountedVideo | None:
    """What is known of the video as it was listed."""
    found = CountedVideo.objects.filter(datasource=places.source, place=place_of(places.target), key=file.key)
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
    rows = [
        WrittenFrame(
            datasource_id=video.datasource_id,
            place=video.place,
            name=frame_name(video.key, row.number, video.frames, format_name),
            video_id=video.pk,
            number=row.number,
            size=row.size,
        )
        for row in frames
    ]
    WrittenFrame.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["datasource", "place", "name"],
        update_fields=["video", "size", "written_at"],
    )
