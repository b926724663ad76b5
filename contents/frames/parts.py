"""The job that writes frames of videos, as web processes know it: its kind, its arguments and its shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from contents.thumbnails.tally import Tally
from jobs.models import Job
from jobs.runners import Cursor

# Pinned: it stands in the database.
KIND = "contents.frames"
# Videos that somebody chose are divided among so many shards; all videos of a datasource are done one after the other
# in one, because nobody knows how many frames the next one has.
PARTS = 4
FORMATS = ("png", "jpg")


class Choice(NamedTuple):
    """Which frames of a video: every n-th from the first on, or these `ranges` of numbers, both ends included.

    `videos` are names; none: all. `format` is png or jpg.
    """

    every: int = 0
    ranges: tuple[tuple[int, int], ...] = ()
    videos: tuple[str, ...] = ()
    format: str = "png"

    def numbers(self, frames: int) -> list[int]:
        """Those that a video with so many frames has, in order."""
        if self.every:
            return list(range(0, frames, self.every))
        chosen: set[int] = set()
        for first, last in self.ranges:
            chosen.update(range(first, min(last, frames - 1) + 1))
        return sorted(chosen)

    def beyond(self, frames: int) -> bool:
        """Whether a number was chosen that a video with so many frames does not have."""
        return any(last >= frames for _, last in self.ranges)

    def stored(self) -> dict[str, Any]:
        return {"every": self.every, "ranges": self.ranges, "videos": self.videos, "format": self.format}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Choice:
        ranges = tuple((first, last) for first, last in stored["ranges"])
        return cls(stored["every"], ranges, tuple(stored["videos"]), stored["format"])


def parts_of(job: Job) -> Sequence[Cursor]:
    """Where the shards begin. `videos` of a shard are places in the job's list; None: by names, after `after`."""
    count = len(job.arguments["choice"]["videos"])
    begin: Cursor = {"after": "", "number": -1, "tally": {}}
    if not count:
        return [begin | {"videos": None}]
    shards = min(PARTS, count)
    return [begin | {"videos": [count * part // shards, count * (part + 1) // shards]} for part in range(shards)]


def tally_of(job: Job) -> Tally:
    """Of all its shards. One query."""
    return Tally.sum(job.shards.values_list("cursor__tally", flat=True))
