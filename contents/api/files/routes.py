"""/v1/datasets/{id}/contents/file/…: predictions and metadata of a file, and what a video consists of.

A worker reads the files. Until it has, answers are 202: ask again after the seconds of `Retry-After`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from contents.api.contents_routes import listed_of, look_of, unready
from contents.api.files.schemas import (
    FileAnnotationsData,
    VideoData,
    WhichFile,
    WhichStill,
    annotations_data,
    video_data,
)
from contents.filmstrips.files import filmstrip_name, still_name
from contents.filmstrips.views import TASK as FILMSTRIP
from contents.models import FileKind
from contents.overlays.files import kept_entry, lightly_of, overlay_name
from contents.overlays.views import TASK as OVERLAY
from contents.thumbnails.cache import Facts, Picture, Refusal, Started
from contents.thumbnails.files import Listed, cache, refusal_of
from contents.thumbnails.reasons import Reason, words_of
from contents.thumbnails.services import Waiting, ask
from contents.thumbnails.views import SAFE
from core.api.errors import ApiError
from datasets.access import dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error
from teams.api.authentication import needs
from teams.models import Scope, User

router = Router(tags=["contents"])
Answer = dict[str, Any] | HttpResponse
WAITS = {202: None, 400: Error, 401: Error, 403: Error, 404: Error, 422: Error, 429: Error}
PATH = "/datasets/{dataset_id}/contents/file"


@router.get(f"{PATH}/annotations", auth=needs(Scope.READ), response={200: FileAnnotationsData, **WAITS}, by_alias=True)
def file_annotations(request: HttpRequest, dataset_id: str, which: Query[WhichFile]) -> Answer:
    """What predictions and metadata say of an image or a video, with what is wrong with them. 202: ask again soon.

    It is read anew when the last answer is a minute old. Videos have metadata alone.
    """
    found = _listed(request, dataset_id, which)
    lightly = lightly_of(found)
    if lightly is None:
        message = "The dataset has no Lightly datasource. Configure one first."
        raise ApiError(404, "DATASET_DATASOURCE_UNKNOWN", message)
    name = overlay_name(found, lightly)
    answer = kept_entry(cache(), name)
    if isinstance(answer, Facts):
        return annotations_data(answer.content)
    return _not_yet(answer, found, OVERLAY, name, by=caller(request))


@router.get(f"{PATH}/video", auth=needs(Scope.READ), response={200: VideoData, **WAITS}, by_alias=True)
def file_video(request: HttpRequest, dataset_id: str, which: Query[WhichFile]) -> Answer:
    """What a video consists of, and the times of its stills. 202: ask again soon."""
    found = _video(request, dataset_id, which)
    name = filmstrip_name(found)
    answer = cache().read(name)
    if isinstance(answer, Facts):
        broken = answer.content["broken"]
        return video_data(answer.content, str(words_of(Reason(broken))) if broken else "")
    return _not_yet(answer, found, FILMSTRIP, name, by=caller(request))


@router.get(
    f"{PATH}/still",
    auth=needs(Scope.READ),
    response={200: None, **WAITS},
    openapi_extra={"responses": {200: {"content": {"image/jpeg": {}, "image/webp": {}}}}},
)
def file_still(request: HttpRequest, dataset_id: str, which: Query[WhichStill]) -> Answer:
    """A still of a video, as JPEG or WebP with a longest side of 320 pixels. 202: ask again soon."""
    found = _video(request, dataset_id, which)
    picture = cache().read(still_name(found, which.number))
    if isinstance(picture, Picture):
        return HttpResponse(picture.data, content_type=picture.content_type, headers=SAFE)
    name = filmstrip_name(found)
    answer = cache().read(name)
    if isinstance(answer, Facts):
        if which.number >= len(answer.content["stills"]):
            raise ApiError(404, "SAMPLE_THUMBNAME_UNKNOWN", f"This video has {len(answer.content['stills'])} stills.")
        # The still fell out of the cache. As long as the facts are there, no worker makes stills.
        cache().forget(name)
    return _not_yet(None if isinstance(answer, Facts) else answer, found, FILMSTRIP, name, by=caller(request))


def _listed(request: HttpRequest, dataset_id: str, which: WhichFile) -> Listed:
    """Raises ApiError."""
    return listed_of(look_of(dataset_for(caller(request), dataset_id), which), which.file_name)


def _video(request: HttpRequest, dataset_id: str, which: WhichFile) -> Listed:
    """Raises ApiError."""
    found = _listed(request, dataset_id, which)
    if found.file.kind != FileKind.VIDEO:
        raise ApiError(422, "SAMPLE_THUMBNAME_UNKNOWN", f"{words_of(Reason.NO_MEDIA)}.")
    if refusal := refusal_of(found):
        raise ApiError(422, "SAMPLE_THUMBNAME_UNKNOWN", f"{words_of(refusal.reason)}.")
    return found


def _not_yet(entry: object, found: Listed, task: str, name: str, *, by: User) -> HttpResponse:
    """202 while a worker is at it. Raises ApiError if there can be no answer."""
    if isinstance(entry, Refusal):
        return unready(entry)
    return unready(Waiting() if isinstance(entry, Started) else ask(found, task, name, by=by))
