"""Bodies and answers of /v1/datasets/{id}/contents/relevantFilenames."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema

from contents.api.contents_schemas import Answered, JobData
from contents.relevant_tests.services import LONGEST_NAME, MOST_PASTED_BYTES

_TEXT = r"^[^\x00]*$"


class TestedIn(Schema):
    """One of the two."""

    path: str = Field("", max_length=LONGEST_NAME, pattern=_TEXT, description="of a file below .lightly/ in Lightly")
    text: str = Field("", max_length=MOST_PASTED_BYTES, pattern=_TEXT, description="its lines")


class SavedIn(Schema):
    name: str = Field(min_length=1, max_length=LONGEST_NAME, pattern=_TEXT, description="below .lightly/; a new one")


class NoteData(Answered):
    rule: str = Field(description="as docs/annotations.md lists them")
    severity: str = Field(description="error, warning or hint")
    line: int = Field(description="0: the whole file")
    expected: str
    fix: str


class LineData(Answered):
    number: int
    text: str = Field(description="shortened")
    kind: str = Field(description="file, beginning (of names) or wrong")
    matches: int = Field(description="so many files have such a name")
    new: int = Field(description="so many of these no line before has matched")


class FolderData(Answered):
    folder: str
    files: int
    relevant: int


class OutcomeData(Answered):
    files: int = Field(description="images or videos in the index of the Input")
    relevant: int
    lines: list[LineData] = Field(description="the first 500")
    lines_count: int = Field(alias="linesCount")
    notes: list[NoteData]
    folders: list[FolderData] = Field(description="the 200 with the most files")
    is_corrected: bool = Field(alias="isCorrected", description="…/corrected gives a better file")


class TestData(Answered):
    path: str = Field(description="empty: of a text that was sent")
    job: JobData | None
    writing: JobData | None = Field(description="writes the corrected file, or has written it")
    outcome: OutcomeData | None = Field(description="null until the job is done")


def outcome_data(stored: dict[str, Any]) -> dict[str, Any]:
    """`stored` is what contents.relevant_tests.testing keeps."""
    of_lines = [note | {"line": line["number"]} for line in stored["lines"] for note in line["notes"]]
    return {
        **{key: stored[key] for key in ("files", "relevant", "lines", "folders")},
        "linesCount": stored["lines_count"],
        "notes": sorted([*stored["findings"], *of_lines], key=lambda note: note["line"]),
        "isCorrected": stored["changed"],
    }
