"""Parameters and answers of the listing API, as the official client spells them."""

from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from contents.api.errors import malformed
from core.api.parameters import Flag, Parameters

# Until year 9999: what fits into every database.
LATEST = 253_402_300_799


class ListingParameters(Parameters):
    """What is wrong here gets 422: the client takes 400 for a passing problem and tries for half a minute."""

    @model_validator(mode="wrap")
    @classmethod
    def _answer_422(cls, values: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        try:
            return handler(values)
        except ValidationError as error:
            problems = (f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors() if problem["loc"])
            raise malformed("; ".join(problems)) from None


class ListingWindow(ListingParameters):
    start: int | None = Field(None, alias="from", ge=0, le=LATEST, description="Unix seconds, included")
    end: int | None = Field(None, alias="to", ge=0, le=LATEST, description="Unix seconds, included")
    relevant_filenames_file_name: str = Field(
        "",
        alias="relevantFilenamesFileName",
        description="of a relevant filenames file, relative to the Lightly datasource",
    )
    relevant_filenames_run_id: str = Field("", alias="relevantFilenamesRunId")
    relevant_filenames_artifact_id: str = Field("", alias="relevantFilenamesArtifactId")
    task_name: str = Field("", alias="taskName", description="for predictions")


class PageParameters(ListingWindow):
    cursor: str = Field("", description="from the page before; brings its own window and relevant filenames along")
    use_redirected_read_url: Flag = Field(
        None,
        alias="useRedirectedReadUrl",
        description="URLs of this server that do not end; always so for S3DelegatedAccess, and for GCS"
        " after 10,000 files. The header `Lightly-Read-Urls` of the answer says `direct` or `redirected`",
    )


class ShardsParameters(ListingWindow):
    dnc_shards: int = Field(alias="dncShards", ge=1, le=1_000_000)


class FileParameters(ListingParameters):
    file_name: str = Field(alias="fileName", min_length=1, max_length=1024, pattern=r"^[^\x00]*$")


class FileData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    file_name: str = Field(alias="fileName")
    read_url: str = Field(alias="readUrl")


class PageData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    has_more: bool = Field(alias="hasMore")
    cursor: str
    data: list[FileData]


class CursorsData(Schema):
    cursors: list[str] = Field(min_length=1)


class ProcessedUntil(Schema):
    model_config = ConfigDict(populate_by_name=True)

    processed_until_timestamp: int = Field(alias="processedUntilTimestamp", ge=0, le=LATEST)


class RedirectParameters(ListingParameters):
    path: str = Field(min_length=1, max_length=1024, pattern=r"^[^\x00]*$")
    public_token: str = Field(alias="publicToken", min_length=1)
