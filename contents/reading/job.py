"""The stages of a reading: what is to be opened, then parts of it side by side. See contents.runners.

It follows the datasource's current index: when that is replaced meanwhile, it goes on in the new one by name.
"""

from __future__ import annotations

import itertools
from functools import partial

from django.utils.translation import gettext

from clouds import StoreError
from clouds.failures import PASSING
from clouds.permissions import Permission
from contents.careful import care_of, went_on
from contents.index import rows as index_rows
from contents.index.opening import job_error, store_of
from contents.models import Index, IndexState, Reading, ReadState
from contents.reading import rows
from contents.reading.batch import coming
from contents.reading.looking import DECODE_SECONDS, MOST_VIDEO_BYTES, SECONDS, Looked, given_up, look
from datasources.models import Datasource
from jobs.models import Job
from jobs.runners import Cursor, JobError, Slice, Step

PLAN, READ = "plan", "read"
MOST_PARTS = 8
# Fewer are not worth a part of their own.
FILES_OF_A_PART = 25
FILES_OF_A_SLICE = 32
# No further file is begun with less than that left.
SPARE_SECONDS = SECONDS + DECODE_SECONDS + 1


def plan(this: Slice) -> Step:
    """How many files are to be opened, and between which names the parts are, in the cursor's `parts`."""
    reading, index = _found(this.job)
    sample = this.job.arguments["sample"]
    end = rows.sample_end(index.pk, sample) if sample else rows.HIGHEST
    expected = rows.planned(index.pk, reading.pk, end, MOST_VIDEO_BYTES)
    files = expected.images + expected.videos
    cuts = _cuts(index, min(MOST_PARTS, max(1, files // FILES_OF_A_PART)))
    parts = [list(pair) for pair in itertools.pairwise(["", *cuts, ""])]
    return Step({"stage": PLAN, "parts": parts, "end": end}, is_last=True, total=files)


def _cuts(index: Index, parts: int) -> list[str]:
    """Names that divide the index into parts of about the same number of files."""
    size = max(1, index.files // parts)
    cuts: list[str] = []
    while len(cuts) < parts - 1:
        cut = index_rows.key_at(index.pk, cuts[-1] if cuts else "", size)
        if cut is None:
            break
        cuts.append(cut)
    return cuts


def parts_of(planned: Cursor) -> list[Cursor]:
    """Where the shards of the stage after `plan` begin."""
    return [{"stage": READ, "after": after, "until": until, "end": planned["end"]} for after, until in planned["parts"]]


def read_some(this: Slice) -> Step:
    """The next files of a part."""
    reading, index = _found(this.job)
    cursor = this.cursor
    care = care_of(this, FILES_OF_A_SLICE)
    wanted = rows.to_read(index.pk, reading.pk, cursor["end"], cursor["after"], cursor["until"], care.most)
    if not wanted:
        return Step(cursor, is_last=True)
    found = [given_up(wanted[0])] if care.gives_up else _read(this, index.datasource_id, wanted)
    done = wanted[: len(found)]
    facts = [each.facts for each in found]
    problems = [problem for each in found for problem in each.problems]
    return Step(
        went_on(this, FILES_OF_A_SLICE, {"after": done[-1].key}, len(done)),
        is_last=False,
        done=len(done),
        store=partial(rows.store, reading.pk, facts, problems),
        log=[gettext("%(name)s was not opened: it has ended two workers.") % {"name": wanted[0].key}]
        if care.gives_up
        else (),
    )


def _read(this: Slice, datasource_id: str | None, wanted: list[rows.Wanted]) -> list[Looked]:
    """As many of them as there is time for, at least one. Raises JobError."""
    datasource = Datasource.objects.get(pk=datasource_id)
    found: list[Looked] = []
    with store_of(datasource, Permission.READ) as (config, _):
        for file, pieces in coming(config, wanted):
            try:
                found.append(look(file, pieces.read))
            except StoreError as error:
                # What was read is kept; the next slice meets the failure at its first file.
                if found and error.failure.cause in PASSING:
                    break
                raise job_error(error, Permission.READ, config, file.key) from None
            if this.seconds_left < SPARE_SECONDS:
                break
        _demand_any(this.job, found)
    return found


def _demand_any(job: Job, found: list[Looked]) -> None:
    """Raises JobError where nothing can be read at all: then it is not about these files."""
    if job.done == 0 and all(each.facts.state == ReadState.DENIED for each in found):
        raise JobError(
            gettext("The storage lets us read none of the first files. Check the bulbs of this datasource."),
            is_final=True,
        )


def _found(job: Job) -> tuple[Reading, Index]:
    """Raises JobError."""
    reading = Reading.objects.filter(pk=job.arguments["reading"]).select_related("datasource").first()
    if reading is not None and reading.datasource is not None:
        index = Index.objects.filter(datasource=reading.datasource, state=IndexState.CURRENT).first()
        place = (reading.provider, reading.path)
        leads_to = (reading.datasource.provider, reading.datasource.path)
        if index and place == leads_to == (index.provider, index.path):
            return reading, index
    raise JobError(gettext("The datasource was removed, or leads to another place by now."), is_final=True)
