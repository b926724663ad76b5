"""/v1/datasets/{id}/contents/thumbnails, /frames and /readurl: what is written into the Lightly datasource."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from contents.api.contents_routes import ERRORS, PATH
from contents.api.contents_schemas import StartedData
from contents.api.errors import client_errors
from contents.api.outputs_schemas import (
    CancelledData,
    FramesData,
    FramesStateData,
    ReadUrlData,
    ReadUrlType,
    ThumbnailsData,
    WhichFrames,
    WhichReadUrl,
    WhichWrittenFrames,
)
from contents.api.routes import redirect_url
from contents.frames import parts as frame_parts
from contents.frames.numbers import WrongNumbersError, read_numbers
from contents.frames.parts import Choice
from contents.frames.queries import Frame, count_frames, frames_after
from contents.listing.signing import sign_file
from contents.models import FileKind, IndexedFile
from contents.outputs import services
from contents.outputs.costs import cost_of_thumbnails
from contents.outputs.progress import Written, newest
from contents.outputs.services import HinderedError
from contents.outputs.thumb_names import fresh_thumbnail
from contents.places import Hindrance, Places, hindrance_of_suffix, places_of, source_of, target_of, words_of
from contents.thumbnails import parts as thumbnail_parts
from core.api import places as api_places
from core.api.errors import ApiError, malformed
from core.api.lanes import SIGNING
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs import services as jobs
from teams.api.authentication import needs
from teams.models import Scope

router = Router(tags=["contents"])
Answer = dict[str, Any]
REFUSALS = {**ERRORS, 422: Error}


@router.get(f"{PATH}/thumbnails", auth=needs(Scope.READ), response={200: ThumbnailsData, **ERRORS}, by_alias=True)
def contents_thumbnails(request: HttpRequest, dataset_id: str) -> Answer:
    """Whether thumbnails can be written, what writing all of them would take, and what the newest job has come to."""
    dataset = dataset_for(caller(request), dataset_id)
    places, target = places_of(dataset), target_of(dataset)
    hindrance = places if isinstance(places, Hindrance) else hindrance_of_suffix(places)
    cost = cost_of_thumbnails(places) if isinstance(places, Places) else None
    return {
        "hindrance": words_of(hindrance) if hindrance else "",
        "thumbSuffix": (target.thumbnail_suffix or None) if target else None,
        "cost": vars(cost) if cost else None,
        "newest": _written(newest(thumbnail_parts.KIND, source_of(dataset))),
    }


@router.post(f"{PATH}/thumbnails", auth=needs(Scope.RUNS), response={202: StartedData, **REFUSALS}, by_alias=True)
def write_thumbnails(request: HttpRequest, dataset_id: str) -> Status[Answer]:
    """Write thumbnails of all images and videos of the last listing. Those that are fresh are left as they are.

    One job at a time: while one is under way, this says which. 422 says why nothing can be written.
    """
    dataset = editable_dataset_for(caller(request), dataset_id)
    try:
        job, is_new = services.start_thumbnails(dataset, by=caller(request))
    except HinderedError as error:
        raise _hindered(error) from None
    return Status(202, {"id": job.pk, "isNew": is_new})


@router.post(
    f"{PATH}/thumbnails/cancel", auth=needs(Scope.RUNS), response={200: CancelledData, **ERRORS}, by_alias=True
)
def cancel_thumbnails(request: HttpRequest, dataset_id: str) -> Answer:
    """No further file is begun. What was written is kept."""
    return _cancelled(request, dataset_id, thumbnail_parts.KIND)


@router.get(f"{PATH}/frames", auth=needs(Scope.READ), response={200: FramesData, **ERRORS}, by_alias=True)
def written_frames(request: HttpRequest, dataset_id: str, which: Query[WhichWrittenFrames]) -> Answer:
    """Frames that were written, in the order of their names: go on with `after`, until `next` is empty.

    `prediction` joins them with raw predictions, `video` and `number` with the video.
    """
    source, target = _both(dataset_for(caller(request), dataset_id))
    rows = frames_after(source, target, which.after, limit=which.limit + 1, prefix=which.prefix)
    page = rows[: which.limit]
    return {"frames": [_frame(row) for row in page], "next": page[-1].name if len(rows) > which.limit else ""}


@router.post(f"{PATH}/frames", auth=needs(Scope.RUNS), response={202: StartedData, **REFUSALS}, by_alias=True)
def write_frames(request: HttpRequest, dataset_id: str, payload: WhichFrames) -> Status[Answer]:
    """Write frames of videos as images. One job at a time; 422 says why nothing can be written."""
    dataset = editable_dataset_for(caller(request), dataset_id)
    try:
        ranges = read_numbers(payload.numbers)
    except WrongNumbersError as error:
        raise malformed(f"numbers: {error}") from None
    if bool(payload.every) == bool(ranges):
        raise malformed("every, numbers: exactly one of them.")
    if any("\0" in name for name in payload.videos):
        raise malformed("videos: no name has NUL in it.")
    choice = Choice(payload.every or 0, ranges, tuple(dict.fromkeys(payload.videos)), payload.format)
    try:
        job, is_new = services.start_frames(dataset, choice, by=caller(request))
    except HinderedError as error:
        raise _hindered(error) from None
    return Status(202, {"id": job.pk, "isNew": is_new})


@router.get(f"{PATH}/frames/state", auth=needs(Scope.READ), response={200: FramesStateData, **ERRORS}, by_alias=True)
def frames_state(request: HttpRequest, dataset_id: str) -> Answer:
    """Whether frames can be written, and what the newest job has come to."""
    dataset = dataset_for(caller(request), dataset_id)
    places, source, target = places_of(dataset), source_of(dataset), target_of(dataset)
    return {
        "hindrance": words_of(places) if isinstance(places, Hindrance) else "",
        "videos": services.kind_of(places, FileKind.VIDEO)[0] if isinstance(places, Places) else 0,
        "written": count_frames(source, target) if source and target else 0,
        "newest": _written(newest(frame_parts.KIND, source)),
    }


@router.post(f"{PATH}/frames/cancel", auth=needs(Scope.RUNS), response={200: CancelledData, **ERRORS}, by_alias=True)
def cancel_frames(request: HttpRequest, dataset_id: str) -> Answer:
    """No further frame is begun. What was written is kept."""
    return _cancelled(request, dataset_id, frame_parts.KIND)


@router.get(
    f"{PATH}/readurl",
    auth=needs(Scope.READ, lane=SIGNING),
    response={200: ReadUrlData, **REFUSALS, 503: Error},
    by_alias=True,
)
def contents_read_url(request: HttpRequest, dataset_id: str, which: Query[WhichReadUrl]) -> Answer:
    """A URL to read a file of the Input, or its thumbnail. Without a fresh thumbnail it leads to the file itself."""
    dataset = dataset_for(caller(request), dataset_id)
    api_places.enter(request, SIGNING, person=caller(request).pk, dataset_id=dataset.pk, team=dataset.team_id)
    name = ""
    if which.type is ReadUrlType.THUMBNAIL:
        name = _fresh(dataset, which.file_name)
    make = redirect_url(request, dataset)
    with client_errors():
        purpose, shown = (Purpose.LIGHTLY, name) if name else (Purpose.INPUT, which.file_name)
        url = sign_file(dataset, purpose, shown, method="GET", redirect_url=make)
    kind = ReadUrlType.THUMBNAIL if name else ReadUrlType.FULL
    return {"type": kind, "thumbName": name or None, "readUrl": url}


def _fresh(dataset: Dataset, file_name: str) -> str:
    places = places_of(dataset)
    if isinstance(places, Hindrance) or hindrance_of_suffix(places):
        return ""
    file = IndexedFile.objects.filter(index=places.index.pk, key=file_name).first()
    return fresh_thumbnail(places, file) if file else ""


def _both(dataset: Dataset) -> tuple[Datasource, Datasource]:
    source, target = source_of(dataset), target_of(dataset)
    if source is None or target is None:
        message = "The dataset has no Input or no Lightly datasource. Configure both first."
        raise ApiError(404, "DATASET_DATASOURCE_UNKNOWN", message)
    return source, target


def _cancelled(request: HttpRequest, dataset_id: str, kind: str) -> Answer:
    dataset = editable_dataset_for(caller(request), dataset_id)
    found = newest(kind, source_of(dataset))
    return {"isCancelled": bool(found and jobs.cancel(found.job, by=caller(request)))}


def _hindered(error: HinderedError) -> ApiError:
    return ApiError(422, "DATASET_DATASOURCE_INVALID", str(error))


def _written(found: Written | None) -> Answer | None:
    if found is None:
        return None
    job, tally, progress = found.job, found.tally, found.progress
    return {
        "written": tally.written,
        "fresh": tally.fresh,
        "failed": [vars(each) for each in found.failed],
        "bytesWritten": tally.bytes_written,
        "job": {
            "id": job.pk,
            "state": job.state,
            "found": job.done,
            "percent": progress.percent if progress else None,
            "message": progress.words if progress else job.message,
            "error": job.error,
        },
    }


def _frame(row: Frame) -> Answer:
    return {
        "frameName": row.name,
        "key": row.key,
        "prediction": row.prediction,
        "video": row.video,
        "number": row.number,
        "frames": row.frames,
        "width": row.width,
        "height": row.height,
        "bytes": row.bytes,
    }
