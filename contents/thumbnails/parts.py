"""The job that writes thumbnails in bulk, as web processes know it: its kind, its stages, and what it adds up to."""

from __future__ import annotations

from contents.models import FileKind
from contents.thumbnails.tally import Tally
from jobs.models import Job
from jobs.runners import Cursor

# Pinned: it stands in the database.
KIND = "contents.thumbnails"
PLAN, WRITE = "plan", "write"
MEDIA = (int(FileKind.IMAGE), int(FileKind.VIDEO))


def parts_of(planned: Cursor) -> list[Cursor]:
    """Where the shards of the stage after PLAN begin. `until` is included; empty: to the end."""
    return [{"stage": WRITE, "after": after, "until": until, "tally": {}} for after, until in planned["parts"]]


def tally_of(job: Job) -> Tally:
    """Of all its shards. One query."""
    return Tally.sum(job.shards.values_list("cursor__tally", flat=True))
