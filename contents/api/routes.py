"""/v1/datasets/{id}/datasource/list and its relatives: what lies in the datasources, and URLs to read it."""

import contextlib
from collections.abc import Callable, Hashable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic_core import to_json

from contents.api.errors import client_errors
from contents.api.schemas import (
    CursorsData,
    FileParameters,
    ListingWindow,
    PageData,
    PageParameters,
    ProcessedUntil,
    RedirectParameters,
    ShardsParameters,
)
from contents.listing.cursor import Cursor, Kind, new_cursor, redirected, unseal_cursor
from contents.listing.folder import EMBEDDINGS_FOLDER, LIGHTLY_FOLDER, METADATA_FOLDER, PREDICTIONS_FOLDER
from contents.listing.pages import read_page, split
from contents.listing.progress import set_processed_until
from contents.listing.read_urls import datasource_of_token, public_token
from contents.listing.signing import RedirectUrl, sign_file, sign_path
from core.api import places
from core.api.errors import ApiError
from core.api.lanes import LISTING, SIGNING, Lane
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from teams.api.authentication import needs
from teams.models import Scope

READ_URLS = "Lightly-Read-Urls"
JSON = "application/json; charset=utf-8"
router = Router(tags=["listing"])
Answer = dict[str, Any]

ERRORS = {401: Error, 403: Error, 404: Error, 422: Error, 503: Error}
# A redirect is followed at once; a video player may come back for more of the file for a while.
REDIRECTED_SECONDS = 12 * 3600


@contextlib.contextmanager
def _turn(lane: Lane, request: HttpRequest, person: Hashable, dataset: Dataset) -> Iterator[None]:
    """A call to a cloud, when it is this request's turn. What goes wrong becomes an error of the client's."""
    places.enter(request, lane, person=person, dataset_id=dataset.pk, team=dataset.team_id)
    with client_errors():
        yield


def _list_page(request: HttpRequest, dataset_id: str, which: PageParameters, kind: Kind) -> HttpResponse:
    dataset = dataset_for(caller(request), dataset_id)
    with client_errors():
        cursor = _cursor(request, dataset, which, kind, redirect=bool(which.use_redirected_read_url))
    with _turn(LISTING, request, caller(request).pk, dataset):
        page = read_page(dataset, cursor, redirect_url(request, dataset), in_a_hurry=LISTING.is_crowded)
    # A PageData. Checking a thousand names and URLs that were just made takes as long as listing them.
    told = {
        "hasMore": page.more,
        "cursor": page.cursor.sealed(),
        "data": [{"fileName": file.name, "readUrl": file.url} for file in page.files],
    }
    # In the head, because the official client takes no field that it does not know.
    headers = {READ_URLS: "redirected" if page.redirected else "direct"}
    return HttpResponse(to_json(told), content_type=JSON, headers=headers)


def _list_shards(request: HttpRequest, dataset_id: str, which: ShardsParameters, kind: Kind) -> Answer:
    dataset = dataset_for(caller(request), dataset_id)
    with client_errors():
        cursor = _cursor(request, dataset, which, kind, redirect=False)
    with _turn(LISTING, request, caller(request).pk, dataset):
        return {"cursors": [shard.sealed() for shard in split(dataset, cursor, which.dnc_shards)]}


def _cursor(request: HttpRequest, dataset: Dataset, which: ListingWindow, kind: Kind, *, redirect: bool) -> Cursor:
    if which.relevant_filenames_run_id or which.relevant_filenames_artifact_id:
        raise ApiError(
            404, "DOCKER_RUN_UNKNOWN", "This server keeps no worker runs. Use relevantFilenamesFileName instead."
        )
    user = caller(request)
    if isinstance(which, PageParameters) and which.cursor:
        cursor = unseal_cursor(which.cursor, dataset=dataset, user_id=user.pk, kind=kind, task=which.task_name)
        return redirected(cursor) if redirect else cursor
    return new_cursor(
        dataset=dataset,
        user_id=user.pk,
        kind=kind,
        task=which.task_name,
        start=which.start,
        end=which.end,
        relevant_file=which.relevant_filenames_file_name,
        redirect=redirect,
    )


def redirect_url(request: HttpRequest, dataset: Dataset) -> RedirectUrl:
    address = request.build_absolute_uri(f"/v1/datasets/{dataset.pk}/datasource/readurlRedirect")
    tokens: dict[str, str] = {}

    def url_of(datasource: Datasource, name: str) -> str:
        token = tokens.get(datasource.pk) or public_token(datasource, dataset, caller(request))
        tokens[datasource.pk] = token
        return f"{address}?{urlencode({'path': name, 'publicToken': token})}"

    return url_of


def _add_listing(kind: Kind, folder: str, words: str) -> None:
    """The routes `list` and `list/dnc` of one kind."""

    def page(request: HttpRequest, dataset_id: str, which: Query[PageParameters]) -> HttpResponse:
        return _list_page(request, dataset_id, which, kind)

    def shards(request: HttpRequest, dataset_id: str, which: Query[ShardsParameters]) -> Answer:
        return _list_shards(request, dataset_id, which, kind)

    path = f"/datasets/{{dataset_id}}/datasource/{folder}list"
    _add(path, page, PageData, f"list_{kind}", f"List {words}, page by page")
    _add(f"{path}/dnc", shards, CursorsData, f"split_{kind}", f"Cursors to list {words} in parallel")


def _add(path: str, view: Callable[..., Any], shape: Any, name: str, summary: str) -> None:
    router.add_api_operation(
        path,
        ["GET"],
        view,
        auth=needs(Scope.READ, lane=LISTING),
        response={200: shape, **ERRORS},
        operation_id=name,
        summary=summary,
        by_alias=True,
    )


_add_listing(Kind.SAMPLES, "", "raw samples")
_add_listing(Kind.PREDICTIONS, "predictions/", "predictions of a task")
_add_listing(Kind.METADATA, "metadata/", "metadata")


@router.get(
    "/datasets/{dataset_id}/datasource/predictions/file",
    auth=needs(Scope.READ, lane=SIGNING),
    response={200: str, **ERRORS},
)
def prediction_read_url(request: HttpRequest, dataset_id: str, which: Query[FileParameters]) -> str:
    """A URL to read a file of `.lightly/predictions/`, whether it exists or not."""
    return _url_in(PREDICTIONS_FOLDER, request, dataset_for(caller(request), dataset_id), which)


@router.get(
    "/datasets/{dataset_id}/datasource/metadata/file",
    auth=needs(Scope.READ, lane=SIGNING),
    response={200: str, **ERRORS},
)
def metadata_read_url(request: HttpRequest, dataset_id: str, which: Query[FileParameters]) -> str:
    """A URL to read a file of `.lightly/metadata/`, whether it exists or not."""
    return _url_in(METADATA_FOLDER, request, dataset_for(caller(request), dataset_id), which)


@router.get(
    "/datasets/{dataset_id}/datasource/embeddings/file",
    auth=needs(Scope.READ, lane=SIGNING),
    response={200: str, **ERRORS},
)
def embedding_read_url(request: HttpRequest, dataset_id: str, which: Query[FileParameters]) -> str:
    """A URL to read a file of `.lightly/embeddings/`, whether it exists or not."""
    return _url_in(EMBEDDINGS_FOLDER, request, dataset_for(caller(request), dataset_id), which)


@router.get(
    "/datasets/{dataset_id}/datasource/predictions/writeUrl",
    auth=needs(Scope.RUNS, lane=SIGNING),
    response={200: str, **ERRORS},
)
def prediction_write_url(request: HttpRequest, dataset_id: str, which: Query[FileParameters]) -> str:
    """A URL to write a file of `.lightly/predictions/` by PUT.

    Azure also wants the header `x-ms-blob-type: BlockBlob`. OBS refuses a `Content-Type`, which is a part of what it
    signs: send none.
    """
    return _url_in(PREDICTIONS_FOLDER, request, editable_dataset_for(caller(request), dataset_id), which, "PUT")


@router.get(
    "/datasets/{dataset_id}/datasource/fileHEAD", auth=needs(Scope.READ, lane=SIGNING), response={200: str, **ERRORS}
)
def file_head_url(request: HttpRequest, dataset_id: str, which: Query[FileParameters]) -> str:
    """A URL that is good for HEAD: of a file in `.lightly/`, else of a raw sample."""
    purpose = Purpose.LIGHTLY if which.file_name.startswith(LIGHTLY_FOLDER) else Purpose.INPUT
    return _signed(request, dataset_for(caller(request), dataset_id), purpose, which.file_name, "HEAD")


def _url_in(folder: str, request: HttpRequest, dataset: Dataset, which: FileParameters, method: str = "GET") -> str:
    # Listings give names with the folder, and those are understood here too.
    name = folder + which.file_name.removeprefix(folder)
    return _signed(request, dataset, Purpose.LIGHTLY, name, method)


def _signed(request: HttpRequest, dataset: Dataset, purpose: Purpose, name: str, method: str) -> str:
    with _turn(SIGNING, request, caller(request).pk, dataset):
        return sign_file(dataset, purpose, name, method=method, redirect_url=redirect_url(request, dataset))


@router.get(
    "/datasets/{dataset_id}/datasource/processedUntilTimestamp",
    auth=needs(Scope.READ),
    response={200: ProcessedUntil, 401: Error, 403: Error, 404: Error},
    by_alias=True,
)
def get_processed_until(request: HttpRequest, dataset_id: str) -> Answer:
    return {"processedUntilTimestamp": dataset_for(caller(request), dataset_id).processed_until}


@router.put(
    "/datasets/{dataset_id}/datasource/processedUntilTimestamp",
    auth=needs(Scope.RUNS),
    response={204: None, 400: Error, 401: Error, 403: Error, 404: Error},
)
def put_processed_until(request: HttpRequest, dataset_id: str, payload: ProcessedUntil) -> Status[None]:
    dataset = editable_dataset_for(caller(request), dataset_id)
    set_processed_until(dataset=dataset, seconds=payload.processed_until_timestamp)
    return Status(204, None)


@router.api_operation(
    ["GET", "HEAD"],
    "/datasets/{dataset_id}/datasource/readurlRedirect",
    response={302: None, **ERRORS},
    auth=None,
    operation_id="read_url_redirect",
)
def redirect_to_file(request: HttpRequest, dataset_id: str, which: Query[RedirectParameters]) -> HttpResponse:
    """Leads on to a fresh URL of the file. Needs no API token: the URL itself carries a token of its own."""
    with client_errors():
        datasource = datasource_of_token(which.public_token, dataset_id)
    with _turn(SIGNING, request, which.public_token, datasource.dataset):
        url = sign_path(datasource, which.path, seconds=REDIRECTED_SECONDS, method=request.method or "GET")
    answer = HttpResponse(status=302, headers={"Location": url})
    answer["Cache-Control"] = "no-store"
    # The token is in the URL, so nothing more is opened to other sites than to whoever has it.
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
