"""The samples of a tag, some after the other, in the formats of annotation tools.

Sources: https://docs.lightly.ai/docs/filenames-and-readurls, https://labelstud.io/guide/tasks,
https://docs.labelbox.com/reference/image, and the models of the official client, which refuses other keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from samples import masks, queries
from samples.exports.places import Places, ReadUrls
from samples.models import Sample, SampleType, Tag

Row = dict[str, Any]
DescribeSample = Callable[[Sample], Row]


class NameFormat(StrEnum):
    """How a sample's file is written."""

    NAME = "NAME"
    DATASOURCE_FULL = "DATASOURCE_FULL"
    REDIRECTED_READ_URL = "REDIRECTED_READ_URL"


class Chosen(NamedTuple):
    """A sample, and how its file is written where the format wants a URL. `about`: the client's SampleData."""

    position: int
    kind: str
    name: str
    url: str
    about: Row | None


WriteFile = Callable[[str, str], str]
"""From a sample's type and name to how its file is written."""


def just_name(kind: str, name: str) -> str:
    return name


def writer(name_format: NameFormat, places: Places, urls: ReadUrls) -> WriteFile:
    """How files are written in an export."""
    if name_format is NameFormat.NAME:
        return just_name
    if name_format is NameFormat.DATASOURCE_FULL:
        return places.url_in_storage
    return lambda kind, name: urls(*places.of(kind, name))


def positions_of(tag: Tag, which: Callable[[int], range]) -> Sequence[int]:
    """Of some of the tag's samples. `which` says of how many there are the rows that are wanted."""
    positions = masks.positions_in(tag.bits)
    rows = which(len(positions))
    return positions[rows.start : rows.stop]


def lines(tag: Tag, positions: Sequence[int], write: WriteFile) -> Iterator[str]:
    """One for each sample."""
    for kind, name in queries.values_at(tag.dataset_id, positions, "type", "file_name"):
        yield write(kind, name)


def chosen(tag: Tag, positions: Sequence[int], write: WriteFile, describe: DescribeSample | None) -> Iterator[Chosen]:
    """`describe`: where what is known of each sample is wanted too."""
    if describe is None:
        for position, kind, name in queries.values_at(tag.dataset_id, positions, "position", "type", "file_name"):
            yield Chosen(position, kind, name, write(kind, name), None)
        return
    for sample in queries.samples_at(tag.dataset_id, positions):
        url = write(sample.type, sample.file_name)
        yield Chosen(sample.position, sample.type, sample.file_name, url, describe(sample))


def label_studio(one: Chosen) -> Row:
    data: Row = {"image": one.url, "lightlyFileName": one.name}
    return {"id": one.position, "data": data | ({"lightlyMetaInfo": one.about} if one.about else {})}


def labelbox(one: Chosen) -> Row:
    """For Labelbox before 2022."""
    return {"externalId": one.name, "imageUrl": one.url}


def labelbox_v4(one: Chosen) -> Row:
    return {"row_data": one.url, "global_key": one.name, "media_type": "IMAGE"}


def sama(one: Chosen) -> Row:
    data: Row = {"id": one.position, "url": one.url, "image": one.url, "lightlyFileName": one.name}
    return {"data": data | ({"lightlyMetaInfo": json.dumps(one.about)} if one.about else {})}


def name_and_url(one: Chosen) -> Row:
    return {"fileName": one.name, "readUrl": one.url}


CSV_HEADER = ("file_name", "type", "index", "source_video", "frame_index", "run", "sharpness", "luminance", "bytes")


def csv_rows(tag: Tag, positions: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """With CSV_HEADER: what people sort by in a spreadsheet."""
    fields = ("file_name", "type", "position", "video_frame_data", "run_id", "meta_data")
    for name, kind, position, frame, run, meta in queries.values_at(tag.dataset_id, positions, *fields):
        video = frame or {} if kind == SampleType.VIDEO_FRAME else {}
        yield (
            name,
            kind,
            position,
            video.get("sourceVideo", ""),
            video.get("sourceVideoFrameIndex", ""),
            run,
            meta.get("sharpness", ""),
            meta.get("luminance", ""),
            meta.get("sizeInBytes", ""),
        )
