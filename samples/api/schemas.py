"""Samples and tags as the REST API shows them. The official client refuses any key it does not know."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from core.api.parameters import Parameters
from datasets.api.schemas import HEX_ID, milliseconds
from samples import masks
from samples.models import Sample, Tag
from samples.names import LONGEST_TAG_NAME, SHORTEST_TAG_NAME, TAG_NAME
from samples.tags.services import Operation

LONGEST = 255
# A mask of ten million samples.
LONGEST_MASK = 2_500_002
Answer = dict[str, Any]
Id = Annotated[str, Field(pattern=HEX_ID, max_length=24)]


def _valid_name(name: str) -> str:
    if not TAG_NAME.fullmatch(name):  # unlike a pattern with $, this refuses a line break at the end
        raise ValueError("only letters, digits, spaces and . : ; = @ _ -, starting with a letter or digit")
    return name


TagName = Annotated[
    str,
    Field(min_length=SHORTEST_TAG_NAME, max_length=LONGEST_TAG_NAME, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9 .:;=@_-]+$"),
    AfterValidator(_valid_name),
]
Mask = Annotated[str, Field(max_length=LONGEST_MASK, pattern=r"^0x[a-f0-9]+$")]
CREATORS = (
    "UNKNOWN",
    "USER_WEBAPP",
    "USER_PIP",
    "USER_PIP_LIGHTLY_MAGIC",
    "USER_WORKER",
    "SAMPLER_ACTIVE_LEARNING",
    "SAMPLER_CORAL",
    "SAMPLER_CORESET",
    "SAMPLER_RANDOM",
)
Creator = Literal[
    "UNKNOWN",
    "USER_WEBAPP",
    "USER_PIP",
    "USER_PIP_LIGHTLY_MAGIC",
    "USER_WORKER",
    "SAMPLER_ACTIVE_LEARNING",
    "SAMPLER_CORAL",
    "SAMPLER_CORESET",
    "SAMPLER_RANDOM",
]


class Body(Schema):
    model_config = ConfigDict(populate_by_name=True)


class TagCreate(Body):
    name: TagName
    prev_tag_id: Id = Field(alias="prevTagId")
    bit_mask_data: Mask = Field(alias="bitMaskData")
    tot_size: int = Field(alias="totSize", ge=0)
    query_tag_id: Id | None = Field(None, alias="queryTagId")
    preselected_tag_id: Id | None = Field(None, alias="preselectedTagId")
    creator: Creator = "UNKNOWN"
    run_id: Id | None = Field(None, alias="runId")


class TagUpdate(Body):
    name: TagName
    bit_mask_data: Mask | None = Field(None, alias="bitMaskData")
    update_creator: Creator = Field("UNKNOWN", alias="updateCreator")


class TagArithmetics(Body):
    tag_id1: Id = Field(alias="tagId1")
    tag_id2: Id = Field(alias="tagId2")
    operation: Operation
    new_tag_name: TagName | None = Field(None, alias="newTagName")
    creator: Creator = "UNKNOWN"
    run_id: Id | None = Field(None, alias="runId")


class TagData(Schema):
    """`totSize`: samples of the dataset, not of the tag."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(pattern=HEX_ID)
    dataset_id: str = Field(alias="datasetId")
    prev_tag_id: str | None = Field(alias="prevTagId")
    query_tag_id: str | None = Field(None, alias="queryTagId")
    preselected_tag_id: str | None = Field(None, alias="preselectedTagId")
    name: str
    bit_mask_data: str = Field(alias="bitMaskData")
    tot_size: int = Field(alias="totSize")
    created_at: int = Field(alias="createdAt", description="milliseconds")
    last_modified_at: int | None = Field(None, alias="lastModifiedAt", description="milliseconds")
    changes: list[Answer] | None = None
    run_id: str | None = Field(None, alias="runId")


def tag_data(tag: Tag, tot_size: int) -> Answer:
    """`tot_size`: how many samples the dataset has (samples.queries.count_of)."""
    data: Answer = {
        "id": tag.pk,
        "datasetId": tag.dataset_id,
        "prevTagId": tag.previous_id,
        "name": tag.name,
        "bitMaskData": masks.to_hex(tag.bits),
        "totSize": tot_size,
        "createdAt": milliseconds(tag.created_at),
        "lastModifiedAt": milliseconds(tag.modified_at),
    }
    more = {
        "queryTagId": tag.query_tag_id,
        "preselectedTagId": tag.preselected_tag_id,
        "runId": tag.run_id,
        "changes": tag.changes,
    }
    return data | {key: value for key, value in more.items() if value}


class MaskData(Body):
    bit_mask_data: str = Field(alias="bitMaskData")


class ArithmeticsData(Body):
    """An id if a tag was created, else the mask."""

    id: str | None = None
    bit_mask_data: str | None = Field(None, alias="bitMaskData")


class Page(Parameters):
    """`pageOffset` counts rows. Without `pageSize` all are sent."""

    page_size: int | None = Field(None, ge=1, le=100_000_000, alias="pageSize")
    page_offset: int = Field(0, ge=0, le=10**12, alias="pageOffset")

    def of(self, count: int) -> range:
        """Which of so many rows."""
        end = count if self.page_size is None else min(count, self.page_offset + self.page_size)
        return range(min(self.page_offset, end), end)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _at_least_0(value: object) -> bool:
    return _is_number(value) and value >= 0  # type: ignore[operator]


def _at_most(most: float) -> Callable[[object], bool]:
    return lambda value: _at_least_0(value) and value <= most  # type: ignore[operator]


def _three(each: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and len(value) == 3 and all(each(one) for one in value)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# What the client's SampleMetaData takes of each key.
_TAKEN: dict[str, Callable[[object], bool]] = {
    "custom": lambda value: isinstance(value, dict),
    "dynamic": lambda value: isinstance(value, dict),
    "sharpness": _at_least_0,
    "luminance": _at_most(100),
    "sizeInBytes": _is_size,
    "snr": _at_least_0,
    "uniformRowRatio": _at_most(1),
    "mean": _three(_at_most(1)),
    "shape": _three(_is_size),
    "std": _three(_at_least_0),
    "sumOfSquares": _three(_at_least_0),
    "sumOfValues": _three(_at_least_0),
}


def meta_data(stored: Answer) -> Answer:
    """Keys that the client does not know, such as width and contrast, stand under `dynamic`, where it takes any."""
    known = {key: value for key, value in stored.items() if key in _TAKEN and _TAKEN[key](value)}
    others = {key: value for key, value in stored.items() if key not in _TAKEN}
    return known | {"dynamic": others | known.get("dynamic", {})} if others else known


def sample_data(sample: Sample) -> Answer:
    """The client's SampleData."""
    data: Answer = {
        "id": sample.pk,
        "type": sample.type,
        "datasetId": sample.dataset_id,
        "fileName": sample.file_name,
        "index": sample.position,
        "createdAt": milliseconds(sample.created_at),
        "lastModifiedAt": milliseconds(sample.modified_at),
        "metaData": meta_data(sample.meta_data),
    }
    more = {
        "thumbName": sample.thumb_name,
        "exif": sample.exif,
        "customMetaData": sample.custom_meta_data,
        "videoFrameData": sample.video_frame_data,
    }
    return data | {key: value for key, value in more.items() if value}


class SampleData(Body):
    id: str
    type: str
    dataset_id: str | None = Field(None, alias="datasetId")
    file_name: str = Field(alias="fileName")
    thumb_name: str | None = Field(None, alias="thumbName")
    exif: Answer | None = None
    index: int | None = None
    created_at: int | None = Field(None, alias="createdAt", description="milliseconds")
    last_modified_at: int | None = Field(None, alias="lastModifiedAt", description="milliseconds")
    meta_data: Answer | None = Field(None, alias="metaData")
    custom_meta_data: Answer | None = Field(None, alias="customMetaData")
    video_frame_data: Answer | None = Field(None, alias="videoFrameData")
