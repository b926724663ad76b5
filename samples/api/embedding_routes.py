"""/v1/datasets/{id}/embeddings: which there are, their files, and their two-dimensional pictures."""

from __future__ import annotations

from array import array
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from contents.api.errors import client_errors
from contents.listing.signing import sign_file
from core.api import places
from core.api.errors import ApiError
from core.api.lanes import SIGNING
from core.api.parameters import Parameters
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.schemas import Created, Error, milliseconds
from datasets.models import Dataset
from datasources.models import Purpose
from samples import embeddings, queries, uploading
from samples.api.schemas import LONGEST, Body
from samples.api.upload_routes import write_url
from samples.exports.places import ReadUrls
from samples.models import Embedding, EmbeddingPlot, PlotMethod
from teams.api.authentication import caller, needs
from teams.models import Scope

router = Router(tags=["embeddings"])
Answer = dict[str, Any]
READING = {401: Error, 403: Error, 404: Error}
SIGNED = {400: Error, 422: Error, 503: Error, **READING}
MOST_POINTS = 2_000_000


class EmbeddingData(Body):
    id: str
    name: str
    is_processed: bool = Field(alias="isProcessed")
    created_at: int = Field(alias="createdAt", description="milliseconds")
    is2d: bool | None = None


class WhichName(Parameters):
    name: str = Field("default", min_length=1, max_length=LONGEST, pattern=r"^[^\x00]*$")


class WriteUrl(Body):
    signed_write_url: str = Field(alias="signedWriteUrl")
    embedding_id: str = Field(alias="embeddingId")


class Processed(Body):
    row_count: int = Field(alias="rowCount", ge=0, le=2_000_000_000)


class Trigger(Body):
    method: Literal["PCA", "TSNE", "UMAP"] = Field(alias="dimensionalityReductionMethod")


class Triggered(Body):
    method: Literal["PCA"] = Field(alias="dimensionalityReductionMethod", description="what is drawn")
    message: str = Field(description="why it is another method than the one that was asked for, or empty")


class PlotCreate(Body):
    name: str = Field(max_length=LONGEST)
    method: Literal["PCA", "TSNE", "UMAP"] = Field(alias="dimensionalityReductionMethod")
    first: list[float] = Field(alias="coordinatesDimension1", min_length=1, max_length=MOST_POINTS)
    second: list[float] = Field(alias="coordinatesDimension2", min_length=1, max_length=MOST_POINTS)


class PlotData(Body):
    id: str
    dataset_id: str = Field(alias="datasetId")
    embedding_id: str = Field(alias="embeddingId")
    name: str
    created_at: int = Field(alias="createdAt", description="milliseconds")
    method: str = Field(alias="dimensionalityReductionMethod")
    first: list[float] | None = Field(None, alias="coordinatesDimension1")
    second: list[float] | None = Field(None, alias="coordinatesDimension2")


@router.get(
    "/datasets/{dataset_id}/embeddings",
    auth=needs(Scope.READ),
    response={200: list[EmbeddingData], **READING},
    by_alias=True,
)
def list_embeddings(request: HttpRequest, dataset_id: str) -> list[Answer]:
    """Newest first."""
    dataset = dataset_for(caller(request), dataset_id)
    plotted = set(EmbeddingPlot.objects.filter(embedding__dataset=dataset).values_list("embedding_id", flat=True))
    return [
        {
            "id": embedding.pk,
            "name": embedding.name,
            "isProcessed": embedding.is_processed,
            "createdAt": milliseconds(embedding.created_at),
            "is2d": embedding.pk in plotted,
        }
        for embedding in queries.embeddings_of(dataset)
    ]


@router.get(
    "/datasets/{dataset_id}/embeddings/writeCSVUrl",
    auth=needs(Scope.RUNS, lane=SIGNING),
    response={200: WriteUrl, 409: Error, **SIGNED},
    by_alias=True,
)
def embedding_write_url(request: HttpRequest, dataset_id: str, which: Query[WhichName]) -> Answer:
    """A new embedding, and a URL to write its csv file by a plain PUT. For Azure it leads to this server."""
    dataset = editable_dataset_for(caller(request), dataset_id)
    places.enter(request, SIGNING, person=caller(request).pk, dataset_id=dataset.pk, team=dataset.team_id)
    key = embeddings.key_of(which.name)
    with client_errors():
        to = ReadUrls(request, dataset, caller(request))
        passes_through = uploading.passes_through(dataset)
        url = "" if passes_through else sign_file(dataset, Purpose.LIGHTLY, key, method="PUT", redirect_url=to)
    try:
        embedding = embeddings.register(dataset, name=which.name, key=key)
    except embeddings.NameTakenError:
        words = f"The dataset has an embedding named {which.name} already. Use another name."
        raise ApiError(409, "EMBEDDING_NAME_EXISTS", words) from None
    url = url or write_url(request, embedding, caller(request))
    return {"signedWriteUrl": url, "embeddingId": embedding.pk}


@router.get(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/readCSVUrl",
    auth=needs(Scope.READ, lane=SIGNING),
    response={200: str, **SIGNED},
)
def embedding_read_url(request: HttpRequest, dataset_id: str, embedding_id: str) -> str:
    """A URL to read the csv file of the embedding: `filenames,embedding_0,…,labels`."""
    dataset = dataset_for(caller(request), dataset_id)
    embedding = embedding_or_404(dataset, embedding_id)
    places.enter(request, SIGNING, person=caller(request).pk, dataset_id=dataset.pk, team=dataset.team_id)
    with client_errors():
        to = ReadUrls(request, dataset, caller(request))
        return sign_file(dataset, Purpose.LIGHTLY, embedding.key, method="GET", redirect_url=to)


@router.put(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/isProcessed",
    auth=needs(Scope.RUNS),
    response={204: None, 400: Error, **READING},
)
def put_processed(request: HttpRequest, dataset_id: str, embedding_id: str, payload: Processed) -> Status[None]:
    """The csv file is written, and has so many rows."""
    embedding = embedding_or_404(editable_dataset_for(caller(request), dataset_id), embedding_id)
    embeddings.set_processed(embedding, rows=payload.row_count)
    return Status(204, None)


@router.post(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/trigger2dEmbeddingsJob",
    auth=needs(Scope.RUNS),
    response={200: Triggered, 400: Error, **READING},
    by_alias=True,
)
def trigger_plot(request: HttpRequest, dataset_id: str, embedding_id: str, payload: Trigger) -> Answer:
    """The csv file is written: a worker reads it and draws its samples by PCA, whatever method is asked for.

    The client asks for all three methods and takes every other answer for a failure. So this one says what is drawn.
    """
    dataset = editable_dataset_for(caller(request), dataset_id)
    embedding = embedding_or_404(dataset, embedding_id)
    embedding.dataset = dataset
    embeddings.written(embedding, by=caller(request))
    words = "" if payload.method == "PCA" else f"{payload.method} is not supported: the embedding is drawn by PCA."
    return {"dimensionalityReductionMethod": "PCA", "message": words}


@router.delete(
    "/datasets/{dataset_id}/embeddings/{embedding_id}", auth=needs(Scope.RUNS), response={204: None, **READING}
)
def delete_embedding(request: HttpRequest, dataset_id: str, embedding_id: str) -> Status[None]:
    """Forgets it. Its file stays where it is."""
    embedding = embedding_or_404(editable_dataset_for(caller(request), dataset_id), embedding_id)
    embeddings.forget(embedding)
    return Status(204, None)


@router.get(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/2d",
    auth=needs(Scope.READ),
    response={200: list[PlotData], **READING},
    by_alias=True,
    exclude_unset=True,
)
def list_plots(request: HttpRequest, dataset_id: str, embedding_id: str) -> list[Answer]:
    """Without their coordinates."""
    embedding = embedding_or_404(dataset_for(caller(request), dataset_id), embedding_id)
    return [_plot_data(embedding, plot) for plot in embedding.plots.defer("points").order_by("pk")]


@router.post(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/2d",
    auth=needs(Scope.RUNS),
    response={201: Created, 400: Error, **READING},
    by_alias=True,
)
def create_plot(request: HttpRequest, dataset_id: str, embedding_id: str, payload: PlotCreate) -> Status[Answer]:
    """Two coordinates for each sample, by position. One of the same method is replaced."""
    embedding = embedding_or_404(editable_dataset_for(caller(request), dataset_id), embedding_id)
    try:
        method = PlotMethod(payload.method)
        plot = embeddings.store_plot(embedding, method=method, first=payload.first, second=payload.second)
    except ValueError as error:
        raise ApiError(400, "EMBEDDING_INVALID", str(error)) from None
    return Status(201, {"id": _plot_id(plot)})


@router.get(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/2d/{embedding2d_id}",
    auth=needs(Scope.READ),
    response={200: PlotData, **READING},
    by_alias=True,
    exclude_unset=True,
)
def get_plot(request: HttpRequest, dataset_id: str, embedding_id: str, embedding2d_id: str) -> Answer:
    embedding = embedding_or_404(dataset_for(caller(request), dataset_id), embedding_id)
    plot = next((plot for plot in embedding.plots.all() if _plot_id(plot) == embedding2d_id), None)
    if plot is None:
        raise ApiError(404, "EMBEDDING_2D_UNKNOWN", "The embedding has no such picture.")
    points = array("f", bytes(plot.points))
    coordinates = {"coordinatesDimension1": list(points[::2]), "coordinatesDimension2": list(points[1::2])}
    return _plot_data(embedding, plot) | (coordinates if points else {})


def embedding_or_404(dataset: Dataset, embedding_id: str) -> Embedding:
    embedding = Embedding.objects.filter(dataset=dataset, pk=embedding_id).first()
    if embedding is None:
        raise ApiError(404, "EMBEDDING_UNKNOWN", "The dataset has no such embedding.")
    return embedding


def _plot_id(plot: EmbeddingPlot) -> str:
    """Rows of plots are numbered; the client wants 24 digits."""
    return f"{plot.pk:024x}"


def _plot_data(embedding: Embedding, plot: EmbeddingPlot) -> Answer:
    return {
        "id": _plot_id(plot),
        "datasetId": embedding.dataset_id,
        "embeddingId": embedding.pk,
        "name": f"{embedding.name}__2d",
        "createdAt": milliseconds(plot.created_at),
        "dimensionalityReductionMethod": plot.method,
    }
