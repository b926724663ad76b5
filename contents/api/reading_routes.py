"""/v1/datasets/{id}/contents/reading: opens images and videos, and tells what is inside."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from contents.api.contents_routes import ERRORS, PATH, counts, job_data, look_of, must_have_index
from contents.api.contents_schemas import StartedData, Which
from contents.api.reading_schemas import PausedData, ReadingData, ReadingDepth, WhatToRead
from contents.index.services import sample_of
from contents.index.totals import Table
from contents.models import ReadState
from contents.overview.inside_progress import progress_of
from contents.problems.lists import read_totals
from contents.reading import services
from contents.reading.totals import SECONDS_ENDS, SIDE_ENDS, ReadTotals
from core.api.errors import ApiError
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from teams.api.authentication import needs
from teams.models import Scope

router = Router(tags=["contents"])
Answer = dict[str, Any]


@router.get(f"{PATH}/reading", auth=needs(Scope.READ), response={200: ReadingData, **ERRORS}, by_alias=True)
def contents_reading(request: HttpRequest, dataset_id: str, which: Query[Which]) -> Answer:
    """What is inside the files that were opened, how many that are, and what opening the others would take."""
    look = look_of(dataset_for(caller(request), dataset_id), which)
    must_have_index(look)
    read, media = read_totals(look), services.media_of(look.totals)
    left, job = services.cost_of(look.totals, look.reading), look.reading_job
    return {
        "opened": read.opened,
        "all": media,
        "share": min(1.0, read.opened / media) if media else 0.0,
        "left": {"files": left.files, "requests": left.requests, "bytes": left.bytes},
        "unread": _unread(read),
        "widths": _classes(read.widths, SIDE_ENDS),
        "heights": _classes(read.heights, SIDE_ENDS),
        "resolutions": counts(read.resolutions),
        "formats": counts(read.formats),
        "modes": counts(read.pixels),
        "codecs": counts(read.codecs),
        "durations": _classes(read.durations, SECONDS_ENDS),
        "rates": counts(read.rates),
        "seconds": read.seconds,
        "frames": read.frames,
        "job": job_data(job, progress_of(job) if job.is_open else None) if job else None,
    }


@router.post(f"{PATH}/reading", auth=needs(Scope.RUNS), response={202: StartedData, **ERRORS}, by_alias=True)
def start_reading(request: HttpRequest, dataset_id: str, which: Query[WhatToRead]) -> Status[Answer]:
    """Open a sample of the images and videos, or all. Files that were opened before are not opened again.

    One at a time: while one is under way, this says which.
    """
    dataset = editable_dataset_for(caller(request), dataset_id)
    look = look_of(dataset, which)
    must_have_index(look)
    assert look.datasource  # noqa: S101 - see look_of
    sample = 0 if which.depth is ReadingDepth.ALL else which.files or sample_of(dataset.team_id)
    try:
        job, is_new = services.start(look.datasource, sample=sample, by=caller(request))
    except services.NoIndexError:
        message = "The datasource leads to another place than its index by now. Index it again first."
        raise ApiError(404, "DATASET_DATASOURCE_UNKNOWN", message) from None
    return Status(202, {"id": job.pk, "isNew": is_new})


@router.post(f"{PATH}/reading/pause", auth=needs(Scope.RUNS), response={200: PausedData, **ERRORS}, by_alias=True)
def pause_reading(request: HttpRequest, dataset_id: str, which: Query[Which]) -> Answer:
    """No further file is opened. What was read is kept, and the next start goes on behind it."""
    look = look_of(editable_dataset_for(caller(request), dataset_id), which)
    assert look.datasource  # noqa: S101 - see look_of
    return {"isPaused": services.pause(look.datasource, by=caller(request))}


def _unread(read: ReadTotals) -> list[Answer]:
    found = [(state, read.states.get(str(state.value), [0, 0])[0]) for state in ReadState if state != ReadState.READ]
    return [{"reason": state.name, "files": files} for state, files in found if files]


def _classes(table: Table, ends: tuple[int, ...]) -> list[Answer]:
    labels = [*(str(end) for end in ends), ""]
    return counts({labels[int(number)]: table[number] for number in sorted(table, key=int)}, ranked=False)
