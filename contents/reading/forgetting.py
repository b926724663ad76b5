"""After a new index: what was read of files that have changed, or are gone, is forgotten."""

from __future__ import annotations

from functools import partial

from contents.models import Index, Reading
from contents.reading import rows, services
from jobs.runners import Cursor, Slice, Step

FORGET = "forget"


def begin() -> Cursor:
    return {"stage": FORGET, "after": ""}


def forget_some(this: Slice, index: Index) -> Step:
    """The last stage of an index. Its facts are looked at in order of names, so many at a time."""
    reading = Reading.objects.filter(datasource=index.datasource_id).first()
    if reading is not None and (reading.provider, reading.path) != (index.provider, index.path):
        Reading.objects.filter(pk=reading.pk).update(datasource=None)
        reading = None
    # Harmless if it is done twice, so it need not wait for the cursor.
    until = rows.forget_stale(reading.pk, index.pk, this.cursor["after"], services.FACTS_AT_ONCE) if reading else ""
    if until:
        return Step(this.cursor | {"after": until}, is_last=False)
    return Step(this.cursor, is_last=True, store=partial(services.start_after_index, index))
