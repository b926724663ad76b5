"""Parameters and answers about what is written into the Lightly datasource: thumbnails and frames."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from contents.api.contents_schemas import Answered, JobData
from contents.frames.numbers import MOST_NUMBER
from contents.outputs.forms import MOST_VIDEOS
from core.api.parameters import Parameters

LONGEST_NAME = 2048
_TEXT = r"^[^\x00]*$"


class FailedData(Answered):
    reason: str
    words: str
    files: int
    examples: list[str] = Field(description="some of their names")


class WrittenData(Answered):
    """What the newest job has come to."""

    written: int
    fresh: int = Field(description="there already, and made of the files as they are now")
    failed: list[FailedData]
    bytes_written: int = Field(alias="bytesWritten")
    job: JobData


class CostOfWriting(Answered):
    files: int
    requests: int = Field(description="at most, of reading; each file that is written takes two more")
    bytes: int = Field(description="at most")


class ThumbnailsData(Answered):
    hindrance: str = Field(description="why nothing can be written now, as a sentence; empty if it can")
    thumb_suffix: str | None = Field(alias="thumbSuffix")
    cost: CostOfWriting | None = Field(description="of writing all of them")
    newest: WrittenData | None


class FramesStateData(Answered):
    hindrance: str = Field(description="why nothing can be written now, as a sentence; empty if it can")
    videos: int = Field(description="in the last listing")
    written: int = Field(description="frames in the list")
    newest: WrittenData | None


class WhichFrames(Schema):
    """Either `every` or `numbers`."""

    model_config = ConfigDict(populate_by_name=True)

    every: int | None = Field(None, ge=1, le=MOST_NUMBER, description="every n-th frame, from 0 on")
    numbers: str = Field("", max_length=100_000, description="counted from 0, with ranges: 0, 25, 100-200")
    videos: list[Annotated[str, Field(max_length=LONGEST_NAME)]] = Field(
        default_factory=list, max_length=MOST_VIDEOS, description="names; none: all videos"
    )
    format: Literal["png", "jpg"] = "png"


class WhichWrittenFrames(Parameters):
    prefix: str = Field("", max_length=1024, pattern=_TEXT, description="how names begin")
    after: str = Field("", max_length=2048, pattern=_TEXT, description="`next` of the page before")
    limit: int = Field(100, ge=1, le=1000)


class FrameData(Answered):
    frame_name: str = Field(alias="frameName", description="as predictions and relevant filenames spell it")
    key: str = Field(description="relative to the Lightly datasource")
    prediction: str = Field(description="the name of its file in the folder of a task")
    video: str
    number: int
    frames: int = Field(description="of the video")
    width: int
    height: int
    bytes: int


class FramesData(Answered):
    frames: list[FrameData]
    next: str = Field(description="`after` of the next page; empty: there is none")


class CancelledData(Answered):
    is_cancelled: bool = Field(alias="isCancelled", description="false: nothing was under way")


class ReadUrlType(StrEnum):
    FULL = "full"
    THUMBNAIL = "thumbnail"


class WhichReadUrl(Parameters):
    file_name: str = Field(alias="fileName", min_length=1, max_length=1024, pattern=_TEXT)
    type: ReadUrlType = Field(ReadUrlType.FULL, description="thumbnail: of the written one, if it is fresh; else full")


class ReadUrlData(Answered):
    type: ReadUrlType = Field(description="of what the URL leads to")
    thumb_name: str | None = Field(alias="thumbName", description="relative to the Lightly datasource; null: none")
    read_url: str = Field(alias="readUrl")
