"""/v1/datasets/{id}/datasource/list and its relatives: what lies in the datasources, and URLs to read it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from contents.listing import listing
from contents.listing import read_urls as reading
from contents.listing.listing import Kind
from core.api.errors import ApiError
from core.api.parameters import Flag, Parameters
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error
from datasets.models import Dataset
from datasources.models import Datasource, Purpose

router = Router(tags=["listing"])
Answer = dict[str, Any]

# Until year 9999: what fits into every database.
LATEST = 253_402_300_799
ERRORS = {401: Error, 403: Error, 404: Error, 422: Error, 503: Error}
# A redirect is followed at once; a video player may come back for more of the file for a while.
REDIRECTED_SECONDS = 12 * 3600


class ListingParameters(Parameters):
    """What is wrong here gets 422: the client takes 400 for a passing problem and tries for half a minute."""

    @model_validator(mode="wrap")
    @classmethod
    def _lastingly_wrong(cls, values: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        try:
            return handler(values)
        except ValidationError as error:
            problems = (f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors() if problem["loc"])
            raise ApiError(422, "MALFORMED_REQUEST", "; ".join(problems)) from None


class Window(ListingParameters):
    start: int | None = Field(None, alias="from", ge=0, le=LATEST, description="Unix seconds, included")
    end: int | None = Field(None, alias="to", ge=0, le=LATEST, description="Unix seconds, included")
    relevant_filenames_file_name: str = Field(
        "",
        alias="relevantFilenamesFileName",
        description="of a relevant filenames file, relative to the Lightly datasource",
    )
    relevant_filenames_run_id: str = Field("", alias="relevantFilenamesRunId")
    relevant_filenames_artifact_id: str = Field("", alias="relevantFilenamesArtifactId")
    task_name: str = Field("", alias="taskName", description="for predictions")


class OfPage(Window):
    cursor: str = Field("", description="from the page before; brings its own window and relevant filenames along")
    use_redirected_read_url: Flag = Field(
        None,
        alias="useRedirectedReadUrl",
        description="URLs of this server that do not end; always so for S3DelegatedAccess",
    )


class OfShards(Window):
    dnc_shards: int = Field(alias="dncShards", ge=1, le=1_000_000)


class OfFile(ListingParameters):
    file_name: str = Field(alias="fileName", min_length=1, max_length=1024, pattern=r"^[^\x00]*$")


class FileData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    file_name: str = Field(alias="fileName")
    read_url: str = Field(alias="readUrl")


class PageData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    has_more: bool = Field(alias="hasMore")
    cursor: str
    data: list[FileData]


class CursorsData(Schema):
    cursors: list[str] = Field(min_length=1)


class ProcessedUntil(Schema):
    model_config = ConfigDict(populate_by_name=True)

    processed_until_timestamp: int = Field(alias="processedUntilTimestamp", ge=0, le=LATEST)


def _page(request: HttpRequest, dataset_id: str, which: OfPage, kind: Kind) -> Answer:
    dataset = dataset_for(caller(request), dataset_id)
    cursor = _cursor(request, dataset, which, kind, redirect=bool(which.use_redirected_read_url))
    found = listing.read_page(dataset, cursor, _redirect_url(request, dataset))
    return {
        "hasMore": found.more,
        "cursor": found.cursor.sealed(),
        "data": [{"fileName": file.name, "readUrl": file.url} for file in found.files],
    }


def _shards(request: HttpRequest, dataset_id: str, which: OfShards, kind: Kind) -> Answer:
    dataset = dataset_for(caller(request), dataset_id)
    cursor = _cursor(request, dataset, which, kind, redirect=False)
    return {"cursors": [shard.sealed() for shard in listing.split(dataset, cursor, which.dnc_shards)]}


def _cursor(request: HttpRequest, dataset: Dataset, which: Window, kind: Kind, *, redirect: bool) -> listing.Cursor:
    if which.relevant_filenames_run_id or which.relevant_filenames_artifact_id:
        raise ApiError(
            404, "DOCKER_RUN_UNKNOWN", "This server keeps no worker runs. Use relevantFilenamesFileName instead."
        )
    user = caller(request)
    if isinstance(which, OfPage) and which.cursor:
        cursor = listing.unseal_cursor(which.cursor, dataset=dataset, user_id=user.pk, kind=kind, task=which.task_name)
        return listing.redirected(cursor) if redirect else cursor
    return listing.new_cursor(
        dataset=dataset,
        user_id=user.pk,
        kind=kind,
        task=which.task_name,
        start=which.start,
        end=which.end,
        relevant_file=which.relevant_filenames_file_name,
        redirect=redirect,
    )


def _redirect_url(request: HttpRequest, dataset: Dataset) -> listing.UrlOf:
    address = request.build_absolute_uri(f"/v1/datasets/{dataset.pk}/datasource/readurlRedirect")
    tokens: dict[str, str] = {}

    def url_of(datasource: Datasource, name: str) -> str:
        token = tokens.get(datasource.pk) or reading.public_token(datasource, dataset, caller(request))
        tokens[datasource.pk] = token
        return f"{address}?{urlencode({'path': name, 'publicToken': token})}"

    return url_of


def _routes(kind: Kind, folder: str, words: str) -> None:
    """`list` and `list/dnc` of one kind."""

    def page(request: HttpRequest, dataset_id: str, which: Query[OfPage]) -> Answer:
        return _page(request, dataset_id, which, kind)

    def shards(request: HttpRequest, dataset_id: str, which: Query[OfShards]) -> Answer:
        return _shards(request, dataset_id, which, kind)

    path = f"/datasets/{{dataset_id}}/datasource/{folder}list"
    _add(path, page, PageData, f"list_{kind}", f"List {words}, page by page")
    _add(f"{path}/dnc", shards, CursorsData, f"split_{kind}", f"Cursors to list {words} in parallel")


def _add(path: str, view: Callable[..., Any], shape: Any, name: str, summary: str) -> None:
    router.add_api_operation(
        path,
        ["GET"],
        view,
        response={200: shape, **ERRORS},
        operation_id=name,
        summary=summary,
        by_alias=True,
    )


_routes(Kind.SAMPLES, "", "raw samples")
_routes(Kind.PREDICTIONS, "predictions/", "predictions of a task")
_routes(Kind.METADATA, "metadata/", "metadata")


@router.get("/datasets/{dataset_id}/datasource/predictions/file", response={200: str, **ERRORS})
def prediction_read_url(request: HttpRequest, dataset_id: str, which: Query[OfFile]) -> str:
    """A URL to read a file of `.lightly/predictions/`, whether it exists or not."""
    return _file_url(request, dataset_id, listing.PREDICTIONS_FOLDER, which.file_name)


@router.get("/datasets/{dataset_id}/datasource/metadata/file", response={200: str, **ERRORS})
def metadata_read_url(request: HttpRequest, dataset_id: str, which: Query[OfFile]) -> str:
    """A URL to read a file of `.lightly/metadata/`, whether it exists or not."""
    return _file_url(request, dataset_id, listing.METADATA_FOLDER, which.file_name)


@router.get("/datasets/{dataset_id}/datasource/embeddings/file", response={200: str, **ERRORS})
def embedding_read_url(request: HttpRequest, dataset_id: str, which: Query[OfFile]) -> str:
    """A URL to read a file of `.lightly/embeddings/`, whether it exists or not."""
    return _file_url(request, dataset_id, listing.EMBEDDINGS_FOLDER, which.file_name)


def _file_url(request: HttpRequest, dataset_id: str, folder: str, file_name: str, method: str = "GET") -> str:
    get = editable_dataset_for if method == "PUT" else dataset_for
    dataset = get(caller(request), dataset_id)
    # Listings give names with the folder, and those are understood here too.
    name = folder + file_name.removeprefix(folder)
    return listing.sign_file(
        dataset, Purpose.LIGHTLY, name, method=method, redirect_url=_redirect_url(request, dataset)
    )


@router.get("/datasets/{dataset_id}/datasource/predictions/writeUrl", response={200: str, **ERRORS})
def prediction_write_url(request: HttpRequest, dataset_id: str, which: Query[OfFile]) -> str:
    """A URL to write a file of `.lightly/predictions/` by PUT. Azure also wants the header `x-ms-blob-type`."""
    return _file_url(request, dataset_id, listing.PREDICTIONS_FOLDER, which.file_name, "PUT")


@router.get("/datasets/{dataset_id}/datasource/fileHEAD", response={200: str, **ERRORS})
def file_head_url(request: HttpRequest, dataset_id: str, which: Query[OfFile]) -> str:
    """A URL that is good for HEAD: of a file in `.lightly/`, else of a raw sample."""
    dataset = dataset_for(caller(request), dataset_id)
    purpose = Purpose.LIGHTLY if which.file_name.startswith(listing.LIGHTLY_FOLDER) else Purpose.INPUT
    return listing.sign_file(
        dataset, purpose, which.file_name, method="HEAD", redirect_url=_redirect_url(request, dataset)
    )


@router.get(
    "/datasets/{dataset_id}/datasource/processedUntilTimestamp",
    response={200: ProcessedUntil, 401: Error, 404: Error},
    by_alias=True,
)
def get_processed_until(request: HttpRequest, dataset_id: str) -> Answer:
    return {"processedUntilTimestamp": dataset_for(caller(request), dataset_id).processed_until}


@router.put(
    "/datasets/{dataset_id}/datasource/processedUntilTimestamp",
    response={204: None, 400: Error, 401: Error, 403: Error, 404: Error},
)
def put_processed_until(request: HttpRequest, dataset_id: str, payload: ProcessedUntil) -> Status[None]:
    dataset = editable_dataset_for(caller(request), dataset_id)
    reading.set_processed_until(dataset=dataset, seconds=payload.processed_until_timestamp)
    return Status(204, None)


class Redirected(ListingParameters):
    path: str = Field(min_length=1, max_length=1024, pattern=r"^[^\x00]*$")
    public_token: str = Field(alias="publicToken", min_length=1)


@router.api_operation(
    ["GET", "HEAD"],
    "/datasets/{dataset_id}/datasource/readurlRedirect",
    response={302: None, **ERRORS},
    auth=None,
    operation_id="read_url_redirect",
)
def redirect_to_file(request: HttpRequest, dataset_id: str, which: Query[Redirected]) -> HttpResponse:
    """Leads on to a fresh URL of the file. Needs no API token: the URL itself carries a token of its own."""
    datasource = reading.datasource_of_token(which.public_token, dataset_id)
    url = listing.sign_path(datasource, which.path, seconds=REDIRECTED_SECONDS, method=request.method or "GET")
    answer = HttpResponse(status=302, headers={"Location": url})
    answer["Cache-Control"] = "no-store"
    # The token is in the URL, so nothing more is opened to other sites than to whoever has it.
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
