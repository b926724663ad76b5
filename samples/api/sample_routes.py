"""/v1/datasets/{id}/samples and /mappings: what a dataset holds, by position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router, Status
from pydantic import Field

from contents.api.errors import client_errors
from contents.listing.read_urls import datasource_of_token
from contents.listing.signing import sign_file, sign_path
from core.api import places
from core.api.errors import ApiError
from core.api.lanes import SIGNING
from core.api.parameters import Parameters
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.schemas import Error
from datasets.models import Dataset
from datasources.models import Purpose
from samples import queries
from samples.api import answers
from samples.api.schemas import Answer, Body, Page, SampleData, sample_data
from samples.exports.places import ReadUrls, place_of
from samples.models import Sample
from samples.services import update_sample
from teams.api.authentication import caller, needs
from teams.models import Scope

router = Router(tags=["samples"])
READING = {401: Error, 403: Error, 404: Error}
SIGNED = {422: Error, 503: Error, **READING}
LONGEST_NAME = 4096
REDIRECTED_SECONDS = 12 * 3600


class Mapping(Page):
    field: Literal["_id", "fileName"]


class Which(Page):
    file_name: str = Field("", alias="fileName", max_length=LONGEST_NAME, pattern=r"^[^\x00]*$")


class Sorted(Which):
    sort_by: Literal["_id", "index"] = Field("index", alias="sortBy", description="both are the order of the masks")


class Mode(StrEnum):
    IDS = "ids"
    FILE_NAMES = "fileNames"
    FULL = "full"


class Partial(Which):
    mode: Mode = Mode.FULL


class Kind(StrEnum):
    FULL = "full"
    THUMBNAIL = "thumbnail"
    FRAME = "frame"


class UrlKind(Parameters):
    type: Kind = Field(Kind.FULL, description="full: the image or frame; thumbnail: its small picture in Lightly")


class Redirect(UrlKind):
    public_token: str = Field(alias="publicToken", min_length=1, max_length=1000)


class SampleUpdate(Body):
    """What is missing stays. `customMetaData` is replaced as a whole."""

    thumb_name: str | None = Field(None, alias="thumbName", max_length=1024, pattern=r"^[^\x00]*$")
    exif: Answer | None = None
    meta_data: Answer | None = Field(None, alias="metaData")
    custom_meta_data: Answer | None = Field(None, alias="customMetaData")


@router.get("/datasets/{dataset_id}/mappings", auth=needs(Scope.READ), response={200: list[str], 400: Error, **READING})
def mappings(request: HttpRequest, dataset_id: str, which: Query[Mapping]) -> HttpResponseBase:
    """The id or name of each sample, in the order of the masks: bit k is row k."""
    dataset = dataset_for(caller(request), dataset_id)
    field = "pk" if which.field == "_id" else "file_name"
    rows = which.of(queries.count_of(dataset))
    return answers.json_list(value for (value,) in queries.values_at(dataset.pk, rows, field))


@router.get(
    "/datasets/{dataset_id}/samples", auth=needs(Scope.READ), response={200: list[SampleData], 400: Error, **READING}
)
def list_samples(request: HttpRequest, dataset_id: str, which: Query[Sorted]) -> HttpResponseBase:
    """In the order of the masks."""
    dataset = dataset_for(caller(request), dataset_id)
    return answers.json_list(sample_data(sample) for sample in _samples(dataset, which))


@router.get(
    "/datasets/{dataset_id}/samples/partial",
    auth=needs(Scope.READ),
    response={200: list[dict[str, Any]], 400: Error, **READING},
)
def list_samples_partially(request: HttpRequest, dataset_id: str, which: Query[Partial]) -> HttpResponseBase:
    """Ids alone, ids and names, or all."""
    dataset = dataset_for(caller(request), dataset_id)
    if which.mode is Mode.FULL:
        return answers.json_list(sample_data(sample) for sample in _samples(dataset, which))
    if which.file_name:
        found = ((sample.pk, sample.file_name) for sample in _samples(dataset, which))
    else:
        rows = which.of(queries.count_of(dataset))
        found = ((pk, name) for pk, name in queries.values_at(dataset.pk, rows, "pk", "file_name"))
    if which.mode is Mode.IDS:
        return answers.json_list({"id": pk} for pk, _ in found)
    return answers.json_list({"id": pk, "fileName": name} for pk, name in found)


def _samples(dataset: Dataset, which: Which) -> Iterator[Sample]:
    if which.file_name:
        named = list(Sample.objects.filter(dataset=dataset, file_name=which.file_name))
        rows = which.of(len(named))
        return iter(named[rows.start : rows.stop])
    positions: Sequence[int] = which.of(queries.count_of(dataset))
    return queries.samples_at(dataset.pk, positions)


@router.get(
    "/datasets/{dataset_id}/samples/{sample_id}",
    auth=needs(Scope.READ),
    response={200: SampleData, **READING},
    by_alias=True,
    exclude_unset=True,
)
def get_sample(request: HttpRequest, dataset_id: str, sample_id: str) -> Answer:
    return sample_data(sample_or_404(dataset_for(caller(request), dataset_id), sample_id))


@router.put(
    "/datasets/{dataset_id}/samples/{sample_id}",
    auth=needs(Scope.RUNS),
    response={204: None, 400: Error, 413: Error, **READING},
)
def put_sample(request: HttpRequest, dataset_id: str, sample_id: str, payload: SampleUpdate) -> Status[None]:
    """Custom metadata, and what else is kept of a sample. Its name never changes."""
    user = caller(request)
    sample = sample_or_404(editable_dataset_for(user, dataset_id), sample_id)
    told = {name: getattr(payload, name) for name in payload.model_fields_set}
    try:
        update_sample(sample, **{name: value for name, value in told.items() if value is not None})
    except ValueError as error:
        raise ApiError(413, "CUSTOM_METADATA_AT_MAX_SIZE", str(error)) from None
    return Status(204, None)


@router.get(
    "/datasets/{dataset_id}/samples/{sample_id}/readurl",
    auth=needs(Scope.READ, lane=SIGNING),
    response={200: str, 400: Error, **SIGNED},
)
def sample_read_url(request: HttpRequest, dataset_id: str, sample_id: str, which: Query[UrlKind]) -> str:
    """A URL to read the sample's file, or its thumbnail."""
    dataset = dataset_for(caller(request), dataset_id)
    purpose, name = _place(sample_or_404(dataset, sample_id), which.type)
    places.enter(request, SIGNING, person=caller(request).pk, dataset_id=dataset.pk, team=dataset.team_id)
    with client_errors():
        return sign_file(dataset, purpose, name, method="GET", redirect_url=ReadUrls(request, dataset, caller(request)))


@router.get(
    "/datasets/{dataset_id}/samples/{sample_id}/readurlRedirect",
    auth=None,
    response={302: None, 400: Error, **SIGNED},
)
def sample_redirect(request: HttpRequest, dataset_id: str, sample_id: str, which: Query[Redirect]) -> HttpResponse:
    """Leads on to a fresh URL of the sample's file. Needs no API token: `publicToken` is one of its own."""
    with client_errors():
        datasource = datasource_of_token(which.public_token, dataset_id)
    dataset = datasource.dataset
    purpose, name = _place(sample_or_404(dataset, sample_id), which.type)
    if datasource.purpose not in {purpose, Purpose.INPUT_OUTPUT}:
        words = "The publicToken of this URL is for the dataset's other datasource."
        raise ApiError(401, "JWT_INVALID", words)
    places.enter(request, SIGNING, person=which.public_token, dataset_id=dataset.pk, team=dataset.team_id)
    with client_errors():
        url = sign_path(datasource, name, seconds=REDIRECTED_SECONDS, method="GET")
    answer = HttpResponse(status=302, headers={"Location": url})
    answer["Cache-Control"] = "no-store"
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def sample_or_404(dataset: Dataset, sample_id: str) -> Sample:
    sample = Sample.objects.filter(dataset=dataset, pk=sample_id).first()
    if sample is None:
        raise ApiError(404, "SAMPLE_UNKNOWN", "The dataset has no such sample.")
    return sample


def _place(sample: Sample, kind: Kind) -> tuple[Purpose, str]:
    if kind is not Kind.THUMBNAIL:
        return place_of(sample.type, sample.file_name)
    if not sample.thumb_name:
        raise ApiError(404, "SAMPLE_THUMBNAME_UNKNOWN", "The sample has no thumbnail in the Lightly datasource.")
    return Purpose.LIGHTLY, sample.thumb_name
