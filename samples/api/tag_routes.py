"""/v1/datasets/{id}/tags: list, read, create, change, delete, and what two tags are together."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from core.api.errors import ApiError, malformed
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.schemas import Created, Error
from datasets.models import Dataset
from samples import masks, queries
from samples.api.schemas import ArithmeticsData, MaskData, TagArithmetics, TagCreate, TagData, TagUpdate, tag_data
from samples.models import Tag
from samples.tags import services
from samples.tags.errors import TagError, TagProblem
from teams.api.authentication import caller, needs
from teams.models import Scope

router = Router(tags=["tags"])
Answer = dict[str, Any]
_STATUSES = {TagProblem.EXISTS: 409, TagProblem.UNKNOWN: 404, TagProblem.OTHER_DATASET: 404}
READING = {401: Error, 403: Error, 404: Error}
WRITING = {400: Error, 409: Error, **READING}


def tag_or_404(dataset: Dataset, tag_id: str) -> Tag:
    tag = services.tag_of(dataset, tag_id)
    if tag is None:
        raise ApiError(404, "TAG_UNKNOWN", "The dataset has no such tag.")
    return tag


def as_api_error(error: TagError) -> ApiError:
    return ApiError(_STATUSES.get(error.problem, 400), error.problem.value, error.words)


@router.get(
    "/datasets/{dataset_id}/tags",
    auth=needs(Scope.READ),
    response={200: list[TagData], **READING},
    by_alias=True,
    exclude_unset=True,
)
def list_tags(request: HttpRequest, dataset_id: str) -> list[Answer]:
    """Newest first; `initial-tag`, which has all samples, comes last."""
    dataset = dataset_for(caller(request), dataset_id)
    count = queries.count_of(dataset)
    return [tag_data(tag, count) for tag in queries.tags_of(dataset)]


@router.post("/datasets/{dataset_id}/tags", auth=needs(Scope.RUNS), response={201: Created, **WRITING}, by_alias=True)
def create_tag(request: HttpRequest, dataset_id: str, payload: TagCreate) -> Status[Answer]:
    """A tag with the samples of a mask, made from another tag."""
    user = caller(request)
    dataset = editable_dataset_for(user, dataset_id)
    related = [payload.prev_tag_id, payload.query_tag_id, payload.preselected_tag_id]
    known = services.tags_by_id(dataset, [tag_id for tag_id in related if tag_id])
    codes = ("TAG_PREVTAG_NOT_IN_DATASET", "TAG_QUERYTAG_NOT_IN_DATASET", "TAG_PRESELECTEDTAG_NOT_IN_DATASET")
    for tag_id, code in zip(related, codes, strict=True):
        if tag_id and tag_id not in known:
            raise ApiError(404, code, f"The dataset has no tag {tag_id}.")
    try:
        tag = services.create(
            dataset,
            name=payload.name,
            bits=_bits(payload.bit_mask_data),
            previous=known[payload.prev_tag_id],
            by=user,
            creator=payload.creator,
            run_id=payload.run_id or "",
            query_tag_id=payload.query_tag_id or "",
            preselected_tag_id=payload.preselected_tag_id or "",
        )
    except TagError as error:
        raise as_api_error(error) from None
    return Status(201, {"id": tag.pk})


@router.post(
    "/datasets/{dataset_id}/tags/arithmetics",
    auth=needs(Scope.RUNS),
    response={200: ArithmeticsData, **WRITING},
    by_alias=True,
    exclude_unset=True,
)
def tag_arithmetics(request: HttpRequest, dataset_id: str, payload: TagArithmetics) -> Answer:
    """What two tags are together: with `newTagName` as a new tag, whose id is answered, else as a mask."""
    user = caller(request)
    dataset = editable_dataset_for(user, dataset_id)
    if payload.new_tag_name is None:
        return {"bitMaskData": _combined(dataset, payload)}
    try:
        tag = services.create_by_arithmetic(
            dataset,
            name=payload.new_tag_name,
            one=tag_or_404(dataset, payload.tag_id1),
            other=tag_or_404(dataset, payload.tag_id2),
            operation=payload.operation,
            by=user,
            creator=payload.creator,
            run_id=payload.run_id or "",
        )
    except TagError as error:
        raise as_api_error(error) from None
    return {"id": tag.pk}


@router.post(
    "/datasets/{dataset_id}/tags/arithmetics/bitmask",
    auth=needs(Scope.READ),
    response={200: MaskData, 400: Error, **READING},
    by_alias=True,
)
def tag_arithmetics_mask(request: HttpRequest, dataset_id: str, payload: TagArithmetics) -> Answer:
    """The same as a mask. Changes nothing."""
    return {"bitMaskData": _combined(dataset_for(caller(request), dataset_id), payload)}


@router.get(
    "/datasets/{dataset_id}/tags/{tag_id}",
    auth=needs(Scope.READ),
    response={200: TagData, **READING},
    by_alias=True,
    exclude_unset=True,
)
def get_tag(request: HttpRequest, dataset_id: str, tag_id: str) -> Answer:
    dataset = dataset_for(caller(request), dataset_id)
    return tag_data(tag_or_404(dataset, tag_id), queries.count_of(dataset))


@router.put(
    "/datasets/{dataset_id}/tags/{tag_id}", auth=needs(Scope.RUNS), response={204: None, **WRITING}, by_alias=True
)
def update_tag(request: HttpRequest, dataset_id: str, tag_id: str, payload: TagUpdate) -> Status[None]:
    """Another name, and with `bitMaskData` other samples."""
    user = caller(request)
    tag = tag_or_404(editable_dataset_for(user, dataset_id), tag_id)
    bits = None if payload.bit_mask_data is None else _bits(payload.bit_mask_data)
    try:
        services.update(tag, name=payload.name, bits=bits, by=user, creator=payload.update_creator)
    except TagError as error:
        raise as_api_error(error) from None
    return Status(204, None)


@router.delete("/datasets/{dataset_id}/tags/{tag_id}", auth=needs(Scope.RUNS), response={204: None, **WRITING})
def delete_tag(request: HttpRequest, dataset_id: str, tag_id: str) -> Status[None]:
    """Only a tag from which no other was made."""
    user = caller(request)
    tag = tag_or_404(editable_dataset_for(user, dataset_id), tag_id)
    try:
        services.delete(tag, by=user)
    except TagError as error:
        raise as_api_error(error) from None
    return Status(204, None)


def _bits(text: str) -> bytes:
    try:
        return masks.from_hex(text)
    except masks.MaskError as error:  # a line break at the end
        raise malformed(f"bitMaskData: {error}") from None


def _combined(dataset: Dataset, payload: TagArithmetics) -> str:
    one, other = tag_or_404(dataset, payload.tag_id1), tag_or_404(dataset, payload.tag_id2)
    return masks.to_hex(services.combined(one, other, payload.operation))
