"""Lists of the frames that were written, by their names: with what joins them to predictions and to their videos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contents.frames.storing import place_of
from contents.listing.shards import successor
from contents.media.frame_names import FRAMES_FOLDER
from contents.models import WrittenFrame
from datasources.models import Datasource

EXPORTED_AT_ONCE = 2_000


@dataclass(frozen=True)
class Frame:
    """`name` is the sample's, as predictions and relevant filenames spell it; `key` is relative to Lightly.

    `prediction`: how the file is called in the folder of a task. `width` and `height` in pixels, `bytes` of the file.
    """

    name: str
    video: str
    number: int
    frames: int
    width: int
    height: int
    bytes: int

    @property
    def key(self) -> str:
        return FRAMES_FOLDER + self.name

    @property
    def prediction(self) -> str:
        return f"{self.name.rpartition('.')[0]}.json"


def frames_after(
    source: Datasource, target: Datasource, after: str = "", *, limit: int, prefix: str = ""
) -> list[Frame]:
    """Up to `limit` frames whose names come after `after` and begin with `prefix`, in order of names."""
    rows = WrittenFrame.objects.filter(datasource=source, place=place_of(target))
    if prefix and after < prefix:
        rows = rows.filter(name__gte=prefix, name__lt=successor(prefix))
    else:
        rows = rows.filter(name__gt=after)
        rows = rows.filter(name__lt=successor(prefix)) if prefix else rows
    return [
        Frame(row.name, row.video.key, row.number, row.video.frames, row.video.width, row.video.height, row.size)
        for row in rows.select_related("video").order_by("name")[:limit]
    ]


def all_frames(source: Datasource, target: Datasource, *, prefix: str = "") -> Iterator[Frame]:
    after = ""
    while found := frames_after(source, target, after, limit=EXPORTED_AT_ONCE, prefix=prefix):
        yield from found
        after = found[-1].name


def count_frames(source: Datasource, target: Datasource) -> int:
    return WrittenFrame.objects.filter(datasource=source, place=place_of(target)).count()
