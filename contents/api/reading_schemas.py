"""Parameters and answers of /v1/datasets/{id}/contents/reading: what is inside the images and videos."""

from __future__ import annotations

from enum import StrEnum

from ninja import Field

from contents.api.contents_schemas import Answered, Count, JobData, Which
from contents.models import MOST_SAMPLE_FILES


class ReadingDepth(StrEnum):
    """A sample drawn by lot from all names, always the same files; or all."""

    SAMPLE = "SAMPLE"
    ALL = "ALL"


class WhatToRead(Which):
    depth: ReadingDepth = Field(ReadingDepth.SAMPLE)
    files: int | None = Field(
        None, ge=1, le=MOST_SAMPLE_FILES, description="of a sample; without it, as many as the team has chosen"
    )


class CostData(Answered):
    files: int
    requests: int = Field(description="about")
    bytes: int = Field(description="at most")


class UnreadData(Answered):
    reason: str = Field(description="HEADER (only that was read), MISSING, CHANGED, DENIED or ARCHIVED")
    files: int


class ReadingData(Answered):
    opened: int = Field(description="so many images and videos were opened")
    all: int = Field(description="of so many that there are")
    share: float
    left: CostData = Field(description="what opening all others would take")
    unread: list[UnreadData]
    widths: list[Count] = Field(description="labels are upper ends in pixels, excluded; an empty one has no end")
    heights: list[Count]
    resolutions: list[Count] = Field(description="an empty label stands for all others, here and below")
    formats: list[Count]
    modes: list[Count] = Field(description="of images")
    codecs: list[Count] = Field(description="of videos, here and below")
    durations: list[Count] = Field(description="labels are upper ends in seconds, excluded; an empty one has no end")
    rates: list[Count] = Field(description="frames a second")
    seconds: float = Field(description="all videos together")
    frames: int
    job: JobData | None = Field(description="the newest")


class PausedData(Answered):
    is_paused: bool = Field(alias="isPaused", description="false: nothing was under way")
