"""Parameters and answers of /v1/datasets/{id}/contents/annotations: what the Annotations page shows."""

from __future__ import annotations

from enum import StrEnum

from ninja import Field, Schema
from pydantic import ConfigDict

from contents.annotations.catalogue import RULES
from contents.annotations.rules import Severity
from core.api.parameters import Parameters

MOST_FINDINGS = 1000
MOST_NUMBER = 2**31 - 1
# A rule by its name, as docs/annotations.md lists them.
RuleName = StrEnum("RuleName", {rule.upper().replace("-", "_"): rule for rule in RULES})  # type: ignore[misc]


class ReadingName(StrEnum):
    """How many files are opened: about 1,000 of each task and of the metadata, or all of them."""

    SAMPLE = "SAMPLE"
    ALL = "ALL"


class HowToCheck(Parameters):
    reading: ReadingName = Field(ReadingName.SAMPLE, description="how many files are opened")


class WhichFindings(Parameters):
    severity: Severity | None = Field(None, description="only findings of this severity")
    rule: RuleName | None = Field(None, description="only findings of this rule")
    task: str = Field(
        "", max_length=200, pattern=r"^[^\x00]*$", description="only findings of this task; (metadata): of the metadata"
    )
    after: int = Field(0, ge=0, le=MOST_NUMBER, description="`next` of the page before")
    limit: int = Field(100, ge=1, le=MOST_FINDINGS)


class _Answer(Schema):
    model_config = ConfigDict(populate_by_name=True)


class CheckStartedData(_Answer):
    id: str = Field(description="of the job")
    is_new: bool = Field(alias="isNew", description="false: one was under way already")
    is_listing: bool = Field(alias="isListing", description="the job lists names first; the check begins after it")


class RuleData(_Answer):
    rule: str
    severity: str = Field(description="error, warning or hint")
    title: str
    count: int
    listed: int = Field(description="so many of them are in the list of findings")


class CategoryData(_Answer):
    id: int
    name: str
    objects: int


class ScoresData(_Answer):
    low: float = Field(alias="from")
    high: float = Field(alias="to")
    objects: int


class TaskData(_Answer):
    name: str
    type: str = Field(description="as in schema.json; empty where there is none that we know")
    files: int
    read: int
    with_errors: int = Field(alias="withErrors")
    empty: int = Field(description="files that were read and have no predictions")
    objects: int = Field(description="predictions in the files that were read")
    samples: int = Field(description="images or videos of the Input datasource")
    samples_without_file: int = Field(alias="samplesWithoutFile")
    files_without_sample: int = Field(alias="filesWithoutSample")
    categories: list[CategoryData] = Field(description="the most frequent ones, up to 200")
    scores: list[ScoresData]


class BinData(_Answer):
    low: float = Field(alias="from")
    high: float = Field(alias="to")
    files: int


class ValueData(_Answer):
    value: str
    files: int


class PathData(_Answer):
    path: str
    name: str
    type: str
    default: str
    present: int
    missing: int
    wrong: int = Field(description="values of another type")
    least: float | None
    greatest: float | None
    histogram: list[BinData] = Field(description="of numbers")
    top: list[ValueData] = Field(description="the most frequent categories")
    others: int = Field(description="files with other categories")


class MetadataData(_Answer):
    files: int
    read: int
    with_errors: int = Field(alias="withErrors")
    samples: int
    samples_without_file: int = Field(alias="samplesWithoutFile", description="the default values apply to them")
    files_without_sample: int = Field(alias="filesWithoutSample")
    paths: list[PathData]


class ReportData(_Answer):
    completed_at: int = Field(alias="completedAt", description="Unix milliseconds")
    reading: ReadingName
    input_listed_at: int = Field(alias="inputListedAt", description="Unix milliseconds, of the names it rests on")
    lightly_listed_at: int = Field(alias="lightlyListedAt")
    is_outdated: bool = Field(alias="isOutdated", description="a datasource was listed again since")
    files: int = Field(description="annotation files, by their names")
    read: int
    share_read: float = Field(alias="shareRead", description="from 0 to 1")
    errors: int
    warnings: int
    hints: int
    sized: int = Field(description="images whose size boxes and masks were compared with")
    rules: list[RuleData]
    tasks: list[TaskData]
    metadata: MetadataData | None


class CheckJobData(_Answer):
    id: str
    state: str = Field(description="QUEUED, RUNNING, CANCELLING, CANCELLED, DONE or FAILED")
    percent: int | None = Field(description="null while nobody can know")
    message: str
    error: str


class AnnotationsData(_Answer):
    report: ReportData | None
    job: CheckJobData | None = Field(description="the newest")
    refusal: str = Field(description="why no check can begin now; empty: one can")


class FindingData(_Answer):
    number: int
    severity: str
    rule: str
    task: str = Field(description="(metadata): of the metadata; empty: of no task")
    path: str = Field(description="in the Lightly datasource; of missing files that of the image or video in Input")
    pointer: str = Field(description="JSON pointer")
    line: int = Field(description="from 1 on; 0: of no line")
    column: int
    found: str
    expected: str
    fix: str


class FindingsData(_Answer):
    findings: list[FindingData]
    next: int = Field(description="`after` of the next page; 0: there is none")
