"""What a bulk job will read and write, as far as the listing tells: shown before anybody starts it."""

from __future__ import annotations

from dataclasses import dataclass

from contents.frames.parts import Choice
from contents.models import FileKind, IndexedFile
from contents.outputs.services import kind_of
from contents.places import Places

# As contents.thumbnails.making reads, which web processes don't import.
MOST_OF_A_VIDEO = 64 * 1000**2
IMAGE_PIECE_BYTES = 4 * 1024**2
VIDEO_PIECE_BYTES = 1024**2
# As contents.frames.bulk.
FRAMES_PIECE_BYTES = 4 * 1024**2
# Of a video: twice to count its frames, twice to take some out of it.
READS_OF_A_VIDEO = 4


@dataclass(frozen=True)
class Cost:
    """At most. `requests` are those of reading; each file that is written takes two more."""

    files: int
    requests: int
    bytes: int


def cost_of_thumbnails(places: Places) -> Cost:
    images, image_bytes = kind_of(places, FileKind.IMAGE)
    videos, video_bytes = kind_of(places, FileKind.VIDEO)
    most = min(video_bytes, videos * MOST_OF_A_VIDEO)
    requests = images + image_bytes // IMAGE_PIECE_BYTES + videos + most // VIDEO_PIECE_BYTES
    return Cost(images + videos, requests, image_bytes + most)


def cost_of_frames(places: Places, choice: Choice) -> Cost:
    if choice.videos:
        found = IndexedFile.objects.filter(index=places.index.pk, key__in=choice.videos, kind=FileKind.VIDEO)
        sizes = list(found.values_list("size", flat=True))
        videos, size = len(choice.videos), sum(sizes)
    else:
        videos, size = kind_of(places, FileKind.VIDEO)
    most = READS_OF_A_VIDEO * size
    return Cost(videos, videos + most // FRAMES_PIECE_BYTES, most)
