"""Parameters and answers of /v1/datasets/{id}/contents: what the Contents tab shows."""

from __future__ import annotations

from enum import StrEnum

from ninja import Field, Schema
from pydantic import ConfigDict

from contents.models import FileKind
from contents.problems.words import BY_SLUG
from core.api.parameters import Parameters

MOST_FILES = 1000
MOST_NUMBER = 2**53 - 1


class Source(StrEnum):
    """Which of a dataset's datasources."""

    INPUT = "INPUT"
    LIGHTLY = "LIGHTLY"


class KindName(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    PREDICTION = "PREDICTION"
    METADATA = "METADATA"
    LIGHTLY = "LIGHTLY"
    OTHER = "OTHER"

    @property
    def kind(self) -> FileKind:
        return FileKind[self.name]


# A problem or a topic, as the addresses of pages spell them.
ProblemName = StrEnum("ProblemName", {slug.upper().replace("-", "_"): slug for slug in BY_SLUG})  # type: ignore[misc]

_TEXT = r"^[^\x00]*$"


class Which(Parameters):
    datasource: Source = Field(Source.INPUT, description="whose contents")


class WhichFiles(Which):
    kind: KindName | None = Field(None, description="only files of this kind")
    problem: ProblemName | None = Field(None, description="only files with it; also new, changed, gone")
    prefix: str = Field("", max_length=1024, pattern=_TEXT, description="how names begin")
    contains: str = Field("", max_length=200, pattern=_TEXT, description="a part of the name, in whatever case")
    min_bytes: int | None = Field(None, alias="minBytes", ge=0, le=MOST_NUMBER, description="images and videos alone")
    max_bytes: int | None = Field(None, alias="maxBytes", ge=0, le=MOST_NUMBER, description="images and videos alone")
    modified_from: int | None = Field(
        None, alias="modifiedFrom", ge=0, le=MOST_NUMBER, description="Unix seconds, included; images and videos alone"
    )
    modified_to: int | None = Field(
        None, alias="modifiedTo", ge=0, le=MOST_NUMBER, description="Unix seconds, included; images and videos alone"
    )
    task: str = Field(
        "",
        max_length=200,
        pattern=_TEXT,
        description="with a `category` of this task, as far as checked",
    )
    category: int | None = Field(None, ge=0, le=MOST_NUMBER, description="its id in the schema of the task")
    metadata_path: str = Field(
        "",
        alias="metadataPath",
        max_length=200,
        pattern=_TEXT,
        description="with `metadataValue`, as far as checked",
    )
    metadata_value: str = Field("", alias="metadataValue", max_length=200, pattern=_TEXT)
    after: str = Field("", max_length=2048, pattern=_TEXT, description="`next` of the page before")
    limit: int = Field(100, ge=1, le=MOST_FILES)


class PictureSize(StrEnum):
    """Longest sides of 320 and 1,600 pixels."""

    THUMBNAIL = "thumbnail"
    PREVIEW = "preview"


class WhichPicture(Which):
    file_name: str = Field(alias="fileName", min_length=1, max_length=2048, pattern=_TEXT)
    size: PictureSize = Field(PictureSize.THUMBNAIL, description="a longest side of 320 or 1,600 pixels")


class Answered(Schema):
    """Fields have the names of Python here, and those of the API in answers."""

    model_config = ConfigDict(populate_by_name=True)


class IndexData(Answered):
    path: str
    completed_at: int = Field(alias="completedAt", description="Unix milliseconds")
    files: int
    bytes: int
    share_listed: float = Field(alias="shareListed", description="of the names that there are; always 1")
    share_read: float = Field(alias="shareRead", description="of the images and videos, how many were opened")
    is_of_this_place: bool = Field(alias="isOfThisPlace", description="false: the datasource leads elsewhere by now")


class JobData(Answered):
    id: str
    state: str = Field(description="QUEUED, RUNNING, CANCELLING, CANCELLED, DONE or FAILED")
    found: int
    percent: int | None = Field(description="null while nobody can know")
    message: str
    error: str


class StateData(Answered):
    datasource: Source
    index: IndexData | None
    job: JobData | None = Field(description="the newest")


class StartedData(Answered):
    id: str = Field(description="of the job")
    is_new: bool = Field(alias="isNew", description="false: one was under way already")


class Count(Answered):
    label: str
    files: int
    bytes: int


class OverviewData(Answered):
    index: IndexData
    kinds: list[Count]
    extensions: list[Count] = Field(description="an empty label stands for all others, here and below")
    folders: list[Count] = Field(description="top folders, with their slash; / is the root")
    sizes: list[Count] = Field(description="labels are upper ends in bytes, excluded; an empty one has no end")
    months: list[Count]
    storage_classes: list[Count] = Field(alias="storageClasses", description="but for the usual one")
    unsupported: list[Count]
    oldest: int | None = Field(description="Unix seconds")
    newest: int | None = Field(description="Unix seconds")
    unprocessed: int = Field(description="images and videos after processedUntilTimestamp")


class ProblemData(Answered):
    problem: str
    title: str
    severity: str = Field(description="error, warning or hint; empty for new, changed and gone files")
    files: int
    bytes: int
    why: str
    fix: str
    looked_at: int = Field(alias="lookedAt", description="in so many files it was looked for")
    share: float = Field(description="of the files that may have it")


class ProblemsData(Answered):
    index: IndexData
    problems: list[ProblemData]
    changes: list[ProblemData]


class IndexedFileData(Answered):
    file_name: str = Field(alias="fileName")
    bytes: int
    modified: int = Field(description="Unix seconds")
    group: str = Field("", description="files with the same one belong together")
    detail: str = Field("", description="what was seen inside, as PNG or 90°")


class FilesData(Answered):
    files: list[IndexedFileData]
    next: str = Field(description="`after` of the next page; empty: there is none. Pages before may be empty.")
