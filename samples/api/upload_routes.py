"""/v1/datasets/{id}/embeddings/{id}/content: takes a csv file by PUT, where the cloud itself takes no plain one."""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from ninja import Query, Router, Status
from pydantic import Field

from contents.api.errors import client_errors
from core.api import places
from core.api.errors import ApiError
from core.api.lanes import VERIFYING
from core.api.parameters import Parameters
from datasets.access import editable_dataset_for
from datasets.api.schemas import Error
from datasets.models import Dataset
from samples import uploading
from samples.models import Embedding
from teams.models import User

router = Router(tags=["embeddings"])
# From then on a URL opens nothing. The client follows it at once.
URL_SECONDS = 24 * 3600
# A million vectors of 800 numbers.
MOST_BYTES = 10 * 1000**3
_SALT = "samples.upload"


class Upload(Parameters):
    public_token: str = Field(alias="publicToken", min_length=1, max_length=2000)


def write_url(request: HttpRequest, embedding: Embedding, user: User) -> str:
    address = request.build_absolute_uri(f"/v1/datasets/{embedding.dataset_id}/embeddings/{embedding.pk}/content")
    return f"{address}?publicToken={signing.dumps([embedding.pk, user.pk], salt=_SALT)}"


@router.put(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/content",
    auth=None,
    response={
        201: None,
        400: Error,
        401: Error,
        403: Error,
        404: Error,
        409: Error,
        413: Error,
        422: Error,
        503: Error,
    },
    openapi_extra={
        "requestBody": {
            "content": {"text/csv": {"schema": {"type": "string", "format": "binary", "maxLength": MOST_BYTES}}},
            "required": True,
        }
    },
)
def write_embedding(request: HttpRequest, dataset_id: str, embedding_id: str, which: Query[Upload]) -> Status[None]:
    """Writes the csv file of an embedding. Needs no API token: the URL itself carries a token of its own."""
    dataset, embedding = _asked(which.public_token, dataset_id, embedding_id)
    length = request.headers.get("Content-Length") or ""
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise ApiError(413, "PAYLOAD_TOO_LARGE", f"The file has more than {MOST_BYTES:,} bytes.")
    if embedding.is_processed:
        raise ApiError(409, "EMBEDDING_NAME_EXISTS", "The file of this embedding is written already.")
    places.enter(request, VERIFYING, person=which.public_token, dataset_id=dataset.pk, team=dataset.team_id)
    with client_errors():
        try:
            uploading.receive(dataset, embedding.key, request.read)
        except uploading.EmptyFileError:
            raise ApiError(400, "EMBEDDING_INVALID", "The body of the request is empty.") from None
        except UnreadablePostError:
            raise ApiError(400, "MALFORMED_REQUEST", "The body of the request broke off.") from None
    return Status(201, None)


def _asked(token: str, dataset_id: str, embedding_id: str) -> tuple[Dataset, Embedding]:
    """Whoever asked for the URL may write as long as they may change the dataset."""
    try:
        known_id, user_id = signing.loads(token, salt=_SALT, max_age=URL_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        raise ApiError(401, "JWT_INVALID", "This URL is not one of this server, or it is too old.") from None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if known_id != embedding_id or user is None:
        raise ApiError(401, "JWT_INVALID", "This URL is for another file.")
    dataset = editable_dataset_for(user, dataset_id)
    embedding = Embedding.objects.filter(dataset=dataset, pk=embedding_id).first()
    if embedding is None:
        raise ApiError(404, "EMBEDDING_UNKNOWN", "The dataset has no such embedding.")
    return dataset, embedding
